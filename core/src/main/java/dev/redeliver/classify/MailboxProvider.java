package dev.redeliver.classify;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * An operator of mailboxes, or a service that filters for others, whose replies have meanings of
 * their own. A closed set (the resource {@code providers.tsv}), so that tokens can be a tag of
 * metrics. Immutable and thread-safe.
 */
public final class MailboxProvider {
  /** Everybody who is not in the table. */
  public static final MailboxProvider OTHER =
      new MailboxProvider("other", "Other", List.of(), List.of(), Optional.empty());

  private static final String NAME = "providers.tsv";
  private static final int SHORTEST_NAME = 3;
  private static final List<String> COLUMNS =
      List.of("token", "name", "domains", "hosts", "marks", "source");

  private final String token;
  private final String name;
  private final List<String> domains;
  private final List<String> hosts;
  private final Optional<String> marks;

  private MailboxProvider(
      String token, String name, List<String> domains, List<String> hosts, Optional<String> marks) {
    this.token = token;
    this.name = name;
    this.domains = domains;
    this.hosts = hosts;
    this.marks = marks;
  }

  /** Loaded when first asked for. */
  private static final class All {
    static final Map<String, MailboxProvider> BY_TOKEN = new LinkedHashMap<>();
    static final Map<String, MailboxProvider> BY_DOMAIN = new HashMap<>();
    static final Map<String, MailboxProvider> BY_HOST = new HashMap<>();

    static {
      Table.read(NAME, Table.resource(NAME), COLUMNS, COLUMNS, All::add);
      BY_TOKEN.put(OTHER.token, OTHER);
    }

    private static void add(Table.Row row) {
      MailboxProvider provider =
          new MailboxProvider(
              row.get("token"),
              row.get("name"),
              list(row.get("domains")),
              list(row.get("hosts")),
              row.isDefault("marks") ? Optional.empty() : Optional.of(row.get("marks")));
      addOnce(BY_TOKEN, "token", provider.token, provider);
      provider.domains.forEach(domain -> addOnce(BY_DOMAIN, "domains", domain, provider));
      provider.hosts.forEach(host -> addOnce(BY_HOST, "hosts", host, provider));
    }

    private static void addOnce(
        Map<String, MailboxProvider> map, String column, String key, MailboxProvider provider) {
      if (map.put(key, provider) != null) {
        throw new Table.BadCell(column, "'" + key + "' stands twice");
      }
    }

    private static List<String> list(String cell) {
      return cell.equals(Table.DEFAULT) ? List.of() : List.of(cell.split(" +", -1));
    }
  }

  /** {@return the name in lower case with hyphens, as in the rule table and metrics} */
  public String token() {
    return token;
  }

  /** {@return words of a reply that only this operator uses, as a rule's phrase} */
  Optional<String> marks() {
    return marks;
  }

  /** {@return all of the table and {@link #OTHER}} */
  static List<MailboxProvider> all() {
    return List.copyOf(All.BY_TOKEN.values());
  }

  static Optional<MailboxProvider> ofToken(String token) {
    return Optional.ofNullable(All.BY_TOKEN.get(token));
  }

  /** {@return who goes by a name: a token, a domain or its first label, or a name of the table} */
  static Optional<MailboxProvider> known(String name) {
    String wanted = name.toLowerCase(Locale.ROOT);
    MailboxProvider exact = All.BY_TOKEN.get(wanted);
    if (exact != null) {
      return Optional.of(exact);
    }
    return Stream.<Predicate<MailboxProvider>>of(
            each -> each.hasDomain(wanted), each -> each.hasInName(wanted))
        .flatMap(goesBy -> All.BY_TOKEN.values().stream().filter(goesBy))
        .findFirst();
  }

  private boolean hasDomain(String wanted) {
    return Stream.concat(domains.stream(), hosts.stream())
        .anyMatch(domain -> domain.equals(wanted) || domain.startsWith(wanted + "."));
  }

  private boolean hasInName(String wanted) {
    return wanted.length() > SHORTEST_NAME
        && List.of(name.toLowerCase(Locale.ROOT).split("[ ,]+", -1)).contains(wanted);
  }

  /** {@return the tokens that {@link #ofDomain} can lead to, {@code other} included} */
  public static List<String> tokens() {
    List<String> tokens = new ArrayList<>();
    for (MailboxProvider provider : All.BY_TOKEN.values()) {
      if (!provider.domains.isEmpty() || provider.equals(OTHER)) {
        tokens.add(provider.token);
      }
    }
    return List.copyOf(tokens);
  }

  /**
   * {@return the operator of a recipient's domain}
   *
   * @param domain a domain in any case; subdomains of a known one count
   */
  public static MailboxProvider ofDomain(String domain) {
    return longestSuffix(All.BY_DOMAIN, domain);
  }

  /**
   * {@return the operator of a mail server}
   *
   * @param host its name in any case, such as an MX record gives it
   */
  public static MailboxProvider ofHost(String host) {
    return longestSuffix(All.BY_HOST, host);
  }

  private static MailboxProvider longestSuffix(Map<String, MailboxProvider> known, String name) {
    String suffix = name.toLowerCase(Locale.ROOT);
    while (true) {
      MailboxProvider provider = known.get(suffix);
      int dot = suffix.indexOf('.');
      if (provider != null || dot < 0) {
        return provider == null ? OTHER : provider;
      }
      suffix = suffix.substring(dot + 1);
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
