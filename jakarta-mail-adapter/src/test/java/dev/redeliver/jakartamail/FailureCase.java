package dev.redeliver.jakartamail;

import dev.redeliver.testkit.ScriptedSmtpServer;
import dev.redeliver.testkit.SmtpAction;
import dev.redeliver.testkit.SmtpScript;
import dev.redeliver.testkit.Stage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** The cases of {@code docs/failures.md}: what a server does, in words and as a script. */
final class FailureCase {
  private static final String GONE = "550 5.1.1 no such user";
  private static final String BUSY = "450 4.2.1 try again later";

  /** What the page says of the server. */
  final String words;

  final List<String> extensions = new ArrayList<>();
  private final Consumer<ScriptedSmtpServer> script;
  private BiConsumer<ScriptedSmtpServer, Properties> settings = (server, properties) -> {};
  boolean authenticates;
  boolean afterIdling;
  boolean failsToWrite;
  boolean large;

  private FailureCase(String words, Consumer<ScriptedSmtpServer> script) {
    this.words = words;
    this.script = script;
  }

  void prepare(ScriptedSmtpServer server, Properties properties) {
    script.accept(server);
    settings.accept(server, properties);
  }

  private FailureCase offering(String... more) {
    extensions.addAll(Arrays.asList(more));
    return this;
  }

  private FailureCase with(BiConsumer<ScriptedSmtpServer, Properties> more) {
    settings = more;
    return this;
  }

  private FailureCase with(String key, String value) {
    return with((server, properties) -> properties.setProperty(key, value));
  }

  private FailureCase authenticating() {
    authenticates = true;
    return offering("AUTH PLAIN");
  }

  private FailureCase afterIdling() {
    afterIdling = true;
    return this;
  }

  private FailureCase failingToWrite() {
    failsToWrite = true;
    return this;
  }

  private FailureCase large() {
    large = true;
    return this;
  }

  /** {@return how long the client shall wait for an answer} Not long where none will come. */
  String timeoutMillis() {
    return words.matches(".*(nothing to|never).*") ? "300" : "10000";
  }

  static List<FailureCase> all() {
    List<FailureCase> cases = new ArrayList<>();
    cases.addAll(connecting());
    cases.addAll(authentication());
    cases.addAll(sender());
    cases.addAll(recipients());
    cases.addAll(data());
    cases.addAll(verdict());
    cases.addAll(around());
    return cases;
  }

  private static FailureCase at(Stage stage, String words, Consumer<SmtpScript> play) {
    return new FailureCase(words, server -> play.accept(server.on(stage)));
  }

  private static FailureCase toB(String words, Consumer<SmtpScript> play) {
    return new FailureCase(
        words, server -> play.accept(server.on(Stage.RCPT).to("b@example.org").always()));
  }

  private static FailureCase reply(Stage stage, String where, String... lines) {
    return at(
        stage,
        where + " `" + String.join("`, `", lines) + "`",
        script -> script.always().reply(lines));
  }

  private static Consumer<SmtpScript> thenClose(String reply) {
    return script -> script.then(SmtpAction.reply(reply), SmtpAction.close());
  }

  private static Consumer<SmtpScript> thenReset(String reply) {
    return script -> script.then(SmtpAction.reply(reply), SmtpAction.reset());
  }

  private static List<FailureCase> connecting() {
    return List.of(
        new FailureCase("does not listen", server -> {}).with("mail.smtp.port", "1"),
        reply(Stage.GREETING, "greets with", "421 4.3.2 too busy"),
        reply(Stage.GREETING, "greets with", "554 5.7.1 no service for you"),
        reply(Stage.GREETING, "greets with", "HTTP/1.1 400 Bad Request"),
        at(Stage.GREETING, "closes instead of greeting", script -> script.always().close()),
        at(Stage.GREETING, "never greets", script -> script.always().stall()),
        at(
            Stage.EHLO,
            "to EHLO `421 4.7.0 go away`, and closes",
            script ->
                script.always().then(SmtpAction.reply("421 4.7.0 go away"), SmtpAction.close())),
        new FailureCase(
            "to EHLO `550 5.7.1 bad name`, to HELO too",
            server -> {
              server.on(Stage.EHLO).always().reply("550 5.7.1 bad name");
              server.on(Stage.HELO).always().reply("550 5.7.1 bad name");
            }),
        new FailureCase("offers no STARTTLS, and it is required", server -> {})
            .with("mail.smtp.starttls.required", "true"),
        reply(Stage.STARTTLS, "to STARTTLS", "454 4.7.0 TLS not available")
            .offering("STARTTLS")
            .with("mail.smtp.starttls.required", "true"),
        new FailureCase("has a certificate that is not trusted", server -> {})
            .offering("STARTTLS")
            .with("mail.smtp.starttls.required", "true"));
  }

