package dev.redeliver.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.examples.Simulation.Minute;
import dev.redeliver.examples.Simulation.Result;
import dev.redeliver.examples.SimulationOptions.Limiter;
import dev.redeliver.examples.SimulationOptions.Scenario;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Hours of mail through the real sender, and the picture of them in the documentation. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SimulationTest {
  private static final int RATE = 40;
  private static final Path PICTURES = Path.of("..", "docs", "pictures");

  private final Map<Scenario, Result> results = new EnumMap<>(Scenario.class);

  private static Result run(Scenario scenario, Limiter limiter) {
    int load = scenario == Scenario.RATE_LIMIT ? 3 * RATE : 12;
    SimulationOptions options =
        new SimulationOptions(scenario, limiter, RATE, load, 6, scenario.usualMinutes(), 1);
    RetryPolicy policy = RetryPolicy.builder(Profile.BACKGROUND).build();
    return new Simulation(options, policy).run();
  }

  private Result run(Scenario scenario) {
    return results.computeIfAbsent(scenario, each -> run(each, Limiter.WINDOW));
  }

  private static double mean(Result result, int from, int to, ToDoubleFunction<Minute> value) {
    return result.curve().subList(from, to).stream().mapToDouble(value).average().orElseThrow();
  }

  @ParameterizedTest
  @EnumSource(Scenario.class)
  void anyScenario_losesNothing_andHoldsUpNobodyElse(Scenario scenario) {
    Result result = run(scenario);

    assertThat(result.lost()).isZero();
    assertThat(result.othersRatio()).isEqualTo(1);
    assertThat(result.curve()).allMatch(minute -> minute.othersAccepted() == 6);
    assertThat(result.ratio()).as(result.summary()).isGreaterThanOrEqualTo(0.9);
  }

  @ParameterizedTest
  @EnumSource(Limiter.class)
  void rateLimit_isFoundInMinutes_andKeptTo(Limiter limiter) {
    Result result =
        limiter == Limiter.WINDOW ? run(Scenario.RATE_LIMIT) : run(Scenario.RATE_LIMIT, limiter);

    assertThat(result.ratio()).as(result.summary()).isGreaterThanOrEqualTo(0.9);
    for (int from = 10; from + 10 <= result.curve().size(); from += 10) {
      assertThat(mean(result, from, from + 10, Minute::accepted))
          .as("minutes from " + from)
          .isBetween(0.8 * RATE, 1.2 * RATE);
    }
    assertThat(mean(result, 15, 60, Minute::refused)).as("a minute").isLessThan(0.5);
  }

  @Test
  void block_oneProbePerPause_oneAlertAndOneEnd() {
    Result result = run(Scenario.BLOCK);

    assertThat(result.pauses()).as("15 minutes each, two hours").isBetween(7, 9);
    assertThat(result.probes()).isLessThanOrEqualTo(result.pauses());
    assertThat(result.alerts()).isEqualTo(1);
    assertThat(result.resolved()).isEqualTo(1);
  }

  @Test
  void outage_isProbedLessAndLessOften_andRaisesNoAlert() {
    Result result = run(Scenario.OUTAGE);

    assertThat(result.probes()).isLessThanOrEqualTo(result.pauses());
    assertThat(result.pauses()).isLessThan(10);
    assertThat(result.alerts()).isZero();
  }

  @Test
  void greylist_slowsNobodyDown() {
    Result result = run(Scenario.GREYLIST);

    assertThat(result.pauses()).isZero();
    assertThat(result.curve()).allMatch(minute -> Double.isInfinite(minute.rate()));
  }

  @Test
  void sameSeed_sameSummary() {
    assertThat(run(Scenario.GREYLIST, Limiter.WINDOW).summary())
        .isEqualTo(run(Scenario.GREYLIST).summary());
  }

  @ParameterizedTest
  @EnumSource(Scenario.class)
  void picture_isThatOfTheSimulation(Scenario scenario) throws IOException {
    Path file = PICTURES.resolve("simulate-" + scenario.token() + ".svg");
    String picture = CurvePicture.of(scenario.token(), run(scenario).curve());
    if (System.getProperty("redeliver.docs", "").equals("write")) {
      Files.createDirectories(PICTURES);
      Files.writeString(file, picture);
    }

    assertThat(Files.readString(file)).isEqualTo(picture);
  }

  @Test
  void page_showsEveryPicture() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "guards.md"));

    for (Scenario scenario : Scenario.values()) {
      assertThat(page).contains("pictures/simulate-" + scenario.token() + ".svg");
      assertThat(List.of(PICTURES.resolve("simulate-" + scenario.token() + ".svg")))
          .allMatch(Files::exists);
    }
  }
}
