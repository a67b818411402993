package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A named module with no more than this adapter and what it needs: our transport is found by the
 * property through the module's provider, without the files of the class path, and without
 * JSpecify.
 */
class ModulePathTest {
  private static final String MODULE =
      """
      module consumer {
        requires dev.redeliver.jakartamail;
        requires org.eclipse.angus.mail;
      }
      """;

  private static final String MAIN =
      """
      package consumer;

      import dev.redeliver.jakartamail.RedeliverSmtpTransport;
      import dev.redeliver.jakartamail.RetryingTransport;
      import dev.redeliver.policy.Profile;
      import dev.redeliver.policy.RetryPolicy;
      import jakarta.mail.Session;
      import jakarta.mail.Transport;
      import java.util.Properties;
      import org.eclipse.angus.mail.smtp.SMTPTransport;

      public class Main {
        public static void main(String[] args) throws Exception {
          Properties properties = new Properties();
          Transport plain = Session.getInstance(properties).getTransport("smtp");
          RetryPolicy policy = RetryPolicy.of(Profile.INTERACTIVE);
          SMTPTransport wrapped =
              RetryingTransport.wrap(plain, policy).unwrap(SMTPTransport.class);
          properties.setProperty("mail.smtp.class", RedeliverSmtpTransport.class.getName());
          Transport adopted = Session.getInstance(properties).getTransport("smtp");
          boolean named = adopted.getClass().getModule().isNamed();
          System.out.println(
              (wrapped == plain) + " " + (adopted instanceof RedeliverSmtpTransport) + " " + named);
        }
      }
      """;

  @Test
  void consumer_getsBothTransports(@TempDir Path folder) throws Exception {
    Path source = Files.createDirectories(folder.resolve("src/consumer"));
    Path main = Files.writeString(source.resolve("Main.java"), MAIN);
    Path module = Files.writeString(folder.resolve("src/module-info.java"), MODULE);
    Path compiled = folder.resolve("out");
    String modules = modulePath();

    compile(modules, compiled, module, main);
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-p",
                modules + File.pathSeparator + compiled,
                "-m",
                "consumer/consumer.Main")
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(output.strip()).isEqualTo("true true true");
  }

  private static void compile(String modules, Path target, Path... sources) {
    ByteArrayOutputStream errors = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(errors, true, StandardCharsets.UTF_8);
    int result =
        ToolProvider.findFirst("javac")
            .orElseThrow()
            .run(
                out,
                out,
                "-proc:none",
                "-p",
                modules,
                "-d",
                target.toString(),
                sources[0].toString(),
                sources[1].toString());
    assertThat(result).as(errors.toString(StandardCharsets.UTF_8)).isZero();
  }

  /** Tests run on either path. */
  private static String path(String... properties) {
    return Arrays.stream(properties)
        .map(property -> System.getProperty(property, ""))
        .collect(Collectors.joining(File.pathSeparator));
  }

  /** What a consumer has: neither JSpecify nor test libraries, and no second copy of the API. */
  private static String modulePath() {
    return Arrays.stream(path("java.class.path", "jdk.module.path").split(File.pathSeparator))
        .filter(
            entry ->
                entry.matches(
                        ".*/(angus-(mail|activation)-|jakarta\\.(mail|activation)-api-|resilience4j-"
                            + "|slf4j-api-|commons-pool2-|caffeine-)[^/]*")
                    || entry.matches(".*(core|jakarta-mail-adapter).target.(classes|[^/]*jar)"))
        .collect(Collectors.joining(File.pathSeparator));
  }
}
