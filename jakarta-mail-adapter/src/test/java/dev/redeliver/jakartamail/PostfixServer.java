package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A Postfix of our own on a loopback port: it takes mail for {@code lab.test}, answers some
 * recipients with given replies, and throws away what it accepts.
 */
final class PostfixServer {
  private static final Path PROGRAM = Path.of("/usr/sbin/postfix");
  private static final Path DAEMONS = Path.of("/usr/lib/postfix/sbin");

  private final Path folder;
  private final int port;

  private PostfixServer(Path folder, int port) {
    this.folder = folder;
    this.port = port;
  }

  /** Skips the calling test where Postfix can't run; on CI that is a failure instead. */
  static PostfixServer start(Path folder, List<String> recipientReplies) throws Exception {
    boolean runnable =
        Files.isExecutable(PROGRAM)
            && Files.isDirectory(DAEMONS)
            && "root".equals(System.getProperty("user.name"));
    if ("true".equals(System.getenv("CI"))) {
      assertThat(runnable).as("CI needs Postfix in /usr/sbin, run as root").isTrue();
    }
    assumeTrue(runnable, "needs Debian's Postfix, and root to run it");
    PostfixServer server = new PostfixServer(folder, freePort());
    server.configure(recipientReplies);
    server.run("start");
    return server;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  int port() {
    return port;
  }

  private void configure(List<String> recipientReplies) throws Exception {
    for (Path open = folder; open != null && open.getNameCount() > 1; open = open.getParent()) {
      Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    for (String name : List.of("etc", "queue", "data", "log")) {
      Path made = Files.createDirectory(folder.resolve(name));
      Files.setPosixFilePermissions(made, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    Path data = folder.resolve("data");
    Files.setOwner(
        data,
        data.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("postfix"));
    Files.writeString(folder.resolve("etc/main.cf"), mainCf(recipientReplies));
    Files.writeString(folder.resolve("etc/master.cf"), masterCf());
  }

  private String mainCf(List<String> recipientReplies) {
    String replies = String.join("}, {", recipientReplies);
    return """
        compatibility_level = 3.6
        queue_directory = %1$s/queue
        data_directory = %1$s/data
        command_directory = /usr/sbin
        daemon_directory = %2$s
        maillog_file = %1$s/log/mail.log
        maillog_file_prefixes = %1$s
        inet_interfaces = 127.0.0.1
        inet_protocols = ipv4
        myhostname = mx.lab.test
        mydestination =
        mynetworks = 127.0.0.0/8
        alias_maps =
        alias_database =
        default_transport = discard
        relay_domains = lab.test
        relay_transport = discard
        smtpd_error_sleep_time = 0
        smtpd_hard_error_limit = 1000
        smtpd_recipient_limit = 4
        smtpd_recipient_restrictions = check_recipient_access inline:{{%3$s}}
        smtpd_relay_restrictions = permit_auth_destination, reject_unauth_destination
        message_size_limit = 100000
        biff = no
        """
        .formatted(folder, DAEMONS, replies);
  }

  private String masterCf() {
    return """
        127.0.0.1:%d inet n - n - - smtpd
        cleanup unix n - n - 0 cleanup
        qmgr unix n - n 300 1 qmgr
        rewrite unix - - n - - trivial-rewrite
        bounce unix - - n - 0 bounce
        defer unix - - n - 0 bounce
        trace unix - - n - 0 bounce
        discard unix - - n - - discard
        error unix - - n - - error
        retry unix - - n - - error
        proxymap unix - - n - - proxymap
        anvil unix - - n - 1 anvil
        postlog unix-dgram n - n - 1 postlogd
        """
        .formatted(port);
  }

  private void run(String command) throws Exception {
    Process process =
        new ProcessBuilder(PROGRAM.toString(), "-c", folder.resolve("etc").toString(), command)
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
  }

  void stop() throws Exception {
    run("abort");
  }
}
