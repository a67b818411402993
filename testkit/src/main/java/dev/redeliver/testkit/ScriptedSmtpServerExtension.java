package dev.redeliver.testkit;

import java.lang.reflect.Method;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives each JUnit 5 test a {@link ScriptedSmtpServer} of its own and closes it afterwards. A test
 * fails if code that it gave to the server threw ({@link ScriptedSmtpServer#failures()}).
 *
 * <pre>{@code
 * @ExtendWith(ScriptedSmtpServerExtension.class)
 * class MailTest {
 *   @Test
 *   void mail_isSent(ScriptedSmtpServer server) { ... }
 * }
 * }</pre>
 *
 * <p>For other settings, register it as a field and give it a builder:
 *
 * <pre>{@code
 * @RegisterExtension
 * final ScriptedSmtpServerExtension smtp =
 *     new ScriptedSmtpServerExtension(ScriptedSmtpServer.builder().with("STARTTLS"));
 * }</pre>
 *
 * <p>Safe for tests that run in parallel, if they take the server as a parameter.
 */
public final class ScriptedSmtpServerExtension
    implements BeforeEachCallback, AfterEachCallback, ParameterResolver {
  private static final Namespace NAMESPACE = Namespace.create(ScriptedSmtpServerExtension.class);

  private final ScriptedSmtpServer.Builder builder;
  private volatile @Nullable ScriptedSmtpServer latest;

  /** Servers with the default settings. */
  public ScriptedSmtpServerExtension() {
    this(ScriptedSmtpServer.builder());
  }

  /**
   * Servers with settings.
   *
   * @param builder the settings; not to be changed afterwards
   */
  public ScriptedSmtpServerExtension(ScriptedSmtpServer.Builder builder) {
    this.builder = Objects.requireNonNull(builder, "builder");
  }

  /**
   * {@return the server of the running test} For an extension in an instance field; with a static
   * one and tests in parallel, take the server as a parameter.
   *
   * @throws IllegalStateException if no test is running
   */
  public ScriptedSmtpServer server() {
    ScriptedSmtpServer server = latest;
    if (server == null) {
      throw new IllegalStateException("no test is running, so there is no SMTP server");
    }
    return server;
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    ScriptedSmtpServer server = builder.open();
    context.getStore(NAMESPACE).put(this, server);
    latest = server;
  }

  @Override
  public void afterEach(ExtensionContext context) {
    latest = null;
    ScriptedSmtpServer server = context.getStore(NAMESPACE).remove(this, ScriptedSmtpServer.class);
    if (server != null) {
      server.close();
      failOnFailures(server);
    }
  }

  private static void failOnFailures(ScriptedSmtpServer server) {
    if (!server.failures().isEmpty()) {
      AssertionError error =
          new AssertionError("code of the test threw in the SMTP server: " + server.failures());
      server.failures().forEach(error::addSuppressed);
      throw error;
    }
  }

  /** {@return whether it is a method's parameter of type {@link ScriptedSmtpServer}} */
  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == ScriptedSmtpServer.class
        && parameter.getDeclaringExecutable() instanceof Method
        && context.getStore(NAMESPACE).get(this) != null;
  }

  /** {@return the server of the test} */
  @Override
  public @Nullable Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return context.getStore(NAMESPACE).get(this);
  }
}
