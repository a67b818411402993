package dev.redeliver.metrics;

import static dev.redeliver.metrics.Events.alert;
import static dev.redeliver.metrics.Events.destination;
import static dev.redeliver.metrics.Events.policy;
import static dev.redeliver.metrics.Events.retry;
import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.classify.Cause;
import dev.redeliver.classify.Classification;
import dev.redeliver.classify.Evidence;
import dev.redeliver.classify.Handling;
import dev.redeliver.classify.Lane;
import dev.redeliver.classify.MailboxProvider;
import dev.redeliver.classify.Scope;
import dev.redeliver.delivery.Attempt;
import dev.redeliver.delivery.ConnectionFailure;
import dev.redeliver.delivery.DeliveryReport;
import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.Outcome;
import dev.redeliver.delivery.Recipient;
import dev.redeliver.delivery.RecipientAttempt;
import dev.redeliver.delivery.RecipientReport;
import dev.redeliver.delivery.RecipientResult;
import dev.redeliver.delivery.RetryWait;
import dev.redeliver.policy.Decision;
import dev.redeliver.reputation.Destination;
import dev.redeliver.reputation.DestinationStatus;
import dev.redeliver.reputation.ReputationAlert;
import dev.redeliver.smtp.Severity;
import dev.redeliver.smtp.SmtpFailure;
import dev.redeliver.smtp.SmtpReply;
import dev.redeliver.smtp.SmtpStage;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a Prometheus sees, when everything that an enum can say has been said. */
class ScrapeTest {
  private static final String HOSTILE = "LEAK\"\\\n{x=\"1\"} 1\r\u0000\u202e\ud800@leak.example";
  private static final List<String> PROVIDER_DOMAINS =
      List.of(
          "gmail.com",
          "outlook.com",
          "yahoo.com",
          "icloud.com",
          "comcast.net",
          "orange.fr",
          "gmx.de",
          "t-online.de",
          "mail.ru",
          "yandex.ru",
          "qq.com",
          "163.com",
          "cox.net",
          "charter.net",
          "att.net");
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private static final Supplier<List<DestinationStatus>> NO_DESTINATIONS = List::of;

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private RedeliverMetrics metrics = RedeliverMetrics.boundTo(registry, policy("shop"));

  @Test
  void boundAndIdle_rareSeriesAreThereAtZero() {
    assertThat(samples())
        .contains(
            "redeliver_duplicate_risk_total{cause=\"reply-lost\",mailer=\"shop\"} 0.0",
            "redeliver_reputation_alerts_total{cause=\"reputation\",mailer=\"shop\",provider=\"other\",severity=\"critical\"} 0.0",
            "redeliver_reputation_alerts_total{cause=\"authentication\",mailer=\"shop\",provider=\"other\",severity=\"critical\"} 0.0",
            "redeliver_reputation_alerts_total{cause=\"sender-suspended\",mailer=\"shop\",provider=\"other\",severity=\"critical\"} 0.0",
            "redeliver_reputation_alert_active{cause=\"reputation\",mailer=\"shop\",provider=\"other\"} 0.0",
            "redeliver_reputation_alert_active{cause=\"authentication\",mailer=\"shop\",provider=\"other\"} 0.0",
            "redeliver_reputation_alert_active{cause=\"sender-suspended\",mailer=\"shop\",provider=\"other\"} 0.0",
            "redeliver_reputation_last_alert_seconds{cause=\"reputation\",mailer=\"shop\",provider=\"other\"} 0.0",
            "redeliver_connection_failures_total{cause=\"credentials\",mailer=\"shop\"} 0.0",
            "redeliver_connection_failures_total{cause=\"connection\",mailer=\"shop\"} 0.0",
            "redeliver_housekeeping_failures_total{mailer=\"shop\",what=\"close\"} 0.0",
            "redeliver_housekeeping_failures_total{mailer=\"shop\",what=\"listener\"} 0.0",
            "redeliver_housekeeping_failures_total{mailer=\"shop\",what=\"other\"} 0.0",
            "redeliver_recipient_retries_total{lane=\"greylist\",mailer=\"shop\"} 0.0",
            "redeliver_recipient_retries_total{lane=\"immediate\",mailer=\"shop\"} 0.0",
            "redeliver_recipient_replies_total{cause=\"credentials\",disposition=\"held\","
                + "mailer=\"shop\",provider=\"other\"} 0.0",
            "redeliver_retry_wait_seconds_count{mailer=\"shop\"} 0");
    assertThat(samples()).noneMatch(line -> line.contains("cause=\"success\""));
  }

