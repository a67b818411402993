package dev.redeliver.delivery;

import static dev.redeliver.delivery.ScriptedSubmitter.accepted;
import static dev.redeliver.delivery.ScriptedSubmitter.lost;
import static dev.redeliver.delivery.ScriptedSubmitter.refused;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.redeliver.policy.Decision;
import dev.redeliver.policy.GuardSettings;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.policy.UnknownOutcome;
import dev.redeliver.smtp.SmtpStage;
import dev.redeliver.testkit.FakeClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** A delivery that was kept and taken up again is the same delivery. */
class ResumptionTest {
  private static final String[] REPLIES = {
    "450 4.2.0 Greylisted, try again",
    "451 4.3.0 local error",
    "452 4.2.2 Mailbox full",
    "421 4.7.0 Too many connections",
    "450 4.7.1 Your IP has a poor reputation",
    "550 5.1.1 No such user",
    "452 4.5.3 Too many recipients"
  };

  private final FakeClock clock = new FakeClock();

  private Redeliverer redeliverer(Profile profile, DeliveryListener... listeners) {
    RetryPolicy policy =
        RetryPolicy.builder(profile)
            .jitter(0)
            .guard(GuardSettings.DEFAULT.withEnabled(false))
            .build();
    Redeliverer.Builder builder = Redeliverer.builder(policy).clock(clock);
    List.of(listeners).forEach(builder::listener);
    return builder.build();
  }

  private static Envelope envelope() {
    return Envelope.of("<1@example.org>", List.of("a@example.org", "b@example.org"));
  }

  private static Resumption kept(Delivery delivery) {
    return new Resumption(
        delivery.envelope(),
        delivery.startedAt(),
        delivery.deadline(),
        delivery.transactions(),
        delivery.states());
  }

  private static RecipientResult draw(Random random) {
    int what = random.nextInt(12);
    if (what < 7) {
      return refused(SmtpStage.RCPT, REPLIES[what]);
    }
    return switch (what) {
      case 7 -> lost(SmtpStage.MAIL);
      case 8 -> lost(SmtpStage.END_OF_DATA);
      case 9 -> accepted();
      default -> refused(SmtpStage.END_OF_DATA, REPLIES[random.nextInt(REPLIES.length)]);
    };
  }

  /**
   * Every attempt, and the state after it; the guard's memory is the process's, not the store's.
   */
  private List<String> history(long seed, Profile profile, UnaryOperator<Delivery> between) {
    clock.set(Instant.parse("2026-01-01T00:00:00Z"));
    Random random = new Random(seed);
    Delivery delivery = redeliverer(profile).begin(envelope());
    List<String> history = new ArrayList<>();
    Optional<Duration> delay = Optional.of(Duration.ZERO);
    while (delay.isPresent() && history.size() < 500) {
      clock.advance(delay.get());
      List<Recipient> due = delivery.begin();
      if (due.isEmpty()) {
        delay = delivery.untilNext();
        continue;
      }
      ScriptedSubmitter server = new ScriptedSubmitter().then(to -> draw(random));
      delay = delivery.end(server.attempt(due));
      history.add(due + " " + delay + " " + delivery.states() + " " + delivery.transactions());
      delivery = between.apply(delivery);
    }
    history.add(delivery.report().summary());
    return history;
  }

  @Test
  void resume_afterEveryAttempt_isTheSameDelivery() {
    for (Profile profile : List.of(Profile.BACKGROUND, Profile.RFC5321)) {
      Redeliverer other = redeliverer(profile);
      for (long seed = 0; seed < 200; seed++) {
        List<String> whole = history(seed, profile, delivery -> delivery);
        List<String> pieces =
            history(
                seed,
                profile,
                delivery -> {
                  Resumption kept = kept(delivery);
                  delivery.suspend(recipient -> false);
                  return other.resume(kept);
                });
        assertThat(pieces).as("%s, seed %s", profile, seed).isEqualTo(whole);
      }
    }
  }

  @Test
  void resume_ownDeadline_isKept() {
    Instant start = clock.instant();
    Resumption message = Resumption.first(envelope(), start, start.plus(Duration.ofMinutes(4)));
    Delivery delivery = redeliverer(Profile.RFC5321).resume(message);
    ScriptedSubmitter server =
        new ScriptedSubmitter().then(to -> refused(SmtpStage.RCPT, "451 4.3.0 local error"));

    assertThat(delivery.end(server.attempt(delivery.begin()))).isEmpty();
    assertThat(delivery.report().recipients().get(0).decision())
        .get()
        .isInstanceOfSatisfying(
            Decision.GiveUp.class,
            decision -> assertThat(decision.reason()).isEqualTo(Decision.Reason.DEADLINE));
  }

  @Test
  void resume_ownWishAndOwnDeadline_bothCount() {
    Instant start = clock.instant();
    Envelope envelope =
        new Envelope("", envelope().recipients(), Optional.of(UnknownOutcome.REPORT));
    Delivery delivery =
        redeliverer(Profile.RFC5321)
            .resume(Resumption.first(envelope, start, start.plus(Duration.ofHours(1))));
    ScriptedSubmitter server = new ScriptedSubmitter().then(to -> lost(SmtpStage.END_OF_DATA));

    assertThat(delivery.end(server.attempt(delivery.begin()))).isEmpty();
    assertThat(delivery.report().with(Outcome.UNKNOWN)).hasSize(2);
  }

  @Test
  void suspend_listeners_areTold() {
    List<String> told = new ArrayList<>();
    Redeliverer redeliverer =
        redeliverer(
            Profile.RFC5321,
            new DeliveryListener() {
              @Override
              public void deliveryStarted(Envelope envelope) {
                told.add("started");
              }

              @Override
              public void deliverySuspended(Envelope envelope) {
                told.add("suspended");
              }

              @Override
              public void attemptWithdrawn(Envelope envelope) {
                told.add("withdrawn");
              }
            });
    Delivery delivery = redeliverer.begin(envelope());
    delivery.begin();
    delivery.suspend(recipient -> false);
    redeliverer.resume(kept(delivery));

    assertThat(told).containsExactly("started", "withdrawn", "suspended", "started");
  }

  @Test
  void resumption_whatCannotBe_isRefused() {
    Instant now = clock.instant();
    Instant later = now.plusSeconds(1);
    assertThatThrownBy(
            () -> new Resumption(envelope(), now, later, 0, List.of(RecipientState.first(now))))
        .hasMessageContaining("one state for each of 2 recipients, but there are 1");
    assertThatThrownBy(() -> Resumption.first(envelope(), now, now))
        .hasMessageContaining("deadline must be after the start");
    assertThatThrownBy(
            () -> new RecipientState(Outcome.ACCEPTED, Optional.of(now), true, 1, Map.of(), 0, 0))
        .hasMessageContaining("ACCEPTED has no next try");
    assertThatThrownBy(
            () -> new RecipientState(Outcome.PENDING, Optional.empty(), true, -1, Map.of(), 0, 0))
        .hasMessageContaining("attempts must not be negative, but is -1");
  }
}
