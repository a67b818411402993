package dev.redeliver.classify;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Operators of mailboxes whose replies have meanings of their own. A closed set, so that its tokens
 * can be a tag of metrics.
 */
public enum MailboxProvider {
  /** Gmail and Google Workspace. */
  GOOGLE(
      List.of("gmail.com", "googlemail.com", "google.com"),
      "gsmtp | support google com | google com mail"),
  /** Outlook.com and Exchange Online. */
  MICROSOFT(
      List.of(
          "outlook.com",
          "hotmail.com",
          "live.com",
          "msn.com",
          "hotmail.co.uk",
          "hotmail.fr",
          "hotmail.de",
          "outlook.de",
          "outlook.fr",
          "onmicrosoft.com"),
      "outlook com | protection outlook | postmaster live com | office365 | microsoft com"
          + " | hotmail | exchangelabs"),
  /** Yahoo and AOL. */
  YAHOO(
      List.of(
          "yahoo.com",
          "aol.com",
          "ymail.com",
          "rocketmail.com",
          "yahoo.co.uk",
          "yahoo.fr",
          "yahoo.de",
          "yahoo.co.in",
          "aim.com",
          "verizon.net"),
      "yahoo | yahooinc | aol com | tss0 | tss1 | ipts0"),
  /** iCloud Mail. */
  APPLE(
      List.of("icloud.com", "me.com", "mac.com"),
      "icloud | apple com | me com | hcm1 | cs01 | bs02"),
  /** Comcast. */
  COMCAST(List.of("comcast.net"), "comcast"),
  /** Orange and Wanadoo. */
  ORANGE(List.of("orange.fr", "wanadoo.fr"), "orange fr | wanadoo | ofr00 | ofr_ | mwinf"),
  /** GMX, Web.de and 1 and 1. */
  GMX(
      List.of("gmx.de", "gmx.net", "gmx.at", "gmx.ch", "gmx.com", "web.de", "1und1.de"),
      "gmx net | gmx com | web de | kundenserver | nemesis esmtp"),
  /** T-Online. */
  T_ONLINE(List.of("t-online.de", "magenta.de"), "t online de"),
  /** Mail.ru. */
  MAIL_RU(List.of("mail.ru", "bk.ru", "list.ru", "inbox.ru"), "mail ru"),
  /** Yandex. */
  YANDEX(List.of("yandex.ru", "yandex.com", "ya.ru"), "yandex"),
  /** QQ Mail. */
  QQ(List.of("qq.com", "foxmail.com"), "qq com"),
  /** NetEase: 163, 126 and Yeah. */
  NETEASE(List.of("163.com", "126.com", "yeah.net"), "163 com | netease"),
  /** Everybody else. */
  OTHER(List.of(), "");

  private final String token = name().toLowerCase(Locale.ROOT).replace('_', '-');

  @SuppressWarnings("ImmutableEnumChecker") // made by List.of, which is
  private final List<String> domains;

  private final String marks;

  MailboxProvider(List<String> domains, String marks) {
    this.domains = domains;
    this.marks = marks;
  }

  /** {@return the name in lower case with hyphens, as in the rule table and metrics} */
  public String token() {
    return token;
  }

  /** {@return words of a reply that only this operator uses, as a rule's phrase; may be empty} */
  String marks() {
    return marks;
  }

  /** {@return the tokens of all operators, {@code other} included} */
  public static List<String> tokens() {
    return Arrays.stream(values()).map(MailboxProvider::token).toList();
  }

  /**
   * {@return the operator of a recipient's domain}
   *
   * @param domain a domain in any case; subdomains of a known one count
   */
  public static MailboxProvider ofDomain(String domain) {
    String lower = domain.toLowerCase(Locale.ROOT);
    return Arrays.stream(values())
        .filter(provider -> provider.domains.stream().anyMatch(d -> isWithin(lower, d)))
        .findFirst()
        .orElse(OTHER);
  }

  private static boolean isWithin(String domain, String known) {
    return domain.endsWith(known)
        && (domain.length() == known.length()
            || domain.charAt(domain.length() - known.length() - 1) == '.');
  }
}
