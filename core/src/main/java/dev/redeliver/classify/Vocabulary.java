package dev.redeliver.classify;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Numbers the terms that phrases are made of. A term is a literal, or a name with {@code @} for any
 * literal of a list. A literal is one or more words; {@code *} at the end of a word leaves it open
 * ({@code greylist*} is found in {@code Greylisted}), {@code ..} between words stands for up to
 * five others, and a list's name for one of its words; {@code 0.0.0.0} is any IP address, {@code
 * a@b} any e-mail address. Not thread-safe; used while a classifier is built.
 */
final class Vocabulary {
  private static final String GAP = "..";
  private static final Pattern NARROW_GAP =
      Pattern.compile(".*[^.][.]{2,}[^.].*|[.]{2}[^.].*|.*[^.][.]{2}");
  private static final int MOST_SPELLINGS = 5000;

  /** Of all phrases of a table together: each takes room in memory and time at the start. */
  static final int MOST_OF_TABLE = 50_000;

  private final Map<String, List<String>> lists = new HashMap<>();
  private final Map<String, Integer> terms = new HashMap<>();
  private final LiteralTrie.Builder trie = new LiteralTrie.Builder();
  private int left = Integer.MAX_VALUE;

  /**
   * Adds a list of literals.
   *
   * @param name what phrases call it, without {@code @}
   * @param literals separated by {@code |}; names of earlier lists may stand in them
   */
  void define(String name, String literals) {
    List<String> spellings = new ArrayList<>();
    for (String literal : literals.split("\\|", -1)) {
      spellings.addAll(spellings(literal.strip()));
    }
    if (lists.putIfAbsent(name, List.copyOf(spellings)) != null) {
      throw new IllegalArgumentException("list '" + name + "' is defined twice");
    }
  }

  /** From now on at most {@link #MOST_OF_TABLE} spellings are added. */
  void limit() {
    left = MOST_OF_TABLE;
  }

  /** {@return the number of a term, adding it if it is new} */
  int term(String text) {
    String key = text.toLowerCase(Locale.ROOT);
    Integer known = terms.get(key);
    if (known != null) {
      return known;
    }
    int number = terms.size();
    List<String> spellings = spellings(text);
    if (spellings.size() > left) {
      throw new IllegalArgumentException(
          "'"
              + text
              + "' is too much: the phrases of a table may have "
              + MOST_OF_TABLE
              + " spellings in all. Name fewer lists, or put & between them");
    }
    for (String spelling : spellings) {
      trie.add(words(spelling), number);
    }
    left -= spellings.size();
    terms.put(key, number);
    return number;
  }

  /** {@return what a literal is made of, word by word} */
  private static List<Words> words(String literal) {
    List<Words> words = new ArrayList<>();
    String[] parts = literal.split("\\s+", -1);
    for (int i = 0; i < parts.length; i++) {
      words.add(word(parts[i], i == parts.length - 1, literal));
    }
    if (parts[0].equals(GAP) || parts[parts.length - 1].equals(GAP)) {
      throw new IllegalArgumentException("'" + literal + "' begins or ends with a gap");
    }
    return words;
  }

  private static Words word(String part, boolean isLast, String literal) {
    if (part.equals(GAP)) {
      return Words.gap();
    }
    if (NARROW_GAP.matcher(part).matches()) {
      throw new IllegalArgumentException(
          "'" + part + "' has no spaces around .., which stands between words as in one .. two");
    }
    boolean open = part.endsWith("*");
    String text = open ? part.substring(0, part.length() - 1) : part;
    if (text.indexOf('*') >= 0) {
      throw new IllegalArgumentException(
          "'" + literal + "' has a * that is not at a word's end, as in greylist*");
    }
    if (open && text.isEmpty()) {
      throw new IllegalArgumentException(
          "'" + literal + "' has a * that stands alone; it belongs to the end of a word");
    }
    Words word = open ? Words.open(text, isLast) : Words.of(text);
    if (word.length() < 2) {
      throw new IllegalArgumentException("'" + part + "' has no letter or digit");
    }
    return word;
  }

  /** {@return all literals that a term stands for} */
  List<String> spellings(String literal) {
    String[] words = literal.split("\\s+", -1);
    long count = 1;
    for (String word : words) {
      count = Math.min(count * choices(word).size(), Integer.MAX_VALUE);
    }
    if (count > MOST_SPELLINGS) {
      throw new IllegalArgumentException(
          "'"
              + literal
              + "' has more than "
              + MOST_SPELLINGS
              + " spellings, as each of its lists stands for many. Name fewer lists, or put &"
              + " between them");
    }
    List<String> spellings = List.of("");
    for (String word : words) {
      List<String> longer = new ArrayList<>();
      for (String start : spellings) {
        for (String choice : choices(word)) {
          longer.add(start.isEmpty() ? choice : start + ' ' + choice);
        }
      }
      spellings = longer;
    }
    return spellings;
  }

  private List<String> choices(String word) {
    if (!word.startsWith("@")) {
      return List.of(word);
    }
    @Nullable List<String> list = lists.get(word.substring(1));
    if (list == null) {
      List<String> names = lists.keySet().stream().sorted().map(name -> "@" + name).toList();
      throw new IllegalArgumentException("list " + Cells.unknown(word, names));
    }
    return list;
  }

  LiteralTrie trie() {
    return trie.build(terms.size());
  }
}
