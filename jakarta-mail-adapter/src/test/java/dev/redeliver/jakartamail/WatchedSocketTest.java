package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.testkit.ScriptedSmtpServer;
import jakarta.mail.Session;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.SocketFactory;
import org.junit.jupiter.api.Test;

/** Writing to a server that does not read ends, where the application set no timeout of its own. */
class WatchedSocketTest {
  private static final int LIMIT_MILLIS = 300_000;

  @Test
  void write_stuckForTooLong_endsWithATimeout() throws Exception {
    AtomicReference<IOException> thrown = new AtomicReference<>();
    try (ServerSocket deaf = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        WatchedSocket socket = new WatchedSocket(LIMIT_MILLIS)) {
      socket.connect(deaf.getLocalSocketAddress());
      OutputStream out = socket.getOutputStream();
      Thread writer =
          new Thread(
              () -> {
                try {
                  while (true) {
                    out.write(new byte[1 << 20]);
                  }
                } catch (IOException e) {
                  thrown.set(e);
                }
              });
      writer.start();
      long later = TimeUnit.MILLISECONDS.toNanos(LIMIT_MILLIS + 1);
      while (writer.isAlive()) {
        socket.look(System.nanoTime() + later);
        writer.join(1);
      }
    }
    assertThat(thrown.get())
        .isInstanceOf(SocketTimeoutException.class)
        .hasMessage("Write timed out");
  }

  @Test
  void idle_isLeftAlone() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        WatchedSocket socket = new WatchedSocket(LIMIT_MILLIS)) {
      socket.connect(server.getLocalSocketAddress());
      socket.getOutputStream().write(new byte[10]);
      socket.look(Long.MAX_VALUE);

      assertThat(socket.isClosed()).isFalse();
    }
  }

  /** Where the application opens the sockets or names a timeout, the library sees to it. */
  @Test
  void lentSession_watchesItsOwnSocketsOnly() throws Exception {
    try (ScriptedSmtpServer server = ScriptedSmtpServer.open()) {
      assertThat(lent(TransportKind.properties(server)).getProperty("mail.smtp.writetimeout"))
          .isNull();

      Properties named = TransportKind.properties(server);
      named.setProperty("mail.smtp.writetimeout", "1234");
      assertThat(lent(named).getProperty("mail.smtp.writetimeout")).isEqualTo("1234");
      assertThat(opened(named)).isExactlyInstanceOf(Socket.class);

      Properties own = TransportKind.properties(server);
      own.put("mail.smtp.socketFactory", SocketFactory.getDefault());
      assertThat(lent(own).getProperty("mail.smtp.writetimeout")).isEqualTo("300000");
      assertThat(opened(TransportKind.properties(server))).isInstanceOf(WatchedSocket.class);
    }
  }

  private static Session lent(Properties properties) throws Exception {
    return LentSessions.of(Session.getInstance(properties), "smtp", true);
  }

  private static Socket opened(Properties properties) throws Exception {
    Object factory =
        Objects.requireNonNull(lent(properties).getProperties().get("mail.smtp.socketFactory"));
    try (Socket socket = ((SocketFactory) factory).createSocket()) {
      return socket;
    }
  }
}
