/** A scripted SMTP server, a clock and a waiter that never wait: for tests of mail-sending code. */
module dev.redeliver.testkit {
  requires static org.jspecify;
  requires static org.junit.jupiter.api;

  exports dev.redeliver.testkit;
}
