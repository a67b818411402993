package dev.redeliver.benchmarks;

import dev.redeliver.smtp.SmtpReply;
import java.util.List;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** Typical one-line replies, taken in turn; one for each thread. */
@State(Scope.Thread)
public class Replies {
  private static final List<String> RAW =
      List.of(
          "421 4.7.0 Try again later, closing connection.",
          "421 4.4.2 mail.example.org Error: timeout exceeded",
          "421 Too many concurrent SMTP connections; please try again later.",
          "450 4.2.0 <ada@example.org>: Recipient address rejected: Greylisted, see help page",
          "450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]",
          "451 4.3.0 Temporary lookup failure",
          "451 4.7.1 Service unavailable - try again in 300 seconds",
          "452 4.2.2 The recipient's inbox is out of storage space and inactive",
          "452 4.5.3 Too many recipients",
          "454 4.7.0 TLS not available due to local problem",
          "535 5.7.8 Error: authentication failed: bad password",
          "550 5.1.1 <ben@example.org>: Recipient address rejected: User unknown in virtual table",
          "550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using zen.spamhaus.org",
          "550 5.7.26 Unauthenticated email from example.org is not accepted. - gsmtp",
          "552 5.3.4 Message size exceeds fixed limit",
          "553 5.1.3 Malformed address",
          "554 5.7.1 <cleo@example.org>: Relay access denied");

  private final List<SmtpReply> parsed = RAW.stream().map(SmtpReply::parse).toList();
  private int place;

  static List<String> all() {
    return RAW;
  }

  String nextRaw() {
    return RAW.get(nextPlace());
  }

  SmtpReply next() {
    return parsed.get(nextPlace());
  }

  private int nextPlace() {
    place = place + 1 < RAW.size() ? place + 1 : 0;
    return place;
  }
}
