package dev.redeliver.reputation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Reaction;
import dev.redeliver.classify.ReplyClassifier;
import dev.redeliver.reputation.ReputationAlert.State;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReputationMonitorTest {
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");
  private static final Duration WINDOW = Duration.ofMinutes(10);
  private static final String SERVER = "mx.example.test";
  private static final SmtpFailure BLAMED =
      refused("450 4.7.1 Client host blocked: poor reputation");
  private static final SmtpFailure UNSIGNED = refused("550 5.7.26 DKIM check failed");

  private final ReputationMonitor monitor = new ReputationMonitor(3, WINDOW);

  private static SmtpFailure refused(String reply) {
    return new SmtpFailure.Refused(SmtpStage.RCPT, SmtpReply.parse(reply));
  }

  private static Classification classified(SmtpFailure failure) {
    return ReplyClassifier.standard().classify(failure);
  }

  private List<ReputationAlert> observe(int seconds) {
    return observe(monitor, SERVER, BLAMED, seconds);
  }

  private static List<ReputationAlert> observe(
      ReputationMonitor monitor, String server, SmtpFailure failure, int seconds) {
    return monitor.observe(
        server,
        Destination.relay(server),
        failure,
        classified(failure),
        START.plusSeconds(seconds));
  }

  private static ReputationAlert alert(State state, int count, int firstSeen, int lastSeen) {
    return alert(3, state, count, firstSeen, lastSeen);
  }

  private static ReputationAlert alert(
      int threshold, State state, int count, int firstSeen, int lastSeen) {
    return new ReputationAlert(
        state,
        ReputationAlert.Level.WARNING,
        SERVER,
        Destination.relay(SERVER),
        Cause.REPUTATION,
        BLAMED,
        classified(BLAMED).ruleId(),
        new Reaction(threshold, WINDOW, Duration.ZERO, 0),
        count,
        START.plusSeconds(firstSeen),
        START.plusSeconds(lastSeen));
  }

  @Test
  void signals_reachTheThreshold_alertOnce() {
    assertThat(observe(0)).isEmpty();
    assertThat(observe(60)).isEmpty();
    assertThat(observe(120)).containsExactly(alert(State.RAISED, 3, 0, 120));
    assertThat(observe(180)).isEmpty();
    assertThat(observe(240)).isEmpty();
  }

  @Test
  void signals_atTheSameInstant_count() {
    observe(5);
    observe(5);

    assertThat(observe(5)).containsExactly(alert(State.RAISED, 3, 5, 5));
  }

  @Test
  void signals_tooFarApart_doNotAlert() {
    assertThat(observe(0)).isEmpty();
    assertThat(observe(301)).isEmpty();
    assertThat(observe(601)).as("the first is out of the window").isEmpty();
    assertThat(observe(899)).containsExactly(alert(State.RAISED, 4, 0, 899));
  }

  @Test
  void signals_alwaysSlowerThanTheThreshold_neverAlert() {
    for (int i = 0; i < 10; i++) {
      assertThat(observe(i * 360)).isEmpty();
    }
  }

  @Test
  void threshold_ofOne_alertsOnTheFirst() {
    ReputationMonitor first = new ReputationMonitor(1, WINDOW);

    assertThat(observe(first, SERVER, BLAMED, 0)).containsExactly(alert(1, State.RAISED, 1, 0, 0));
    assertThat(observe(first, SERVER, BLAMED, 1)).isEmpty();
  }

  @Test
  void quietForAWindow_resolves_andTheNextSignalStartsAnew() {
    observe(0);
    observe(0);
    observe(0);
    observe(30);

    assertThat(monitor.resolveQuiet(START.plusSeconds(629))).isEmpty();
    assertThat(monitor.resolveQuiet(START.plusSeconds(630)))
        .containsExactly(alert(State.RESOLVED, 4, 0, 30));
    assertThat(monitor.resolveQuiet(START.plusSeconds(631))).isEmpty();
    assertThat(observe(700)).isEmpty();
    assertThat(observe(701)).isEmpty();
    assertThat(observe(702)).containsExactly(alert(State.RAISED, 3, 700, 702));
  }

  @Test
  void signalAfterAQuietWindow_resolvesBeforeItCounts() {
    ReputationMonitor first = new ReputationMonitor(1, WINDOW);
    observe(first, SERVER, BLAMED, 0);

    assertThat(observe(first, SERVER, BLAMED, 600))
        .containsExactly(alert(1, State.RESOLVED, 1, 0, 0), alert(1, State.RAISED, 1, 600, 600));
  }

  @Test
  void blameThatGoesOn_keepsTheAlertUp() {
    List<ReputationAlert> all = new ArrayList<>();
    for (int minute = 0; minute < 60; minute++) {
      all.addAll(observe(minute * 60));
    }

    assertThat(all).containsExactly(alert(State.RAISED, 3, 0, 120));
  }

  @Test
  void anyFailure_letsTimeResolve() {
    observe(0);
    observe(0);
    observe(0);

    assertThat(observe(monitor, "other.example.test", refused("450 4.2.1 Mailbox busy"), 600))
        .containsExactly(alert(State.RESOLVED, 3, 0, 0));
  }

  @Test
  void destinationsAndCauses_areCountedApart() {
    observe(0);
    observe(0);
    assertThat(observe(monitor, "other.example.test", BLAMED, 0)).isEmpty();
    assertThat(observe(monitor, SERVER, UNSIGNED, 0)).isEmpty();
    assertThat(observe(monitor, SERVER, UNSIGNED, 0)).isEmpty();

    assertThat(observe(monitor, SERVER, UNSIGNED, 0))
        .extracting(ReputationAlert::destination, ReputationAlert::cause)
        .containsExactly(tuple(Destination.relay(SERVER), Cause.AUTHENTICATION));
    assertThat(observe(0)).containsExactly(alert(State.RAISED, 3, 0, 0));
  }

  @Test
  void alert_carriesTheLatestAnswer() {
    SmtpFailure latest = refused("421 4.7.0 IP address on blocklist");
    observe(0);
    observe(0);

    assertThat(observe(monitor, SERVER, latest, 0))
        .extracting(ReputationAlert::failure, ReputationAlert::ruleId)
        .containsExactly(tuple(latest, classified(latest).ruleId()));
  }

  /** 4.7.x is shared with greylisting, TLS and limits; those blame nobody. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "450 4.7.1 Greylisted, try again in 5 minutes",
        "450 4.7.1 Must issue a STARTTLS command first",
        "421 4.7.0 Too many connections from your host",
        "450 4.2.1 Mailbox busy",
        "550 5.1.1 User unknown",
        "452 4.2.2 Mailbox full"
      })
  void otherFailures_areNoSignals(String reply) {
    ReputationMonitor first = new ReputationMonitor(1, WINDOW);

    assertThat(observe(first, SERVER, refused(reply), 0)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "450 4.7.1",
        "421 4.7.0 IP not in good standing, poor reputation",
        "554 5.7.1 Client host listed at a blocklist",
        "550 5.7.1 SPF check failed"
      })
  void bareStatusAndBlame_areSignals(String reply) {
    ReputationMonitor first = new ReputationMonitor(1, WINDOW);

    assertThat(observe(first, SERVER, refused(reply), 0)).hasSize(1);
  }

  /** Two threads take their time before they ask for the lock. */
  @Test
  void signalsOutOfOrder_doNotTurnTimeBack() {
    observe(10);
    observe(20);

    assertThat(observe(15)).containsExactly(alert(State.RAISED, 3, 10, 20));
    assertThat(monitor.resolveQuiet(START.plusSeconds(619))).isEmpty();
  }

  @Test
  void beyondTheLimit_someAreForgotten_andResolvedIfRaised() {
    ReputationMonitor first = new ReputationMonitor(1, WINDOW);
    int servers = ReputationMonitor.MAX_DESTINATIONS + 1000;
    List<ReputationAlert> all = new ArrayList<>();
    for (int i = 0; i < servers; i++) {
      all.addAll(observe(first, i + ".example.test", BLAMED, i % 60));
    }

    assertThat(first.active()).hasSize(ReputationMonitor.MAX_DESTINATIONS);
    assertThat(all)
        .extracting(ReputationAlert::state)
        .filteredOn(State.RESOLVED::equals)
        .hasSize(1000);
    all.addAll(first.resolveQuiet(START.plus(Duration.ofDays(1))));
    assertThat(all).filteredOn(alert -> alert.state() == State.RAISED).hasSize(servers);
    assertThat(all).filteredOn(alert -> alert.state() == State.RESOLVED).hasSize(servers);
    assertThat(first.active()).isEmpty();
    assertThat(first.nextQuiet()).isEmpty();
  }

  @Test
  void manyThreads_raiseEachAlertOnce() throws Exception {
    int threads = 8;
    int each = 500;
    ReputationMonitor shared = new ReputationMonitor(threads * each, WINDOW);
    CountDownLatch ready = new CountDownLatch(threads);
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      Callable<List<ReputationAlert>> work =
          () -> {
            ready.countDown();
            ready.await();
            List<ReputationAlert> alerts = new ArrayList<>();
            for (int i = 0; i < each; i++) {
              alerts.addAll(observe(shared, SERVER, BLAMED, i % 60));
            }
            return alerts;
          };
      List<Future<List<ReputationAlert>>> results = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        results.add(pool.submit(work));
      }
      List<ReputationAlert> alerts = new ArrayList<>();
      for (Future<List<ReputationAlert>> result : results) {
        alerts.addAll(result.get());
      }
      assertThat(alerts)
          .extracting(ReputationAlert::state, ReputationAlert::count)
          .containsExactly(tuple(State.RAISED, threads * each));
    } finally {
      pool.shutdownNow();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, PT1S, 'threshold must be at least 1, but is 0'",
    "1, PT0S, 'window must be positive, but is PT0S'",
    "1, PT-1S, 'window must be positive, but is PT-1S'"
  })
  void badValues_areNamed(int threshold, Duration window, String message) {
    assertThatThrownBy(() -> new ReputationMonitor(threshold, window))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  private static final Duration PAUSE = Duration.ofMinutes(15);

  private final ReputationMonitor pausing =
      new ReputationMonitor(new Reaction(3, WINDOW, PAUSE, 0), false);

  private List<ReputationAlert> raise() {
    observe(pausing, SERVER, BLAMED, 0);
    observe(pausing, SERVER, BLAMED, 0);
    return observe(pausing, SERVER, BLAMED, 0);
  }

  @Test
  void pause_isAddedToTheQuiet_becauseNoSignalCanComeInIt() {
    raise();
    int pauseAndWindow = 25 * 60;
    assertThat(pausing.nextQuiet()).contains(START.plusSeconds(pauseAndWindow));

    assertThat(pausing.resolveQuiet(START.plusSeconds(pauseAndWindow - 1))).isEmpty();
    assertThat(pausing.active()).hasSize(1);
    assertThat(pausing.resolveQuiet(START.plusSeconds(pauseAndWindow)))
        .extracting(ReputationAlert::state)
        .containsExactly(State.RESOLVED);
    assertThat(pausing.nextQuiet()).isEmpty();
  }

  @Test
  void blameAfterThePause_escalatesOnce_andIsStillTheSameAlert() {
    raise();
    List<ReputationAlert> later = new ArrayList<>();
    for (int probe = 1; probe <= 8; probe++) {
      later.addAll(observe(pausing, SERVER, BLAMED, probe * 15 * 60));
    }
    assertThat(later)
        .extracting(ReputationAlert::state, ReputationAlert::level, ReputationAlert::count)
        .containsExactly(tuple(State.ESCALATED, ReputationAlert.Level.CRITICAL, 4));

    assertThat(pausing.resolveQuiet(START.plus(Duration.ofHours(3))))
        .extracting(ReputationAlert::state, ReputationAlert::level, ReputationAlert::count)
        .containsExactly(tuple(State.RESOLVED, ReputationAlert.Level.CRITICAL, 11));
  }

  @Test
  void blameInNumbers_escalates() {
    List<ReputationAlert> all = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      all.addAll(observe(i));
    }

    assertThat(all).extracting(ReputationAlert::count).containsExactly(3, 15);
    assertThat(all)
        .extracting(ReputationAlert::state)
        .containsExactly(State.RAISED, State.ESCALATED);
  }

  @Test
  void suspendedSender_isCriticalAtOnce() {
    ReputationMonitor first = new ReputationMonitor(1, WINDOW);
    SmtpFailure suspended = refused("550 5.7.1 Your account has been suspended from sending");

    assertThat(observe(first, SERVER, suspended, 0))
        .extracting(ReputationAlert::cause, ReputationAlert::level)
        .containsExactly(tuple(Cause.SENDER_SUSPENDED, ReputationAlert.Level.CRITICAL));
  }

  @Test
  void valuesOfAProvider_goBeforeTheUsual_ifWanted() {
    SmtpFailure deferred =
        refused("421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred");
    ReputationMonitor known = new ReputationMonitor(new Reaction(3, WINDOW, PAUSE, 0), true);

    assertThat(observe(known, SERVER, deferred, 0))
        .extracting(alert -> alert.reaction().pause(), ReputationAlert::state)
        .containsExactly(tuple(Duration.ofHours(2), State.RAISED));
    assertThat(observe(pausing, SERVER, deferred, 0)).as("not wanted").isEmpty();
  }
}
