/** Keeps messages in a database until every recipient has an outcome. */
module dev.redeliver.outbox {
  requires transitive dev.redeliver.core;
  requires transitive dev.redeliver.jakartamail;
  requires transitive jakarta.mail;
  requires transitive java.sql;
  requires com.github.kagkarlsson.scheduler;
  requires com.zaxxer.hikari;
  requires org.slf4j;
  requires org.xerial.sqlitejdbc;
  requires static org.jspecify;

  exports dev.redeliver.outbox;

  provides dev.redeliver.jakartamail.DeferredMessagesFactory with
      dev.redeliver.outbox.SharedOutboxes;
}
