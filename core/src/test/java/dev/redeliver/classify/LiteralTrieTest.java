package dev.redeliver.classify;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LiteralTrieTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          user unknown | User UNKNOWN | true
          user unknown | no such user: unknown! | true
          user unknown | user_unknown | true
          user unknown | user is unknown | false
          user unknown | superuser unknown | false
          user unknown | user unknowns | false
          users mailbox | the user's mailbox | true
          boite pleine | Bo\u00eete pleine | true
          boite pleine | boi\u0302te pleine | true
          \u7070\u540d\u5355 | \u5728\u7070\u540d\u5355\u4e2d | true
          \u0441\u043f\u0438\u0441\u043e\u043a | \u0421\u041f\u0418\u0421\u041e\u041a | true
          greylist* | Greylisted | true
          greylist* | greylist | true
          greylist* | the grey list | false
          unsolicited mail* rate | unsolicited mailings rate | true
          unsolicited mail* rate | unsolicited mail rate | true
          unsolicited mail* rate | unsolicited mail and rate | false
          """)
  void literal_isFoundAsWords(String literal, String text, boolean found) {
    assertThat(isFound(literal, text)).isEqualTo(found);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          host 0.0.0.0 said | host [192.0.2.1] said | true
          host 0.0.0.0 said | host 2001:db8::1 said | true
          host 0.0.0.0 said | host ::1 said | true
          host 0.0.0.0 said | host 2001:db8:0:0:0:0:0:1, said | true
          host 0.0.0.0 said | host 1.2.3.4. Said | true
          host 0.0.0.0 said | host 1.2.3.4.5 said | false
          host 0.0.0.0 said | host 1234.2.3.4 said | false
          host 0.0.0.0 said | host 14:05:00 said | false
          host 0.0.0.0 said | host :: said | false
          host 0.0.0.0 said | host 1::2::3 said | false
          host 0.0.0.0 said | host 20010:db8::1 said | false
          host 0.0.0.0 said | host 1:2:3:4:5:6:7:8:9:a said | false
          host 0.0.0.0 said | host 1.2.3.4a said | false
          to a@b is | to <ada.lovelace+x@mail.example.org> is | true
          to a@b is | to ada@example.org. is | true
          to a@b is | to ada@ is | false
          to a@b is | to @example.org is | false
          example org | ada@example.org | false
          ada | ada@example.org | false
          """)
  void addresses_areOneWord_whoseverTheyAre(String literal, String text, boolean found) {
    assertThat(isFound(literal, text)).isEqualTo(found);
  }

  private static boolean isFound(String literal, String text) {
    Vocabulary vocabulary = new Vocabulary();
    int term = vocabulary.term(literal);
    return vocabulary.trie().find(Words.of(text)).has(term);
  }

  /** Against the obvious way, with few letters so that literals share beginnings and ends. */
  @Test
  void find_manyLiterals_findsWhatLookingForEachFinds() {
    Random random = new Random(1);
    for (int round = 0; round < 300; round++) {
      List<String> literals =
          IntStream.range(0, 1 + random.nextInt(30))
              .mapToObj(i -> words(random, 1 + random.nextInt(3), true))
              .toList();
      Vocabulary vocabulary = new Vocabulary();
      int[] terms = literals.stream().mapToInt(vocabulary::term).toArray();
      LiteralTrie trie = vocabulary.trie();
      for (int i = 0; i < 20; i++) {
        String text = words(random, random.nextInt(12), false);
        LiteralTrie.Found found = trie.find(Words.of(text));
        for (int k = 0; k < terms.length; k++) {
          assertThat(found.has(terms[k]))
              .as("'%s' in '%s', among %s", literals.get(k), text, literals)
              .isEqualTo(stands(literals.get(k), text));
        }
      }
    }
  }

  private static String words(Random random, int count, boolean open) {
    return IntStream.range(0, count)
        .mapToObj(i -> word(random) + (open && random.nextInt(3) == 0 ? "*" : ""))
        .collect(Collectors.joining(" "));
  }

  private static String word(Random random) {
    return random
        .ints(1 + random.nextInt(4), 'a', 'c')
        .mapToObj(Character::toString)
        .collect(Collectors.joining());
  }

  private static boolean stands(String literal, String text) {
    String[] wanted = literal.split(" ", -1);
    String[] words = text.split(" ", -1);
    return IntStream.rangeClosed(0, words.length - wanted.length)
        .anyMatch(start -> standsAt(start, wanted, words));
  }

  private static boolean standsAt(int start, String[] wanted, String[] words) {
    return Arrays.equals(
        wanted,
        Arrays.copyOfRange(words, start, start + wanted.length),
        (want, word) ->
            want.equals(word)
                    || (want.endsWith("*") && word.startsWith(want.substring(0, want.length() - 1)))
                ? 0
                : 1);
  }
}