  @Test
  void firstReplyOfAProvider_bringsItsSiblingsAtZero() {
    metrics.attemptFinished(attempt(accepted()));

    List<String> replies =
        samples().stream().filter(line -> line.startsWith("redeliver_recipient_replies")).toList();
    assertThat(replies)
        .contains(
            "redeliver_recipient_replies_total{cause=\"success\",disposition=\"accepted\","
                + "mailer=\"shop\",provider=\"other\"} 1.0",
            "redeliver_recipient_replies_total{cause=\"mailbox-unknown\",disposition=\"refused\","
                + "mailer=\"shop\",provider=\"other\"} 0.0",
            "redeliver_recipient_replies_total{cause=\"reputation\",disposition=\"deferred\","
                + "mailer=\"shop\",provider=\"other\"} 0.0",
            "redeliver_recipient_replies_total{cause=\"connection\",disposition=\"unknown\","
                + "mailer=\"shop\",provider=\"other\"} 0.0");
    for (Cause cause : Cause.values()) {
      assertThat(replies).anyMatch(line -> line.contains("{cause=\"" + cause.token() + "\""));
    }
  }

  @Test
  void families_haveTheirNameTypeAndHelp() {
    driveEverything();

    assertThat(registry.scrape().lines().filter(line -> line.startsWith("# ")))
        .containsExactlyInAnyOrder(
            "# HELP redeliver_attempt_seconds SMTP transactions: from connecting to the last reply.",
            "# TYPE redeliver_attempt_seconds summary",
            "# HELP redeliver_attempt_seconds_max SMTP transactions: from connecting to the last reply.",
            "# TYPE redeliver_attempt_seconds_max gauge",
            "# HELP redeliver_build_info Constant 1, labelled with the version of the library.",
            "# TYPE redeliver_build_info gauge",
            "# HELP redeliver_connection_failures_total Connections that could not be opened outside"
                + " deliveries.",
            "# TYPE redeliver_connection_failures_total counter",
            "# HELP redeliver_delivery_attempts Attempts made for a recipient when its delivery ended.",
            "# TYPE redeliver_delivery_attempts histogram",
            "# HELP redeliver_delivery_attempts_max Attempts made for a recipient when its delivery"
                + " ended.",
            "# TYPE redeliver_delivery_attempts_max gauge",
            "# HELP redeliver_delivery_seconds Time from hand-over to the outcome, per recipient.",
            "# TYPE redeliver_delivery_seconds histogram",
            "# HELP redeliver_delivery_seconds_max Time from hand-over to the outcome, per recipient.",
            "# TYPE redeliver_delivery_seconds_max gauge",
            "# HELP redeliver_destinations Destinations that get mail more slowly, or later, than there"
                + " is some.",
            "# TYPE redeliver_destinations gauge",
            "# HELP redeliver_guard_changes_total How often destinations paused, were slowed down, or"
                + " got mail again.",
            "# TYPE redeliver_guard_changes_total counter",
            "# HELP redeliver_provider_blocked 1 while a reputation alert for the provider is raised,"
                + " else 0.",
            "# TYPE redeliver_provider_blocked gauge",
            "# HELP redeliver_schedule_lag_seconds How late attempts began after they were due.",
            "# TYPE redeliver_schedule_lag_seconds histogram",
            "# HELP redeliver_schedule_lag_seconds_max How late attempts began after they were due.",
            "# TYPE redeliver_schedule_lag_seconds_max gauge",
            "# HELP redeliver_duplicate_risk_total Events after which a recipient may get the message"
                + " twice.",
            "# TYPE redeliver_duplicate_risk_total counter",
            "# HELP redeliver_housekeeping_failures_total Failures that changed no outcome, by step.",
            "# TYPE redeliver_housekeeping_failures_total counter",
            "# HELP redeliver_recipient_replies_total Classified per-recipient results of attempts.",
            "# TYPE redeliver_recipient_replies_total counter",
            "# HELP redeliver_recipient_retries_total Per-recipient decisions to try again, by schedule.",
            "# TYPE redeliver_recipient_retries_total counter",
            "# HELP redeliver_reputation_alert_active Destinations whose reputation alert is raised and not"
                + " resolved.",
            "# TYPE redeliver_reputation_alert_active gauge",
            "# HELP redeliver_reputation_alerts_total Reputation alerts raised, or made critical, from SMTP replies.",
            "# TYPE redeliver_reputation_alerts_total counter",
            "# HELP redeliver_reputation_last_alert_seconds When the last reputation alert was raised,"
                + " since 1970; 0 if never.",
            "# TYPE redeliver_reputation_last_alert_seconds gauge",
            "# HELP redeliver_retry_wait_seconds Pauses between two attempts of a delivery, as planned.",
            "# TYPE redeliver_retry_wait_seconds summary",
            "# HELP redeliver_retry_wait_seconds_max Pauses between two attempts of a delivery, as"
                + " planned.",
            "# TYPE redeliver_retry_wait_seconds_max gauge");
    assertThat(samples())
        .contains("redeliver_build_info{version=\"" + Version.current() + "\"} 1")
        .anyMatch(
            line ->
                line.startsWith("redeliver_delivery_seconds_bucket{")
                    && line.contains("le=\"300.0\""));
  }

