package dev.redeliver.classify;

import java.text.Normalizer;
import java.util.Arrays;
import java.util.List;

/**
 * A text as literals see it: words of letters and digits with one space around each. Case, accents,
 * apostrophes and punctuation do not count; a character of a script that is written without spaces
 * is a word of its own. Each letter or digit of ASCII is one symbol, other characters are four.
 * Immutable once made.
 */
final class Words {
  /** Symbols are 0 to 52: the space, 26 letters, 10 digits, 16 quarters of other characters. */
  static final int SYMBOLS = 53;

  static final byte SPACE = 0;

  private static final int FIRST_DIGIT = 27;
  private static final int FIRST_QUARTER = 37;
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

  int length() {
    return length;
  }

  byte at(int index) {
    return symbols[index];
  }

  private void append(String line) {
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      byte symbol = c < LATIN.length ? LATIN[c] : kindOf(c);
      if (symbol > SPACE) {
        add(symbol);
      } else if (symbol == SEPARATOR) {
        endWord();
      } else if (symbol == OTHER) {
        addOther(Character.toLowerCase(c));
      }
    }
    endWord();
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
    boolean ignored = c == '’' || Character.getType(c) == Character.NON_SPACING_MARK;
    return ignored ? NOTHING : SEPARATOR;
  }

  private static byte[] latin() {
    byte[] table = new byte[0x250];
    for (char c = 0; c < table.length; c++) {
      char base = Normalizer.normalize(String.valueOf(c), Normalizer.Form.NFD).charAt(0);
      table[c] = c == '\'' ? NOTHING : ascii(Character.toLowerCase(base));
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
