/** Puts Redeliver around Jakarta Mail transports. */
module dev.redeliver.jakartamail {
  requires transitive dev.redeliver.core;
  requires transitive jakarta.mail;
  requires org.apache.commons.pool2;
  requires static org.eclipse.angus.mail;
  requires static org.jspecify;

  exports dev.redeliver.jakartamail;

  uses dev.redeliver.jakartamail.DeferredMessagesFactory;

  provides jakarta.mail.Provider with
      dev.redeliver.jakartamail.RedeliverSmtpProvider,
      dev.redeliver.jakartamail.RedeliverSmtpsProvider;
}