  @Test
  void tagKeys_areTheSameForAllMetersOfAName() {
    driveEverything();

    Map<String, Set<Set<String>>> keys = new TreeMap<>();
    for (Meter meter : registry.getMeters()) {
      Set<String> own = new TreeSet<>();
      meter.getId().getTags().forEach(tag -> own.add(tag.getKey()));
      keys.computeIfAbsent(meter.getId().getName(), unused -> new HashSet<>()).add(own);
    }

    assertThat(keys)
        .isEqualTo(
            Map.ofEntries(
                keysOf("redeliver.attempt", "mailer", "provider", "kind", "outcome"),
                keysOf("redeliver.build.info", "version"),
                keysOf("redeliver.connection.failures", "mailer", "cause"),
                keysOf("redeliver.delivery", "mailer", "provider", "outcome"),
                keysOf("redeliver.delivery.attempts", "mailer", "outcome"),
                keysOf("redeliver.duplicate.risk", "mailer", "cause"),
                keysOf("redeliver.housekeeping.failures", "mailer", "what"),
                keysOf("redeliver.recipient.replies", "mailer", "provider", "cause", "disposition"),
                keysOf("redeliver.recipient.retries", "mailer", "lane"),
                keysOf("redeliver.provider.blocked", "mailer", "provider"),
                keysOf("redeliver.destinations", "mailer", "provider", "state"),
                keysOf("redeliver.guard.changes", "mailer", "provider", "state"),
                keysOf("redeliver.reputation.alert.active", "mailer", "provider", "cause"),
                keysOf("redeliver.reputation.alerts", "mailer", "provider", "cause", "severity"),
                keysOf("redeliver.reputation.last.alert", "mailer", "provider", "cause"),
                keysOf("redeliver.retry.wait", "mailer"),
                keysOf("redeliver.schedule.lag", "mailer")));
  }

  private static Map.Entry<String, Set<Set<String>>> keysOf(String name, String... keys) {
    return Map.entry(name, Set.of(Set.of(keys)));
  }

