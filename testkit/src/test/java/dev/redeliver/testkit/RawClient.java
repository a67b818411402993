package dev.redeliver.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import javax.net.ssl.SSLSocket;

/** A client that says what it is told and nothing else. Reads give up after 10 seconds. */
final class RawClient implements AutoCloseable {
  private final Socket plain;
  private Socket socket;

  private RawClient(Socket socket) throws IOException {
    this.plain = socket;
    this.socket = socket;
    socket.setSoTimeout(10_000);
    socket.setTcpNoDelay(true);
  }

  static RawClient connect(ScriptedSmtpServer server) throws IOException {
    return new RawClient(new Socket(server.host(), server.port()));
  }

  /** Connects, reads the greeting and says EHLO. */
  static RawClient greeted(ScriptedSmtpServer server) throws IOException {
    RawClient client = connect(server);
    client.reply();
    client.say("EHLO client.example");
    return client;
  }

  /** Encrypts, checking the certificate and the host name. */
  void encrypt(String protocol) throws IOException {
    SSLSocket tls =
        (SSLSocket)
            ScriptedSmtpServer.clientSslContext()
                .getSocketFactory()
                .createSocket(plain, "localhost", plain.getPort(), true);
    var parameters = tls.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm("HTTPS");
    tls.setSSLParameters(parameters);
    tls.setEnabledProtocols(new String[] {protocol});
    tls.startHandshake();
    socket = tls;
  }

  /** {@return the reply to a command} */
  String say(String line) throws IOException {
    send(line + "\r\n");
    return reply();
  }

  void send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(UTF_8));
    socket.getOutputStream().flush();
  }

  /** Sends one message in full and returns the reply to the final dot. */
  String mail(String from, String content, String... recipients) throws IOException {
    say("MAIL FROM:<" + from + ">");
    for (String recipient : recipients) {
      say("RCPT TO:<" + recipient + ">");
    }
    say("DATA");
    send(content + "\r\n.\r\n");
    return reply();
  }

  /** {@return one reply, its lines parted by "|"; "EOF" at the end of the stream} */
  String reply() throws IOException {
    StringBuilder reply = new StringBuilder();
    String line = line();
    while (line.length() > 3 && line.charAt(3) == '-') {
      reply.append(line).append('|');
      line = line();
    }
    return reply.append(line).toString();
  }

  String line() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    InputStream in = socket.getInputStream();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0 && line.size() == 0) {
        return "EOF";
      }
      if (c < 0) {
        throw new EOFException("in the middle of a line: " + line.toString(UTF_8));
      }
      line.write(c);
    }
    return line.toString(UTF_8).stripTrailing();
  }

  int read() throws IOException {
    return socket.getInputStream().read();
  }

  @Override
  public void close() throws IOException {
    plain.close();
  }
}
