package dev.redeliver.jakartamail;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Writes what Postfix, postgrey and Dovecot need to run in a folder of their own. */
final class PostfixFiles {
  static final Path POSTFIX_DAEMONS = Path.of("/usr/lib/postfix/sbin");

  static final String USER = "alice@lab.test";
  static final String PASSWORD = "open-sesame-42";

  /** Seconds; the least that postgrey can tell from nothing. */
  private static final int GREYLISTING = 1;

  /** Whom Debian reserves the number for: nobody. */
  private static final int NOBODY = 65534;

  private static final String KEY_STORE_PASSWORD = "changeit";

  private static final String DOVECOT_2_3 =
      """
      mail_location = maildir:FOLDER/mail/%d/%n
      mail_plugins = quota
      plugin {
        quota = count:User quota
        quota_vsizes = yes
        quota_grace = 0
        quota_status_success = DUNNO
        quota_status_nouser = DUNNO
      }
      passdb {
        driver = passwd-file
        args = FOLDER/etc/users
      }
      userdb {
        driver = passwd-file
        args = FOLDER/etc/users
      }
      """;

  private static final String DOVECOT_2_4 =
      """
      dovecot_config_version = 2.4.0
      dovecot_storage_version = 2.4.0
      mail_driver = maildir
      mail_path = FOLDER/mail/%{user | domain}/%{user | username}
      mail_plugins = quota
      quota "User quota" {
        storage_grace = 0
      }
      quota_status_success = DUNNO
      quota_status_nouser = DUNNO
      passdb passwd-file {
        passwd_file_path = FOLDER/etc/users
      }
      userdb passwd-file {
        passwd_file_path = FOLDER/etc/users
      }
      """;

  /** Common to both. Wrong passwords are not punished by making the next client wait. */
  private static final String DOVECOT =
      """
      base_dir = FOLDER/dovecot
      log_path = /dev/stderr
      protocols =
      listen = 127.0.0.1
      ssl = no
      auth_mechanisms = plain login
      auth_failure_delay = 0
      service auth {
        unix_listener auth {
          mode = 0666
        }
      }
      service quota-status {
        executable = quota-status -p postfix
        unix_listener FOLDER/sockets/quota {
          mode = 0666
        }
        client_limit = 1
      }
      service anvil {
        unix_listener anvil-auth-penalty {
          mode = 0
        }
      }
      """;

  private final Path folder;

  PostfixFiles(Path folder) {
    this.folder = folder;
  }

  Path configuration() {
    return folder.resolve("etc");
  }

  Path queue() {
    return folder.resolve("queue");
  }

  Path mail() {
    return folder.resolve("mail");
  }

  Path script() {
    return folder.resolve("run.sh");
  }

  /** {@return the server's certificate, which nobody trusts who was not told to} */
  Certificate write(Map<PostfixPort, Integer> ports) throws Exception {
    open(folder);
    for (Path made : List.of(configuration(), queue(), folder.resolve("dovecot"))) {
      open(Files.createDirectory(made));
    }
    createOwned(mail(), "nobody");
    createOwned(folder.resolve("data"), "postfix");
    for (String name : List.of("sockets", "grey", "grey-telling")) {
      createOwned(folder.resolve(name), "postgrey");
    }
    write("etc/main.cf", mainCf());
    write("etc/master.cf", masterCf(ports));
    write("etc/mailboxes", mailboxes());
    boolean old = output("/usr/sbin/dovecot", "--version").startsWith("2.3.");
    write("etc/dovecot.conf", dovecotConf(old));
    write("etc/users", users(old));
    write("run.sh", runScript());
    return writeCertificate();
  }

  private void createOwned(Path made, String owner) throws IOException {
    open(Files.createDirectory(made));
    Files.setOwner(
        made, made.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName(owner));
  }

