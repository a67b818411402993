package dev.redeliver;

import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.target;
import static com.tngtech.archunit.core.domain.JavaAccess.Predicates.targetOwner;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.equivalentTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.name;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.redeliver.policy.RetryPolicy;
import java.time.Clock;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Data flows one way through core, and its middle is pure. */
class ArchitectureTest {
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
  void classes_areInOneOfTheFivePackages() {
    classes()
        .should()
        .resideInAnyPackage(
            "dev.redeliver.smtp",
            "dev.redeliver.classify",
            "dev.redeliver.policy",
            "dev.redeliver.reputation",
            "dev.redeliver.delivery")
        .check(CORE);
  }

  /** One class logs by SLF4J, which Resilience4j brings along: it has key-value pairs. */
  @Test
  void core_knowsNoMailApiNoMetersAndNoLoggingLibrary() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName("dev.redeliver.delivery.DeliveryLog")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "jakarta..",
            "javax.mail..",
            "org.eclipse.angus..",
            "io.micrometer..",
            "org.slf4j..",
            "java.util.logging..")
        .check(CORE);
  }

  @Test
  void onlyTheWaiter_sleeps() {
    noClasses()
        .that()
        .doNotHaveFullyQualifiedName("dev.redeliver.delivery.Waiter")
        .should()
        .callMethodWhere(target(name("sleep")).and(targetOwner(equivalentTo(Thread.class))))
        .orShould()
        .callMethodWhere(target(name("sleep")).and(targetOwner(equivalentTo(TimeUnit.class))))
        .check(CORE);
  }

  /**
   * A decision depends on what is handed in: not on when it is asked, nor on luck. The guard's
   * clock goes to Resilience4j's circuit breakers.
   */
  @Test
  void allButDelivery_isPure() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.redeliver.delivery")
        .and()
        .haveNameNotMatching("dev\\.redeliver\\.reputation\\.(DestinationGuard|Gate|SteadyTime)")
        .should()
        .callMethodWhere(target(name("now")).and(targetOwner(resideInAPackage("java.time"))))
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(Math.class, "random")
        .orShould()
        .dependOnClassesThat(
            assignableTo(Clock.class)
                .or(assignableTo(InstantSource.class))
                .or(assignableTo(RandomGenerator.class)))
        .orShould()
        .callCodeUnitWhere(
            targetOwner(assignableTo(Thread.class))
                .and(target(nameMatching("(?!currentThread|getContextClassLoader).*"))))
        .check(CORE);
  }

  /** The rules above would pass on nothing, too. */
  @Test
  void rules_areAboutAllOfCore() {
    assertThat(CORE.stream().map(JavaClass::getPackageName).distinct())
        .containsExactlyInAnyOrder(
            "dev.redeliver.smtp",
            "dev.redeliver.classify",
            "dev.redeliver.policy",
            "dev.redeliver.reputation",
            "dev.redeliver.delivery");
    assertThat(CORE.contain(RetryPolicy.class)).isTrue();
  }
}