  @Test
  void tagValues_comeFromClosedSets() {
    driveEverything();

    Set<String> causes = new TreeSet<>();
    Arrays.stream(Cause.values()).forEach(cause -> causes.add(cause.token()));
    Set<String> lanes = new TreeSet<>();
    Arrays.stream(Lane.values()).forEach(lane -> lanes.add(lane.token()));
    Set<String> providers = new TreeSet<>();
    providers.addAll(MailboxProvider.tokens());
    Set<String> dispositions = Set.of("accepted", "deferred", "refused", "unknown", "held");

    assertThat(values("redeliver.attempt", "kind")).isEqualTo(Set.of("first", "retry"));
    assertThat(values("redeliver.attempt", "outcome"))
        .isEqualTo(Set.of("delivered", "partial", "deferred", "rejected", "unknown"));
    Set<String> destinations = Set.of("free", "paced", "paused", "probing");
    assertThat(providers).containsAll(values("redeliver.attempt", "provider"));
    assertThat(values("redeliver.guard.changes", "state")).isEqualTo(destinations);
    assertThat(values("redeliver.destinations", "state"))
        .isEqualTo(Set.of("paced", "paused", "probing"));
    assertThat(values("redeliver.reputation.alerts", "severity"))
        .isEqualTo(Set.of("warning", "critical"));
    for (String name :
        List.of(
            "redeliver.destinations",
            "redeliver.guard.changes",
            "redeliver.provider.blocked",
            "redeliver.reputation.alerts",
            "redeliver.reputation.alert.active",
            "redeliver.reputation.last.alert")) {
      assertThat(values(name, "provider")).as(name).containsOnly("other");
    }
    assertThat(values("redeliver.recipient.replies", "cause")).isEqualTo(causes);
    assertThat(values("redeliver.recipient.replies", "disposition")).isEqualTo(dispositions);
    assertThat(values("redeliver.recipient.replies", "provider")).isEqualTo(providers);
    assertThat(values("redeliver.recipient.retries", "lane")).isEqualTo(lanes);
    assertThat(values("redeliver.delivery", "outcome")).isEqualTo(dispositions);
    assertThat(providers).containsAll(values("redeliver.delivery", "provider"));
    assertThat(values("redeliver.delivery.attempts", "outcome")).isEqualTo(dispositions);
    assertThat(values("redeliver.duplicate.risk", "cause")).isEqualTo(Set.of("reply-lost"));
    assertThat(values("redeliver.reputation.alerts", "cause")).isEqualTo(causes);
    assertThat(values("redeliver.reputation.alert.active", "cause")).isEqualTo(causes);
    assertThat(values("redeliver.reputation.last.alert", "cause")).isEqualTo(causes);
    assertThat(values("redeliver.connection.failures", "cause")).isEqualTo(causes);
    assertThat(values("redeliver.housekeeping.failures", "what"))
        .isEqualTo(Set.of("close", "listener", "notification", "other", "outbox"));
    assertThat(registry.getMeters())
        .extracting(meter -> meter.getId().getTag("mailer"))
        .containsOnly("shop", null);
  }

  @Test
  void whatServersAndMessagesSay_isNowhereInTheScrape() {
    driveEverything();

    assertThat(registry.scrape())
        .doesNotContainIgnoringCase("leak")
        .doesNotContain("@")
        .doesNotContain("4.7.1");
  }

  @Test
  void series_doNotGrowWithServersDomainsAndTexts() {
    driveEverything();
    mailFromStrangers(0, 3);
    int before = registry.getMeters().size();
    mailFromStrangers(3, 100_000);

    assertThat(registry.getMeters().size()).isEqualTo(before);
  }

  /** Every provider of the table gives every answer there is: more than ever happens. */
  @Test
  void series_stayWithinTheBudgetOfTheReadme() throws IOException {
    driveEverything();
    driveAllProviders();

    assertThat(values("redeliver.recipient.replies", "provider"))
        .containsExactlyInAnyOrderElementsOf(MailboxProvider.tokens());
    assertThat(samples()).hasSizeLessThanOrEqualTo(budget("at most ([\\d,]+) series"));
  }

  /** What a provider has, a domain with a tag of its own has, too. */
  @Test
  void series_ofADomainOfTheConfiguration_stayWithinTheBudgetOfTheReadme() throws IOException {
    int without = drivenWith();
    int more = drivenWith("a.example", "b.example") - without;

    assertThat(more / 2).isPositive().isLessThanOrEqualTo(budget("([\\d,]+) more for each domain"));
  }

  private static int drivenWith(String... domains) {
    ScrapeTest other = new ScrapeTest();
    other.metrics =
        RedeliverMetrics.boundTo(
            other.registry, policy("shop").toBuilder().metricsDomains(domains).build());
    other.driveEverything();
    for (String domain : List.of("a.example", "b.example")) {
      other.drive(domain);
    }
    return other.samples().size();
  }