  private static void open(Path path) throws IOException {
    Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private void write(String name, String content) throws IOException {
    Files.writeString(folder.resolve(name), content);
  }

  private String mainCf() {
    return """
        compatibility_level = 3.6
        queue_directory = %1$s/queue
        data_directory = %1$s/data
        command_directory = /usr/sbin
        daemon_directory = %2$s
        maillog_file = /dev/stdout
        inet_interfaces = 127.0.0.1
        inet_protocols = ipv4
        myhostname = mx.lab.test
        mydestination =
        mynetworks = 127.0.0.0/8
        alias_maps =
        alias_database =
        biff = no
        default_transport = virtual
        virtual_transport = virtual
        virtual_mailbox_domains = lab.test
        virtual_mailbox_base = %1$s/mail
        virtual_mailbox_maps = texthash:%1$s/etc/mailboxes
        virtual_uid_maps = static:%3$d
        virtual_gid_maps = static:%3$d
        smtpd_relay_restrictions = permit_auth_destination, reject_unauth_destination
        smtpd_client_event_limit_exceptions =
        smtpd_error_sleep_time = 0
        smtpd_sasl_type = dovecot
        smtpd_sasl_path = %1$s/dovecot/auth
        smtpd_tls_chain_files = %1$s/etc/chain.pem
        access = check_recipient_access inline:{{full@lab.test = 452 4.2.2 mailbox full}, \
        {busy@lab.test = 450 4.2.0 greylisted, try again in 300 seconds}}
        greylisting = check_policy_service unix:%1$s/sockets/grey
        greylisting_telling = check_policy_service unix:%1$s/sockets/grey-telling
        quota = check_policy_service unix:%1$s/sockets/quota
        relay_for_users = permit_sasl_authenticated, reject
        relay_perhaps = permit_auth_destination, defer_unauth_destination
        """
        .formatted(folder, POSTFIX_DAEMONS, NOBODY);
  }

  private static String masterCf(Map<PostfixPort, Integer> ports) {
    String listeners =
        ports.entrySet().stream()
            .map(port -> listener(port.getKey(), port.getValue()))
            .collect(Collectors.joining());
    return listeners
        + """
        anvil unix - - n - 1 anvil
        bounce unix - - n - 0 bounce
        cleanup unix n - n - 0 cleanup
        defer unix - - n - 0 bounce
        error unix - - n - - error
        postlog unix-dgram n - n - 1 postlogd
        proxymap unix - - n - - proxymap
        qmgr unix n - n 300 1 qmgr
        retry unix - - n - - error
        rewrite unix - - n - - trivial-rewrite
        tlsmgr unix - - n 1000? 1 tlsmgr
        trace unix - - n - 0 bounce
        virtual unix - n n - - virtual
        """;
  }

  private static String listener(PostfixPort port, int number) {
    return "127.0.0.1:%d inet n - n - - smtpd -o syslog_name=%s%s\n"
        .formatted(number, port.logName(), port.options());
  }

  private static String mailboxes() {
    Stream<String> users = IntStream.rangeClosed(1, 10).mapToObj(number -> "user" + number);
    return Stream.concat(
            Stream.concat(Stream.of("ok", "full", "busy", "postmaster"), users)
                .map(name -> name + "@lab.test lab.test/" + name + "/\n"),
            Stream.of("guest@elsewhere.test elsewhere.test/guest/\n"))
        .collect(Collectors.joining());
  }

  private String dovecotConf(boolean old) {
    return ((old ? DOVECOT_2_3 : DOVECOT_2_4) + DOVECOT).replace("FOLDER", folder.toString());
  }

  private static String users(boolean old) {
    return """
        %1$s:{PLAIN}%2$s:%3$d:%3$d::::
        full@lab.test:{PLAIN}%2$s:%3$d:%3$d::::userdb_%4$s
        """
        .formatted(
            USER, PASSWORD, NOBODY, old ? "quota_rule=*:storage=1K" : "quota_storage_size=1K");
  }

  /** The servers live as long as somebody holds the other end of the standard input. */
  private String runScript() {
    return """
        trap : HUP INT TERM
        exec 2>&1
        greylist() {
          name=$1
          shift
          exec /usr/sbin/postgrey --unix=%1$s/sockets/$name --dbdir=%1$s/$name --delay=%2$d \\
            --user=postgrey --group=postgrey --auto-whitelist-clients=0 "$@"
        }
        greylist grey &
        servers=$!
        greylist grey-telling --greylist-text='Greylisted for %%s seconds' &
        servers="$servers $!"
        /usr/sbin/dovecot -F -c %1$s/etc/dovecot.conf &
        servers="$servers $!"
        postfix="/usr/sbin/postfix -c %1$s/etc"
        $postfix start-fg &
        starting=$!
        read -r _
        $postfix abort || { kill $starting; $postfix abort; }
        kill $servers
        wait
        """
        .formatted(folder, GREYLISTING);
  }

  private Certificate writeCertificate() throws Exception {
    Path store = folder.resolve("etc/keys.p12");
    output(
        Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
        "-genkeypair",
        "-alias",
        "mx",
        "-keyalg",
        "EC",
        "-dname",
        "CN=localhost",
        "-ext",
        "san=dns:localhost,ip:127.0.0.1",
        "-storetype",
        "PKCS12",
        "-keystore",
        store.toString(),
        "-storepass",
        KEY_STORE_PASSWORD);
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, KEY_STORE_PASSWORD.toCharArray());
    }
    Key key = Objects.requireNonNull(keys.getKey("mx", KEY_STORE_PASSWORD.toCharArray()));
    Certificate certificate = Objects.requireNonNull(keys.getCertificate("mx"));
    write(
        "etc/chain.pem",
        pem("PRIVATE KEY", key.getEncoded()) + pem("CERTIFICATE", certificate.getEncoded()));
    return certificate;
  }

  /** {@return what a command says, which must succeed} */
  static String output(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  private static String pem(String what, byte[] content) {
    return "-----BEGIN %1$s-----%n%2$s%n-----END %1$s-----%n"
        .formatted(what, Base64.getMimeEncoder().encodeToString(content));
  }
}