  private static List<FailureCase> authentication() {
    return List.of(
        reply(Stage.AUTH, "to AUTH", "535 5.7.8 bad credentials").authenticating(),
        reply(Stage.AUTH, "to AUTH", "454 4.7.0 temporary failure").authenticating(),
        at(Stage.AUTH, "closes at AUTH", script -> script.always().close()).authenticating(),
        at(Stage.AUTH, "resets at AUTH", script -> script.always().reset()).authenticating(),
        new FailureCase("wants a password, and none is set", server -> {})
            .with("mail.smtp.auth", "true"));
  }

  private static List<FailureCase> sender() {
    String silent = "451 4.3.0 local error";
    return List.of(
        reply(Stage.MAIL, "to MAIL", "451 4.3.0 local error"),
        reply(Stage.MAIL, "to MAIL", "550 5.7.1 sender not wanted"),
        reply(Stage.MAIL, "to MAIL", "552 5.3.4 too large"),
        reply(Stage.MAIL, "to MAIL", "530 5.7.0 authenticate first"),
        reply(Stage.MAIL, "to MAIL", "251 2.1.0 fine"),
        reply(Stage.MAIL, "to MAIL", "250-2.1.0 fine", "550 5.7.1 not fine"),
        at(
            Stage.MAIL,
            "to MAIL `421 4.3.2 shutting down`, and closes",
            thenClose("421 4.3.2 shutting down")),
        at(
            Stage.MAIL,
            "to MAIL `421 4.3.2 shutting down`, and resets",
            thenReset("421 4.3.2 shutting down")),
        new FailureCase(
            "to MAIL `" + silent + "`, and nothing to RSET",
            server -> {
              server.on(Stage.MAIL).reply(silent);
              server.on(Stage.RSET).stall();
            }),
        at(Stage.MAIL, "to MAIL `" + silent + "`, and resets", thenReset(silent)),
        at(Stage.MAIL, "closes at MAIL", SmtpScript::close),
        at(Stage.MAIL, "resets at MAIL", SmtpScript::reset),
        at(Stage.MAIL, "nothing to MAIL", SmtpScript::stall),
        at(Stage.MAIL, "to MAIL `HTTP/1.1 400`", script -> script.reply("HTTP/1.1 400")));
  }

  private static List<FailureCase> recipients() {
    String down = "421 4.3.2 shutting down";
    return List.of(
        toB("to RCPT b `" + GONE + "`", script -> script.reply(GONE)),
        toB("to RCPT b `" + BUSY + "`", script -> script.reply(BUSY)),
        toB("to RCPT b `552 5.2.2 mailbox full`", script -> script.reply("552 5.2.2 mailbox full")),
        toB("to RCPT b `503 5.5.1 sequence`", script -> script.reply("503 5.5.1 sequence")),
        toB("to RCPT b `251 2.1.5 forwarded`", script -> script.reply("251 2.1.5 forwarded")),
        toB("to RCPT b `252 2.1.5 not verified`", script -> script.reply("252 2.1.5 not verified")),
        toB(
            "to RCPT b `452 4.5.3 too many recipients`",
            script -> script.reply("452 4.5.3 too many recipients")),
        reply(Stage.RCPT, "to every RCPT", GONE),
        reply(Stage.RCPT, "to every RCPT", "550 5.7.1 policy"),
        new FailureCase(
            "to RCPT a `" + GONE + "`, to RCPT b `421 4.7.0 too many errors`, and closes",
            server -> {
              server.on(Stage.RCPT).to("a@example.org").always().reply(GONE);
              server
                  .on(Stage.RCPT)
                  .to("b@example.org")
                  .then(SmtpAction.reply("421 4.7.0 too many errors"), SmtpAction.close());
            }),
        toB("to RCPT b `" + down + "`, and goes on", script -> script.reply(down)),
        new FailureCase(
            "to MAIL two replies of `250`, to RCPT b `" + GONE + "`",
            server -> {
              server.on(Stage.MAIL).reply("250 2.1.0 ok", "250 2.1.0 ok");
              server.on(Stage.RCPT).to("b@example.org").always().reply(GONE);
            }),
        toB("closes at RCPT b", SmtpScript::close),
        toB("resets at RCPT b", SmtpScript::reset),
        new FailureCase(
            "to RCPT b `" + GONE + "`, then to the content `554 5.6.0 refused`",
            server -> {
              server.on(Stage.RCPT).to("b@example.org").always().reply(GONE);
              server.on(Stage.END_OF_DATA).reply("554 5.6.0 refused");
            }),
        new FailureCase(
            "to RCPT b `" + BUSY + "`, and closes after the content",
            server -> {
              server.on(Stage.RCPT).to("b@example.org").always().reply(BUSY);
              server.on(Stage.END_OF_DATA).acceptThenClose();
            }));
  }

