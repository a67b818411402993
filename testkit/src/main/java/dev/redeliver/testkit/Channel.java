package dev.redeliver.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one connection, plain or encrypted. Read by one thread; other threads may write,
 * {@link #finish}, {@link #reset} and {@link #abort}.
 */
final class Channel {
  /** Longer than any command or token; a client that sends more is not speaking SMTP. */
  private static final int MAX_LINE = 64 * 1024;

  private static final int LINGER_MILLIS = 10_000;

  private final Socket plain;
  private final byte[] buffer = new byte[32 * 1024];
  private InputStream in = InputStream.nullInputStream();
  private volatile OutputStream out = OutputStream.nullOutputStream();
  private volatile @Nullable SSLSocket tls;
  private int position;
  private int limit;
  private volatile boolean open = true;

  Channel(Socket plain) {
    this.plain = plain;
  }

  /** To be called before anything is read or written. */
  void begin() throws IOException {
    plain.setTcpNoDelay(true);
    in = plain.getInputStream();
    out = plain.getOutputStream();
  }

  boolean isOpen() {
    return open;
  }

  boolean isEncrypted() {
    return tls != null;
  }

  /** {@return the next byte, or -1 at the end of the stream} */
  int read() throws IOException {
    if (position == limit) {
      limit = in.read(buffer, 0, buffer.length);
      position = 0;
      if (limit <= 0) {
        limit = 0;
        return -1;
      }
    }
    return buffer[position++] & 0xff;
  }

  /** {@return the next line without its end, or null at the end of the stream} */
  @Nullable String readLine() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int c = read(); c != '\n'; c = read()) {
      if (c < 0) {
        return null;
      }
      if (line.size() == MAX_LINE) {
        throw new IOException("line longer than " + MAX_LINE + " bytes");
      }
      line.write(c);
    }
    String text = line.toString(UTF_8);
    return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
  }

  void write(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
  }

  /** Encrypts; what was received in clear text and not read yet is thrown away. */
  void startTls(SSLContext context) throws IOException {
    SSLSocket socket =
        (SSLSocket)
            context.getSocketFactory().createSocket(plain, "localhost", plain.getPort(), true);
    socket.setUseClientMode(false);
    socket.startHandshake();
    tls = socket;
    in = socket.getInputStream();
    out = socket.getOutputStream();
    position = 0;
    limit = 0;
  }

  /** Sends a FIN. {@link #drain} is to follow. */
  void finish() throws IOException {
    open = false;
    SSLSocket encrypted = tls;
    if (encrypted != null) {
      encrypted.shutdownOutput();
    }
    if (!plain.isClosed() && !plain.isOutputShutdown()) {
      plain.shutdownOutput();
    }
  }

  /** Reads and forgets what comes, until the client goes away. */
  void drain() throws IOException {
    InputStream rest = plain.getInputStream();
    int count = 0;
    while (count >= 0) {
      count = rest.read(buffer, 0, buffer.length);
    }
  }

  /** Like {@link #drain}, but lets go of a client that keeps silent. */
  void linger() throws IOException {
    plain.setSoTimeout(LINGER_MILLIS);
    drain();
  }

  /** Sends a RST. */
  void reset() throws IOException {
    open = false;
    plain.setSoLinger(true, 0);
    plain.close();
  }

  void markClosed() {
    open = false;
  }

  /** Closes at once; safe from any thread. */
  void abort() throws IOException {
    plain.close();
  }
}
