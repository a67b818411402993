package dev.redeliver.classify;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The delays that servers name, and the many numbers that are none. */
class DelayHintTest {
  private static final Instant NOW = Instant.parse("2026-11-24T14:00:00Z");

  private static Optional<DelayHint> hint(String reply) {
    return ReplyClassifier.standard()
        .classify(SmtpStage.RCPT, SmtpReply.parse(reply.replace("\\n", "\n")))
        .delayHint();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted, try again in 300 seconds | PT5M
          451 4.7.1 <a@b.example>: Recipient address rejected: Greylisted for 5 minutes | PT5M
          450 4.7.1 Greylisted for 20 minutes, see http://greylisting.org/ | PT20M
          450 4.2.0 Greylisted, please retry in 5 minutes | PT5M
          452 4.2.2 Greylisted, please try again in 59 seconds. | PT59S
          451 4.7.1 Greylisting in action, please come back in 00:04:57 | PT4M57S
          451 4.7.1 Greylisting in effect, please come back in 1 hour and 30 minutes | PT1H30M
          451 greylisted: please try again in 4 minutes, 30 seconds | PT4M30S
          451 4.7.1 Please try again after 300s | PT5M
          421 4.7.0 wait 10 minutes | PT10M
          451 4.7.1 You are being greylisted. Wait at least 5 min before retrying | PT5M
          451 please retry after 2 hours | PT2H
          451 4.7.1 Try again in 1h30m | PT1H30M
          451 4.7.1 rate limit exceeded, retry in 5m0s | PT5M
          450 4.7.1 try again after 00:05:00 | PT5M
          450 4.7.1 Too many messages. Your IP is blocked for 24 hours | PT24H
          421 4.7.0 Your address has been temporarily suspended for 1 hour | PT1H
          421 4.7.0 Connection throttled for the next 30 minutes | PT30M
          450 4.7.1 Access limited for a period of 15 minutes due to errors | PT15M
          432 4.3.2 STOREDRV.ClientSubmit; sender thread limit exceeded; retry in 1 minutes | PT1M
          451 4.3.0 Please do not retry before 600 seconds have gone | PT10M
          451 4.3.0 Do not try again for 15 minutes | PT15M
          451 4.3.0 Don't retry for 15 minutes | PT15M
          451 4.3.0 Try again, not before 10 minutes | PT10M
          451 4.3.0 Please try your message again in about 15 minutes | PT15M
          451 4.3.0 Please send your message again in 10 minutes | PT10M
          421 4.3.2 Check back in 20 minutes | PT20M
          421 4.3.2 Please try again in an hour | PT1H
          421 4.3.2 Try again in one hour. | PT1H
          421 4.3.2 Please wait ten minutes | PT10M
          421 4.3.2 Retry interval is 5 minutes | PT5M
          421 4.3.2 Retry-After: 120 | PT2M
          421 4.3.2 Retry-After: 5 minutes | PT5M
          451 4.7.1 try again in 5-10 minutes | PT10M
          451 4.7.1 try again in 5 to 10 minutes | PT10M
          451 4.7.1 Blocked for 2 days | PT48H
          451 4.7.1 Please try again in thirty seconds | PT30S
          451 4.7.1 Try again in Five Minutes | PT5M
          451 4.7.1 Wait twenty minutes | PT20M
          451 4.7.1 try again in (300) seconds | PT5M
          451 4.7.1 try again in [300] seconds | PT5M
          451 4.7.1 try again in 1,200 seconds | PT20M
          451 4.7.1 Do not retry within 300 seconds | PT5M
          451 4.7.1 try again in between 5 and 60 minutes | PT1H
          451 4.7.1 try again between five and ten minutes | PT10M
          451 4.7.1 try again in an hour and a half | PT1H30M
          451-4.7.1 Greylisted, please try again in 300\\n451 4.7.1 seconds | PT5M
          451-4.7.1 Greylisted, please try again in\\n451 4.7.1 300 seconds | PT5M
          450 Bitte versuchen Sie es in 5 Minuten erneut | PT5M
          450 Greylisting: bitte versuchen Sie es nach 10 Minuten noch einmal | PT10M
          450 Bitte in 15 Minuten erneut versuchen | PT15M
          450 Bitte 10 Minuten warten | PT10M
          450 Wartezeit: 300 Sekunden | PT5M
          450 Ihre IP ist gesperrt für 2 Stunden | PT2H
          450 Veuillez réessayer dans 5 minutes | PT5M
          450 Reessayez dans 300 secondes | PT5M
          450 Veuillez patienter 10 minutes | PT10M
          421 Trop de connexions, nouvelle tentative dans 1 heure | PT1H
          450 Por favor, intente de nuevo en 5 minutos | PT5M
          450 Vuelva a intentarlo en 10 minutos | PT10M
          450 Espere 2 horas | PT2H
          450 Riprovare tra 5 minuti | PT5M
          450 Tente novamente em 5 minutos | PT5M
          450 повторите попытку через 5 минут | PT5M
          """)
  void span_thatIsAskedFor_isRead(String reply, Duration delay) {
    assertThat(hint(reply)).contains(new DelayHint.After(delay));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          451 4.7.1 try again after 14:05 UTC | PT5M
          451 4.7.1 Greylisted until 14:05:30 GMT | PT5M30S
          451 4.7.1 Try again after 01:59 UTC | PT11H59M
          451 4.7.1 wait until 16:05 +0200 | PT5M
          451 4.7.1 blocked until 2026-11-24T15:00:00Z | PT1H
          451 4.7.1 blocked until 2026-11-24 15:00:00 UTC | PT1H
          451 4.7.1 suspended until 2026-11-24T16:00:00+02:00 | PT0S
          451 4.7.1 do not retry before Tue, 24 Nov 2026 14:30:00 GMT | PT30M
          451 4.7.1 suspended until 24 Nov 2026 16:30 +0200 | PT30M
          """)
  void moment_withItsZone_isRead(String reply, Duration delay) {
    assertThat(hint(reply).orElseThrow().from(NOW))
        .isEqualTo(delay.isZero() ? Optional.empty() : Optional.of(delay));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // limits
        "450 4.7.1 Error: too many mails, max 100 messages per 3600 seconds",
        "450 4.7.1 max 100 messages per 3600 seconds, try again later",
        "451 4.7.1 try again later. Limit is 100 messages in 60 minutes",
        "451 4.7.1 try again later, 30 messages in 60 seconds",
        "421 4.7.0 More than 10 connections in 60 seconds, please try again",
        "450 4.3.2 limit is 100 messages per 60 seconds",
        "421 4.7.1 - Server overload, more than 100 messages in a day, try again tomorrow.",
        "452 4.5.3 Suspended for sending more than 50 messages in 1 hour",
        "450 4.7.1 maximum retry time 4 hours",
        "451 4.4.7 retry timeout 5 hours exceeded",
        // what happened already
        "421 4.4.2 timeout 300 seconds exceeded",
        "421 4.4.2 connection timed out after 300 seconds, try again",
        "451 4.4.1 timed out waiting for 60 seconds",
        "451 4.4.1 failed again after 30 seconds",
        "451 4.7.1 blocked 5 minutes ago",
        "451 4.7.1 Blocked after 3 hours of attacks",
        "450 4.1.1 Greylisted at 14:05:00 UTC",
        "451 4.7.1 wait 300 seconds exceeded",
        "450 4.4.7 message is 30 days old, please try again",
        "450 4.4.7 try again later; your message is 30 days old",
        "451 4.4.7 Delivery delayed: message in queue since 4 hours",
        "450 Zeitüberschreitung nach 30 Sekunden, bitte erneut versuchen",
        "450 Mehr als 100 Nachrichten in 60 Sekunden, bitte später erneut versuchen",
        "450 Trop de messages : 100 messages en 60 secondes, veuillez réessayer plus tard",
        "450 Ha enviado 100 mensajes en 60 segundos, intente más tarde",
        // how long to go on, or how soon
        "451 4.7.1 please retry for 5 days",
        "451 4.7.1 please retry within 24 hours or give up",
        "451 4.7.1 try again before 14:05 UTC",
        // no unit, no zone, no date, nothing definite
        "451 4.7.1 try again in 300",
        "451 4.7.1 try again after 14:05",
        "451 4.7.1 try again after 14:05 CET",
        "451 4.7.1 try again at 2:05 PM UTC",
        "451 4.7.1 try again in 04:57",
        "451 4.7.1 blocked until 2026-11-25",
        "451 4.7.1 blocked until 25/11/2026 14:00 UTC",
        "451 4.7.1 try again in a few minutes",
        "451 4.7.1 try again in some hours",
        "451 4.7.1 try again in 1,00 seconds",
        "451 4.7.1 try again in 1.5 hours",
        "451 4.7.1 try again in -5 minutes",
        "450 4.7.1 try again in 0 seconds",
        "450 4.7.1 try again in 9999999 hours",
        "450 4.7.1 try again in 99999999999999999999 seconds",
        "451 Retry-After: 1764000000",
        // addresses, versions, names of queues
        "451 4.7.1 try again, 192.0.2.1 host blocked",
        "450 4.7.1 Greylisted, see http://postgrey.example/wait/300s/?wait=300s",
        "451 4.7.1 try again later (3s4f6h7d)",
        "451 4.3.0 4F1B23C04D: try again later",
        "421 4.3.2 mail.example.com ESMTP Exim 4.96 Tue, 24 Nov 2026 14:05:00 +0000 try again",
        "451 4.7.651 rate limited (S844) [DM6NAM11FT088 2026-11-24T14:19:31.847Z 08DBD70830F39917]",
        "450 4.3.2 spam score 5 minutes of fame"
      })
  void number_thatMeansSomethingElse_isNone(String reply) {
    assertThat(hint(reply)).isEmpty();
  }

  @Test
  void permanentRefusal_hasNoHint() {
    assertThat(hint("550 5.7.1 Blocked, try again in 300 seconds")).isEmpty();
  }

  @Test
  void timeOfDay_thatHasJustPassed_isNone() {
    assertThat(hint("451 try again after 13:59 UTC").orElseThrow().from(NOW)).isEmpty();
  }

  @Test
  void longText_isReadOnce() {
    String words = "try again in 5 to ".repeat(20_000);

    assertThat(DelayScanner.scan(java.util.List.of(words + "300 seconds"))).isEmpty();
  }
}
