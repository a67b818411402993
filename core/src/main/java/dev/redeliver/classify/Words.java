package dev.redeliver.classify;

import java.text.Normalizer;
import java.util.Arrays;
import java.util.List;

/**
 * A text as literals see it: words of letters and digits with one space around each. Case, accents,
 * apostrophes and punctuation do not count; a character of a script that is written without spaces
 * is a word of its own. Any IP address is the same word as any other, and so is any e-mail address:
 * whose they are says nothing about what a reply means. Each letter or digit of ASCII is one
 * symbol, other characters are four. Immutable once made.
 */
final class Words {
  /**
   * Symbols are 0 to 56: the space, 26 letters, 10 digits, 16 quarters of other characters, an IP
   * address, an e-mail address, the rest of a word, a gap.
   */
  static final int SYMBOLS = 57;

  static final byte SPACE = 0;

  private static final int FIRST_DIGIT = 27;
  private static final int FIRST_QUARTER = 37;
  private static final byte IP_ADDRESS = 53;
  private static final byte MAIL_ADDRESS = 54;

  /** In no text; stands in a literal for whatever else a word has. */
  static final byte REST_OF_WORD = 55;

  /** In no text; stands in a literal for a few words, or none. */
  static final byte GAP = 56;

  private static final byte SEPARATOR = -1;
  private static final byte NOTHING = -2;
  private static final byte OTHER = -3;
  private static final byte[] LATIN = latin();

  private byte[] symbols;
  private int length;

  private Words(int capacity) {
    symbols = new byte[capacity];
    symbols[length++] = SPACE;
  }

  static Words of(List<String> lines) {
    int capacity = 2;
    for (String line : lines) {
      capacity += line.length() + 1;
    }
    Words words = new Words(capacity);
    for (String line : lines) {
      words.append(line);
    }
    return words;
  }

  static Words of(String text) {
    return of(List.of(text));
  }

  /** {@return a literal's word that is left open} */
  static Words open(String text, boolean isEnd) {
    Words words = of(text);
    words.length--;
    if (!isEnd) {
      words.add(REST_OF_WORD);
      words.add(SPACE);
    }
    return words;
  }

  /** {@return a literal's gap} */
  static Words gap() {
    Words words = new Words(2);
    words.add(GAP);
    return words;
  }

  int length() {
    return length;
  }

  byte at(int index) {
    return symbols[index];
  }

  /** {@return for the index at which a word starts the one at which the next does, or the end} */
  int[] nextWords() {
    int[] next = new int[length];
    int start = 1;
    for (int i = 1; i < length; i++) {
      if (symbols[i] == SPACE) {
        next[start] = i + 1;
        start = i + 1;
      }
    }
    return next;
  }

  /** {@return the index of the space at or behind an index} */
  int endOfWord(int index) {
    int end = index;
    while (symbols[end] != SPACE) {
      end++;
    }
    return end;
  }

  /** An atom is a run of characters that may turn out to be an address, or a part of one. */
  private void append(String line) {
    int atom = 0;
    int atomSymbols = length;
    int i = 0;
    while (i < line.length()) {
      char c = line.charAt(i);
      int end = i == atom ? AddressForms.endOfIp(line, i) : AddressForms.endOfDomain(line, i);
      if (end > i) {
        length = atomSymbols;
        addAlone(c == '@' ? MAIL_ADDRESS : IP_ADDRESS);
      } else {
        append(c);
      }
      if (end == i && AddressForms.isInName(c)) {
        i = appendLetters(line, i + 1);
      } else {
        i = Math.max(end, i + 1);
        atom = i;
        atomSymbols = length;
      }
    }
    endWord();
  }

  /** Adds letters and digits of one symbol, and returns where there is something else. */
  private int appendLetters(String line, int from) {
    int i = from;
    int end = Math.min(line.length(), from + symbols.length - length);
    while (i < end) {
      byte symbol = symbolOf(line.charAt(i));
      if (symbol <= SPACE) {
        break;
      }
      symbols[length + i - from] = symbol;
      i++;
    }
    length += i - from;
    return i;
  }

  private void addAlone(byte symbol) {
    endWord();
    add(symbol);
    endWord();
  }

  private void append(char c) {
    byte symbol = symbolOf(c);
    if (symbol > SPACE) {
      add(symbol);
    } else if (symbol == SEPARATOR || (isApostrophe(c) && isSecondOfWord())) {
      endWord();
    } else if (symbol == OTHER) {
      addOther(Character.toLowerCase(c));
    }
  }

  private static byte symbolOf(char c) {
    return c < LATIN.length ? LATIN[c] : kindOf(c);
  }

  /** French elides vowels behind one letter, as in {@code n'existe}; English behind more. */
  private boolean isSecondOfWord() {
    return length > 1 && symbols[length - 2] == SPACE;
  }

  private static boolean isApostrophe(char c) {
    return c == '\'' || c == '’';
  }

  private void endWord() {
    if (symbols[length - 1] != SPACE) {
      add(SPACE);
    }
  }

  private void addOther(char c) {
    boolean alone = isWordOfItsOwn(c);
    if (alone) {
      endWord();
    }
    for (int shift = 12; shift >= 0; shift -= 4) {
      add((byte) (FIRST_QUARTER + ((c >> shift) & 0xF)));
    }
    if (alone) {
      endWord();
    }
  }

  private void add(byte symbol) {
    if (length == symbols.length) {
      symbols = Arrays.copyOf(symbols, 2 * length);
    }
    symbols[length++] = symbol;
  }

  /** Han, Hiragana, Katakana and Thai do not put spaces between words. */
  private static boolean isWordOfItsOwn(char c) {
    return Character.isIdeographic(c)
        || (c >= 0x3040 && c <= 0x30FF)
        || (c >= 0x0E00 && c < 0x0E80);
  }

  private static byte kindOf(char c) {
    if (Character.isLetterOrDigit(c)) {
      return OTHER;
    }
    boolean ignored = isApostrophe(c) || Character.getType(c) == Character.NON_SPACING_MARK;
    return ignored ? NOTHING : SEPARATOR;
  }

  private static byte[] latin() {
    byte[] table = new byte[0x250];
    for (char c = 0; c < table.length; c++) {
      char base = Normalizer.normalize(String.valueOf(c), Normalizer.Form.NFD).charAt(0);
      table[c] = ascii(Character.toLowerCase(base));
    }
    return table;
  }

  private static byte ascii(char c) {
    if (c >= 'a' && c <= 'z') {
      return (byte) (c - 'a' + 1);
    }
    if (c >= '0' && c <= '9') {
      return (byte) (c - '0' + FIRST_DIGIT);
    }
    return kindOf(c);
  }
}
