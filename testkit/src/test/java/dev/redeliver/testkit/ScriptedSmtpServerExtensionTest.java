package dev.redeliver.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import java.io.IOException;
import java.net.ConnectException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

class ScriptedSmtpServerExtensionTest {
  private static final List<ScriptedSmtpServer> SERVERS = new ArrayList<>();

  @RegisterExtension
  final ScriptedSmtpServerExtension smtp =
      new ScriptedSmtpServerExtension(ScriptedSmtpServer.builder().extensions("PIPELINING"));

  @Test
  void registered_withABuilder_offersItsServer(ScriptedSmtpServer parameter) throws IOException {
    assertThat(smtp.server()).isSameAs(parameter);
    try (RawClient client = RawClient.connect(parameter)) {
      client.reply();
      assertThat(client.say("EHLO x")).isEqualTo("250-localhost|250 PIPELINING");
    }
  }

  @Test
  void server_outsideOfATest_isRefused() {
    assertThatIllegalStateException()
        .isThrownBy(() -> new ScriptedSmtpServerExtension().server())
        .withMessage("no test is running, so there is no SMTP server");
  }

  /** Run by the test below, not by itself. */
  @ExtendWith(ScriptedSmtpServerExtension.class)
  static class Fixture {
    @Test
    void hookThrows(ScriptedSmtpServer server) throws IOException {
      SERVERS.add(server);
      server.on(Stage.GREETING).then(SmtpAction.run(Fixture::fail));
      try (RawClient client = RawClient.connect(server)) {
        assertThat(client.reply()).isEqualTo("EOF");
      }
    }

    private static void fail() {
      throw new IllegalStateException("in the hook");
    }
  }

  @Test
  void hookThatThrows_failsTheTest_andTheServerIsClosed() {
    SERVERS.clear();
    SummaryGeneratingListener summary = new SummaryGeneratingListener();
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request().selectors(selectClass(Fixture.class)).build();
    LauncherFactory.create().execute(request, summary);
    assertThat(summary.getSummary().getFailures())
        .singleElement()
        .satisfies(
            failure ->
                assertThat(failure.getException())
                    .hasMessage(
                        "code of the test threw in the SMTP server:"
                            + " [java.lang.IllegalStateException: in the hook]"));
    assertThatThrownBy(() -> RawClient.connect(SERVERS.get(0)))
        .isInstanceOf(ConnectException.class);
  }
}
