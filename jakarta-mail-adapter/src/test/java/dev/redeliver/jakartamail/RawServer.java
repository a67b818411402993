package dev.redeliver.jakartamail;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;

/** A server that is as strange as a test needs: it says what the test's own code says. */
final class RawServer implements Closeable {
  /** One connection in the hands of a test. */
  static final class Line {
    private final InputStream in;
    private final OutputStream out;

    Line(Socket socket) throws IOException {
      socket.setTcpNoDelay(true);
      in = new BufferedInputStream(socket.getInputStream(), 1 << 20);
      out = socket.getOutputStream();
    }

    /** {@return the next line without its end; empty at the end of the stream} */
    String read() throws IOException {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
        line.write(c);
      }
      return line.toString(ISO_8859_1).stripTrailing();
    }

    /** {@return that many octets} */
    String read(int octets) throws IOException {
      return new String(in.readNBytes(octets), ISO_8859_1);
    }

    void say(String... lines) throws IOException {
      out.write((String.join("\r\n", lines) + "\r\n").getBytes(ISO_8859_1));
      out.flush();
    }

    /** {@return whether the client has said more already} */
    boolean hasMore() throws IOException {
      return in.available() > 0;
    }

    /** Forgets what the client has said already. */
    void lose() throws IOException {
      in.skipNBytes(in.available());
    }

    /** Greets, and offers extensions. */
    void greet(String... extensions) throws IOException {
      say("220 localhost ESMTP");
      read();
      List<String> lines = new ArrayList<>(List.of("localhost"));
      lines.addAll(List.of(extensions));
      for (int i = 0; i < lines.size(); i++) {
        lines.set(i, (i < lines.size() - 1 ? "250-" : "250 ") + lines.get(i));
      }
      say(lines.toArray(String[]::new));
    }

    /** {@return the content up to its final dot} */
    String content() throws IOException {
      StringBuilder content = new StringBuilder();
      for (String line = read(); !line.equals("."); line = read()) {
        content.append(line).append('\n');
      }
      return content.toString();
    }
  }

  /** What the server does on a connection. */
  @FunctionalInterface
  interface Talk {
    /** Talks, from connection number 1 on. */
    void run(Line line, int connection) throws IOException;
  }

  private final ServerSocket listener;
  private final List<Socket> sockets = Collections.synchronizedList(new ArrayList<>());

  RawServer(Talk talk) {
    try {
      listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread thread = new Thread(() -> accept(talk), "raw-server");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept(Talk talk) {
    for (int number = 1; !listener.isClosed(); number++) {
      int connection = number;
      try {
        Socket socket = listener.accept();
        sockets.add(socket);
        Thread thread = new Thread(() -> converse(talk, socket, connection), "raw-" + connection);
        thread.setDaemon(true);
        thread.start();
      } catch (IOException e) {
        return;
      }
    }
  }

  private static void converse(Talk talk, Socket socket, int connection) {
    try (socket) {
      talk.run(new Line(socket), connection);
    } catch (IOException e) {
      // The client went away, or the test is over.
    }
  }

  int connections() {
    return sockets.size();
  }

  /** {@return what a session needs to come here} */
  Properties properties() {
    Properties properties = new Properties();
    properties.setProperty("mail.smtp.host", listener.getInetAddress().getHostAddress());
    properties.setProperty("mail.smtp.port", Integer.toString(listener.getLocalPort()));
    properties.setProperty("mail.smtp.timeout", "2000");
    properties.setProperty("mail.smtp.connectiontimeout", "2000");
    properties.setProperty("mail.smtp.localhost", "client.example.org");
    return properties;
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : List.copyOf(sockets)) {
      socket.close();
    }
  }
}
