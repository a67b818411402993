package dev.redeliver.examples;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Which module may know which: the whole project as it is on this module's class path. */
class ModulesTest {
  private static final String[] CORE = {
    "dev.redeliver.smtp..",
    "dev.redeliver.classify..",
    "dev.redeliver.policy..",
    "dev.redeliver.reputation..",
    "dev.redeliver.delivery.."
  };
  private static final String ADAPTER = "dev.redeliver.jakartamail..";
  private static final String METRICS = "dev.redeliver.metrics..";
  private static final String OUTBOX = "dev.redeliver.outbox..";
  private static final String TESTKIT = "dev.redeliver.testkit..";
  private static final String EXAMPLES = "dev.redeliver.examples..";

  private static final JavaClasses PROJECT =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("dev.redeliver");

  @Test
  void project_isAllHere() {
    for (String name :
        new String[] {
          "dev.redeliver.smtp.SmtpReply",
          "dev.redeliver.jakartamail.RetryingTransport",
          "dev.redeliver.metrics.RedeliverMetrics",
          "dev.redeliver.outbox.Outbox",
          "dev.redeliver.testkit.ScriptedSmtpServer",
          "dev.redeliver.examples.RedeliverCommand"
        }) {
      assertThat(PROJECT.contain(name)).as(name).isTrue();
    }
  }

  @Test
  void core_knowsNoOtherModule() {
    noClasses()
        .that()
        .resideInAnyPackage(CORE)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ADAPTER, METRICS, OUTBOX, TESTKIT, EXAMPLES)
        .check(PROJECT);
  }

  @Test
  void core_knowsOnlyTheJdkAndItsThreeLibraries() {
    classes()
        .that()
        .resideInAnyPackage(CORE)
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            "dev.redeliver..",
            "java..",
            "com.github.benmanes.caffeine..",
            "io.github.resilience4j..",
            "org.slf4j..",
            "org.jspecify..")
        .check(PROJECT);
  }

  @Test
  void adapter_knowsCoreOnly() {
    noClasses()
        .that()
        .resideInAPackage(ADAPTER)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(METRICS, OUTBOX, TESTKIT, EXAMPLES, "io.micrometer..", "java.sql..")
        .check(PROJECT);
  }

  @Test
  void metrics_knowsCoreOnly() {
    noClasses()
        .that()
        .resideInAPackage(METRICS)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(ADAPTER, OUTBOX, TESTKIT, EXAMPLES, "jakarta..", "org.eclipse.angus..")
        .check(PROJECT);
  }

  @Test
  void outbox_knowsCoreAdapterAndItsLibraries() {
    classes()
        .that()
        .resideInAPackage(OUTBOX)
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            OUTBOX,
            "dev.redeliver.smtp..",
            "dev.redeliver.classify..",
            "dev.redeliver.policy..",
            "dev.redeliver.reputation..",
            "dev.redeliver.delivery..",
            ADAPTER,
            "java..",
            "javax.crypto..",
            "javax.sql..",
            "jakarta.mail..",
            "com.github.kagkarlsson.scheduler..",
            "com.github.kagkarlsson.shaded.jdbc..",
            "com.zaxxer.hikari..",
            "org.sqlite..",
            "org.slf4j..",
            "org.jspecify..")
        .check(PROJECT);
  }

  @Test
  void databases_areKnownToOutboxOnly() {
    noClasses()
        .that()
        .resideOutsideOfPackage(OUTBOX)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "java.sql..",
            "javax.sql..",
            "com.github.kagkarlsson..",
            "com.zaxxer.hikari..",
            "org.sqlite..",
            "org.postgresql..")
        .check(PROJECT);
  }

  @Test
  void testkit_needsTheJdkOnly() {
    classes()
        .that()
        .resideInAPackage(TESTKIT)
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(
            TESTKIT, "java..", "javax.net..", "org.jspecify..", "org.junit.jupiter..")
        .check(PROJECT);
  }

  @Test
  void jakartaMail_isKnownToAdapterOutboxAndExamplesOnly() {
    noClasses()
        .that()
        .resideOutsideOfPackages(ADAPTER, OUTBOX, EXAMPLES)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("jakarta.mail..", "jakarta.activation..")
        .check(PROJECT);
  }

  @Test
  void angus_isKnownToAdapterOnly() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ADAPTER)
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.eclipse.angus..")
        .check(PROJECT);
  }

  @Test
  void nothing_knowsExamples() {
    noClasses()
        .that()
        .resideOutsideOfPackage(EXAMPLES)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(EXAMPLES)
        .check(PROJECT);
  }

  @Test
  void packages_areFreeOfCircles() {
    slices().matching("dev.redeliver.(*)..").should().beFreeOfCycles().check(PROJECT);
  }
}
