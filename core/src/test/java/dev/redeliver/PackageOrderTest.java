package dev.redeliver;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.time.Clock;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

/** Data flows one way through core, and its middle is pure. */
class PackageOrderTest {
  private static final JavaClasses CORE =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .withImportOption(location -> !location.contains("testkit"))
          .importPackages("dev.redeliver");

  @Test
  void packages_importOnlyThoseBefore() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("smtp")
        .definedBy("dev.redeliver.smtp")
        .layer("classify")
        .definedBy("dev.redeliver.classify")
        .layer("policy")
        .definedBy("dev.redeliver.policy")
        .layer("reputation")
        .definedBy("dev.redeliver.reputation")
        .layer("delivery")
        .definedBy("dev.redeliver.delivery")
        .whereLayer("delivery")
        .mayNotBeAccessedByAnyLayer()
        .whereLayer("reputation")
        .mayOnlyBeAccessedByLayers("delivery")
        .whereLayer("policy")
        .mayOnlyBeAccessedByLayers("reputation", "delivery")
        .whereLayer("classify")
        .mayOnlyBeAccessedByLayers("policy", "reputation", "delivery")
        .check(CORE);
  }

  @Test
  void packages_haveNoCircle() {
    slices().matching("dev.redeliver.(*)..").should().beFreeOfCycles().check(CORE);
  }

  @Test
  void core_knowsNoMailApiAndNoMeters() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "jakarta..",
            "org.eclipse.angus..",
            "io.micrometer..",
            "org.slf4j..",
            "java.util.logging..")
        .check(CORE);
  }

  @Test
  void classifyAndPolicy_readNoClockAndDrawNoNumber() {
    noClasses()
        .that()
        .resideInAnyPackage(
            "dev.redeliver.smtp",
            "dev.redeliver.classify",
            "dev.redeliver.policy",
            "dev.redeliver.reputation")
        .should()
        .callMethod(Instant.class, "now")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(Math.class, "random")
        .orShould()
        .dependOnClassesThat()
        .belongToAnyOf(Clock.class, ThreadLocalRandom.class, Thread.class)
        .check(CORE);
  }
}
