package dev.redeliver.jakartamail;

import java.util.Locale;

/** Where Postfix listens, and what is special there. */
enum PostfixPort {
  /** Takes mail for lab.test; two mailboxes are refused by an access table. */
  PLAIN("smtpd_recipient_restrictions=$access"),

  /** Takes little at a time. */
  SMALL("message_size_limit=20000", "smtpd_recipient_limit=4"),

  /** Takes little at a time and does not say so. */
  SMALL_SILENT("message_size_limit=20000", "smtpd_discard_ehlo_keywords=size"),

  /** Asks Dovecot whether there is room. */
  QUOTA("smtpd_recipient_restrictions=$quota"),

  /** As QUOTA, and turns each 5yz into a 4yz, as careful administrators do for a while. */
  SOFT_BOUNCE("soft_bounce=yes", "smtpd_recipient_restrictions=$quota"),

  /** Puts off relaying, as Postfix does unless told otherwise. */
  RELAY_DEFERRED("smtpd_relay_restrictions=$relay_perhaps"),

  /** Asks postgrey, whose answer is the one that it ships with. */
  GREYLISTING("smtpd_recipient_restrictions=$greylisting"),

  /** Asks a postgrey that names the seconds that are left. */
  GREYLISTING_TELLING("smtpd_recipient_restrictions=$greylisting_telling"),

  /** Takes one message per minute. */
  MESSAGE_RATE("smtpd_client_message_rate_limit=1"),

  /** Takes two recipients per minute. */
  RECIPIENT_RATE("smtpd_client_recipient_rate_limit=2"),

  /** Takes one connection per minute. */
  CONNECTION_RATE("smtpd_client_connection_rate_limit=1"),

  /** Takes one connection at a time. */
  CONNECTION_COUNT("smtpd_client_connection_count_limit=1"),

  /** Encrypted, and for those who have a password. */
  SUBMISSION(
      "smtpd_tls_security_level=encrypt",
      "smtpd_sasl_auth_enable=yes",
      "smtpd_tls_auth_only=yes",
      "smtpd_relay_restrictions=$relay_for_users");

  private final String options;

  PostfixPort(String... options) {
    this.options = " -o " + String.join(" -o ", options);
  }

  /** {@return smtpd's parameters, as master.cf takes them} */
  String options() {
    return options;
  }

  /** {@return what each line begins with that this port's processes log} */
  String logName() {
    return "postfix/" + name().toLowerCase(Locale.ROOT);
  }
}
