package dev.redeliver.benchmarks;

import java.util.ArrayList;
import java.util.List;

/** Rules as a user might write them, as many as wanted; they decide none of our replies. */
final class UserRules {
  private static final List<String> HEADER =
      List.of("id\tstage\tbasic\tenhanced\tphrase\tprovider\tcause");

  private UserRules() {}

  /**
   * Words, words of a provider, exact codes, and words that replies often have beside rare ones.
   */
  static List<String> rows(int count) {
    List<String> rows = new ArrayList<>(HEADER);
    for (int i = 0; i < count; i++) {
      String what =
          switch (i % 4) {
            case 0 -> "*\t4,5\t*\tcustomer rule " + i + " | blocked by gateway " + i + "\t*";
            case 1 -> "rcpt\t4,5\t*\trejected & see page " + i + " & !whitelisted\t*";
            case 2 -> "*\t5\t5.7." + (100 + i % 800) + "\t*\t*";
            default -> "*\t4,5\t*\tpolicy" + i + "*\tgoogle";
          };
      rows.add("own." + i + "\t" + what + "\tpolicy");
    }
    return rows;
  }
}