  private static int budget(String pattern) throws IOException {
    Matcher budget = Pattern.compile(pattern).matcher(Files.readString(Path.of("../README.md")));
    assertThat(budget.find()).isTrue();
    return Integer.parseInt(budget.group(1).replace(",", ""));
  }

  private void driveAllProviders() {
    PROVIDER_DOMAINS.forEach(this::drive);
    drive(
        new Recipient(0, "ann@gmail.com"),
        new Recipient(0, "ann@yahoo.com"),
        Cause.POLICY,
        new Decision.Fail("x"));
    for (String host : List.of("mx.mimecast.com", "mx.pphosted.com")) {
      alertAll(Destination.relay(host));
    }
  }

  private void drive(String domain) {
    Recipient to = new Recipient(0, "ann@" + domain);
    for (Cause cause : EnumSet.complementOf(EnumSet.of(Cause.SUCCESS))) {
      List.of(retry(Lane.SLOW), new Decision.Fail("x"), new Decision.Hold("x"))
          .forEach(decision -> drive(to, cause, decision));
    }
    alertAll(Destination.ofDomain(domain));
  }

  private void alertAll(Destination destination) {
    for (Cause cause : List.of(Cause.REPUTATION, Cause.AUTHENTICATION, Cause.SENDER_SUSPENDED)) {
      metrics.reputationAlert(
          alert(ReputationAlert.State.RAISED, "relay.example", destination, cause));
    }
  }

  private void mailFromStrangers(int from, int to) {
    for (int i = from; i < to; i++) {
      String server = "mx" + i + ".example";
      Recipient recipient = new Recipient(0, "user" + i + "@domain" + i + ".example");
      Decision decision = new Decision.Fail("no " + i);
      metrics.attemptFinished(
          new Attempt(
              Envelope.of("<" + i + "@x>", List.of(recipient.address())),
              server,
              i,
              NOW,
              NOW,
              Duration.ofMillis(i),
              false,
              List.of(refused(recipient, Cause.POLICY, decision))));
      metrics.housekeepingFailed("step " + i, new Exception("x"));
      metrics.reputationAlert(alert(ReputationAlert.State.RAISED, server, Cause.REPUTATION));
    }
  }

  @Test
  void promtool_findsNothing(@TempDir Path folder) throws Exception {
    driveEverything();
    Path scrape = Files.writeString(folder.resolve("scrape.txt"), registry.scrape());

    String findings =
        Promtool.run(folder, ProcessBuilder.Redirect.from(scrape.toFile()), "check", "metrics");

    assertThat(findings).isEmpty();
  }

  private List<String> samples() {
    return registry.scrape().lines().filter(line -> !line.startsWith("#")).toList();
  }

  private Set<String> values(String name, String key) {
    Set<String> values = new TreeSet<>();
    registry.get(name).meters().stream()
        .flatMap(meter -> meter.getId().getTags().stream())
        .filter(tag -> tag.getKey().equals(key))
        .map(Tag::getValue)
        .forEach(values::add);
    return values;
  }

  private void driveEverything() {
    List<Decision> decisions = new ArrayList<>();
    for (Lane lane : Lane.values()) {
      decisions.add(retry(lane));
    }
    for (Decision.Reason reason : Decision.Reason.values()) {
      decisions.add(new Decision.GiveUp(reason, Lane.SLOW, Optional.empty(), HOSTILE));
    }
    decisions.add(new Decision.Fail(HOSTILE));
    decisions.add(new Decision.Hold(HOSTILE));
    for (Cause cause : Cause.values()) {
      decisions.forEach(decision -> drive(hostile(0), cause, decision));
      metrics.connectionFailed(
          new ConnectionFailure(
              HOSTILE, 1, NOW, hostileFailure(), hostileMeaning(cause), retry(Lane.CONNECTION)));
      for (ReputationAlert.State state : ReputationAlert.State.values()) {
        metrics.reputationAlert(alert(state, HOSTILE, cause));
      }
    }
    metrics.guardOpened(NO_DESTINATIONS);
    for (DestinationStatus.State state : DestinationStatus.State.values()) {
      metrics.destinationChanged(destination(Destination.ofDomain(HOSTILE), state));
    }
    metrics.attemptFinished(attempt(accepted()));
    metrics.attemptFinished(
        attempt(accepted(), refused(hostile(1), Cause.POLICY, new Decision.Fail(HOSTILE))));
    for (String what : List.of("close", "listener", HOSTILE)) {
      metrics.housekeepingFailed(what, new Exception(HOSTILE));
    }
    metrics.retryScheduled(
        new RetryWait(envelope(), List.of(hostile(0)), Duration.ofSeconds(1), NOW));
  }

