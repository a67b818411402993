package dev.redeliver.jakartamail;

import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.internet.InternetHeaders;
import jakarta.mail.util.LineInputStream;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * Headers as the library reads them, but with the session's own stream provider: the library's
 * constructor looks for one in all jars on the class path, each time, which takes longer than
 * anything else about a small message.
 */
final class ParsedHeaders extends InternetHeaders {
  private ParsedHeaders() {
    // The library's placeholders for an order of its own; these headers have theirs.
    headers.clear();
  }

  /** Reads up to the first empty line, and that line. */
  static InternetHeaders of(InputStream in, @Nullable Session session) throws MessagingException {
    if (session == null) {
      return new InternetHeaders(in);
    }
    boolean utf8 = Boolean.parseBoolean(session.getProperty("mail.mime.allowutf8"));
    ParsedHeaders parsed = new ParsedHeaders();
    try {
      // Not closed: the content comes next on the same stream.
      LineInputStream lines = session.getStreamProvider().inputLineStream(in, utf8);
      String line = lines.readLine();
      while (line != null && !line.isEmpty()) {
        parsed.add(line);
        line = lines.readLine();
      }
    } catch (IOException e) {
      throw new MessagingException("Error in input stream", e);
    }
    return parsed;
  }

  /** A first line that continues nothing is taken for a header. */
  private void add(String line) {
    String header = headers.isEmpty() ? line.trim() : line;
    if (!header.isEmpty()) {
      addHeaderLine(header);
    }
  }
}