  private static List<FailureCase> data() {
    return List.of(
        reply(Stage.DATA, "to DATA", "451 4.3.0 local error"),
        reply(Stage.DATA, "to DATA", "554 5.7.1 not now"),
        reply(Stage.DATA, "to DATA", "250 2.0.0 out of place"),
        at(
            Stage.DATA,
            "to DATA `421 4.3.2 shutting down`, and closes",
            thenClose("421 4.3.2 shutting down")),
        at(Stage.DATA, "closes at DATA", SmtpScript::close),
        at(Stage.DATA, "resets at DATA", SmtpScript::reset),
        at(
                Stage.CONTENT,
                "resets within the content, which is large",
                script -> script.afterBytes(10).reset())
            .large(),
        new FailureCase("waits for content that cannot be read here", server -> {})
            .failingToWrite());
  }

  private static List<FailureCase> verdict() {
    Stage end = Stage.END_OF_DATA;
    return List.of(
        reply(end, "to the content", "451 4.3.0 local error"),
        reply(end, "to the content", "554 5.7.1 spam"),
        at(
            end,
            "to the content `421 4.3.2 shutting down`, and closes",
            thenClose("421 4.3.2 shutting down")),
        at(end, "to the content `554 5.7.1 spam`, and resets", thenReset("554 5.7.1 spam")),
        new FailureCase(
            "to the content `554 5.7.1 spam`, and nothing to RSET",
            server -> {
              server.on(end).reply("554 5.7.1 spam");
              server.on(Stage.RSET).stall();
            }),
        reply(end, "to the content", "251 2.0.0 will forward"),
        reply(end, "to the content", "250-2.0.0 fine", "550 5.7.1 not fine"),
        at(
            end,
            "to the content `250 2.0.0 ok`, and resets",
            script -> script.then(SmtpAction.reply("250 2.0.0 ok"), SmtpAction.reset())),
        at(end, "accepts, and closes without a reply", SmtpScript::acceptThenClose),
        at(end, "accepts, and resets without a reply", SmtpScript::acceptThenReset),
        at(
            end,
            "accepts, and never replies",
            script -> script.then(SmtpAction.accept(), SmtpAction.stall())),
        at(end, "forgets the content, and closes without a reply", SmtpScript::dropThenClose),
        at(end, "to the content `HTTP/1.1 400`", script -> script.reply("HTTP/1.1 400")),
        at(
            end,
            "to the content `55`, and closes",
            script -> script.then(SmtpAction.raw("55"), SmtpAction.close())),
        at(
            end,
            "to the content `250-2.0.0 fine`, and closes",
            script -> script.then(SmtpAction.raw("250-2.0.0 fine\r\n"), SmtpAction.close())),
        at(end, "accepts over TLS, and closes without a reply", SmtpScript::acceptThenClose)
            .offering("STARTTLS")
            .with(
                (server, properties) -> {
                  properties.setProperty("mail.smtp.starttls.required", "true");
                  properties.put(
                      "mail.smtp.ssl.socketFactory",
                      ScriptedSmtpServer.clientSslContext().getSocketFactory());
                }));
  }

  private static List<FailureCase> around() {
    return List.of(
        new FailureCase("accepts all, and `reportsuccess` is on", server -> {})
            .with("mail.smtp.reportsuccess", "true"),
        new FailureCase("says that it takes 10 octets at most", server -> {}).offering("SIZE 10"),
        at(Stage.QUIT, "resets at QUIT", SmtpScript::reset),
        new FailureCase("had closed the idle connection", server -> {}).afterIdling());
  }
}