  /** Every outcome that one transaction can have. */
  private void drive(Recipient to, Recipient another, Cause cause, Decision decision) {
    RecipientAttempt yes = accepted(to);
    RecipientAttempt no = refused(another, cause, decision);
    RecipientAttempt later = refused(another, cause, retry(Lane.SLOW));
    RecipientAttempt lost = unknown(another, cause, decision);
    for (int transaction = 1; transaction <= 2; transaction++) {
      for (RecipientAttempt other : List.of(accepted(another), no, later, lost)) {
        metrics.attemptFinished(attempt(transaction, yes, other));
      }
      metrics.attemptFinished(attempt(transaction, refused(to, cause, retry(Lane.SLOW)), later));
      metrics.attemptFinished(attempt(transaction, refused(to, cause, decision), no));
    }
  }

  private void drive(Recipient to, Cause cause, Decision decision) {
    RecipientAttempt refused = refused(to, cause, decision);
    drive(to, to, cause, decision);
    metrics.attemptFinished(attempt(unknown(to, cause, decision)));
    for (Outcome outcome : Outcome.values()) {
      metrics.deliveryFinished(
          new DeliveryReport(
              envelope(),
              NOW,
              NOW.plusSeconds(1),
              1,
              List.of(new RecipientReport(to, outcome, 1, List.of(refused)))));
    }
  }

  private static Attempt attempt(RecipientAttempt... recipients) {
    return attempt(1, recipients);
  }

  private static Attempt attempt(int transaction, RecipientAttempt... recipients) {
    return new Attempt(
        envelope(),
        HOSTILE,
        transaction,
        NOW,
        NOW,
        Duration.ofMillis(5),
        false,
        List.of(recipients));
  }

  private static Envelope envelope() {
    return Envelope.of(HOSTILE, List.of(HOSTILE, HOSTILE));
  }

  private static Recipient hostile(int index) {
    return new Recipient(index, HOSTILE);
  }

  private static RecipientAttempt accepted() {
    return accepted(hostile(0));
  }

  private static RecipientAttempt unknown(Recipient to, Cause cause, Decision decision) {
    return new RecipientAttempt(
        to,
        1,
        NOW,
        new RecipientResult.Unknown(hostileFailure()),
        Optional.of(hostileMeaning(cause)),
        Optional.of(decision));
  }

  private static RecipientAttempt accepted(Recipient to) {
    return new RecipientAttempt(
        to,
        1,
        NOW,
        new RecipientResult.Accepted(SmtpReply.parse("250 " + HOSTILE)),
        Optional.empty(),
        Optional.empty());
  }

  private static RecipientAttempt refused(Recipient to, Cause cause, Decision decision) {
    return new RecipientAttempt(
        to,
        1,
        NOW,
        new RecipientResult.Failed(hostileFailure()),
        Optional.of(hostileMeaning(cause)),
        Optional.of(decision));
  }

  private static SmtpFailure hostileFailure() {
    return new SmtpFailure.Refused(SmtpStage.RCPT, SmtpReply.parse("450 4.7.1 " + HOSTILE));
  }

  private static Classification hostileMeaning(Cause cause) {
    return new Classification(
        Severity.TRANSIENT,
        cause,
        Scope.SENDER,
        Lane.REPUTATION,
        Handling.RETRY,
        true,
        Optional.empty(),
        HOSTILE,
        Evidence.none(),
        HOSTILE,
        HOSTILE,
        HOSTILE);
  }
}
