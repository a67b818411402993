package dev.redeliver.classify;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Finds all literals in one pass over a text, at the cost of one step per symbol for each word that
 * begins like a literal: the longest literal bounds what a word costs.
 *
 * <p>A double-array trie: a node is a cell, and its child by a symbol is the cell at the node's
 * base plus the symbol, if that cell names the symbol: no two nodes have the same base. So a step
 * is one look into one array. Immutable and thread-safe.
 */
final class LiteralTrie {
  private static final int ROOT = 0;

  /** Words that may stand in a gap. */
  static final int LONGEST_GAP = 5;

  /** A cell holds the base from bit 9 on, three flags, and the symbol in the lowest six bits. */
  private static final int BASE = 9;

  private static final int HAS_TERMS = 1 << 6;
  private static final int HAS_REST = 1 << 7;
  private static final int HAS_GAP = 1 << 8;
  private static final int FLAGS = HAS_TERMS | HAS_REST | HAS_GAP;
  private static final int SYMBOL = (1 << 6) - 1;

  /** Stands among a node's children; has the place of the node's terms where others have a base. */
  private static final int TERMS = Words.SYMBOLS;

  private static final int UNUSED = SYMBOL;
  private static final int WIDTH = TERMS + 1;
  private static final int BASES = 1 << (Integer.SIZE - BASE);

  private final int[] cells;

  /** For each set of terms how many they are, and then the terms. */
  private final int[] termSets;

  private final int terms;

  private LiteralTrie(int[] cells, int[] termSets, int terms) {
    this.cells = cells;
    this.termSets = termSets;
    this.terms = terms;
  }

  int terms() {
    return terms;
  }

  /** {@return the terms of which a literal stands in the text} */
  Found find(Words text) {
    Search search = new Search(text);
    search.run();
    return search.found;
  }

  /** One pass over one text. Not thread-safe. */
  private final class Search {
    private final Words text;
    private final int length;

    /** Where the word behind one starts, by where that one starts; gaps leap from word to word. */
    private final int[] nextWord;

    private final Found found = new Found(terms);

    private Search(Words text) {
      this.text = text;
      length = text.length();
      nextWord = text.nextWords();
    }

    private void run() {
      for (int i = 1; i < length; i = nextWord[i]) {
        walk(i, ROOT);
      }
    }

    private void walk(int from, int start) {
      int base = cells[start] >>> BASE;
      for (int i = from; i < length; i++) {
        int symbol = text.at(i);
        int cell = cells[base + symbol];
        if ((cell & SYMBOL) != symbol) {
          return;
        }
        base = cell >>> BASE;
        if ((cell & FLAGS) != 0) {
          visit(i + 1, cell);
        }
      }
    }

    private void visit(int next, int cell) {
      int base = cell >>> BASE;
      if ((cell & HAS_TERMS) != 0) {
        found.addAll(termSets, cells[base + TERMS] >>> BASE);
      }
      if ((cell & HAS_REST) != 0) {
        walk(text.endOfWord(next), base + Words.REST_OF_WORD);
      }
      if ((cell & HAS_GAP) != 0) {
        walkGap(next, base + Words.GAP);
      }
    }

    /** Most words do not begin as one behind the gap does: that is worth a look of its own. */
    private void walkGap(int from, int start) {
      int base = cells[start] >>> BASE;
      int word = from;
      for (int skipped = 0; skipped <= LONGEST_GAP && word < length; skipped++) {
        if ((cells[base + text.at(word)] & SYMBOL) == text.at(word)) {
          walk(word, start);
        }
        word = nextWord[word];
      }
    }
  }

  /** The terms found in a text. Not thread-safe. */
  static final class Found {
    private final long[] bits;

    /** Has bit {@code n % 64} if there is something in the n-th of the bits, which are many. */
    private long filled;

    private Found(int terms) {
      bits = new long[(terms >> 6) + 1];
    }

    private void addAll(int[] sets, int at) {
      int end = at + sets[at];
      for (int i = at + 1; i <= end; i++) {
        bits[sets[i] >> 6] |= 1L << sets[i];
        filled |= 1L << (sets[i] >> 6);
      }
    }

    boolean has(int term) {
      return (bits[term >> 6] & (1L << term)) != 0;
    }

    /** {@return the first term found from one on; below zero if there is none} */
    int next(int from) {
      int at = from >> 6;
      long rest = at < bits.length ? bits[at] & (-1L << from) : 0;
      while (rest == 0) {
        at++;
        at += Long.numberOfTrailingZeros(Long.rotateRight(filled, at));
        if (at >= bits.length) {
          return -1;
        }
        rest = bits[at];
      }
      return (at << 6) + Long.numberOfTrailingZeros(rest);
    }
  }

  /** Collects literals. Not thread-safe. */
  static final class Builder {
    private final Node root = new Node();

    /**
     * Adds a literal.
     *
     * @param words what it is made of: words, open words, gaps
     * @param term what to find with it
     */
    void add(List<Words> words, int term) {
      Node node = root;
      for (Words word : words) {
        for (int i = 1; i < word.length(); i++) {
          node = node.child(word.at(i));
        }
      }
      node.terms.add(term);
    }

    LiteralTrie build(int terms) {
      Placement placement = new Placement();
      placement.place(root);
      return new LiteralTrie(placement.cells(), placement.termSets(), terms);
    }
  }

  private static final class Node {
    private final SortedMap<Byte, Node> children = new TreeMap<>();
    private final TreeSet<Integer> terms = new TreeSet<>();
    private int cell;

    private Node child(byte symbol) {
      return children.computeIfAbsent(symbol, any -> new Node());
    }

    /** {@return in ascending order what a cell is wanted for} */
    private List<Integer> symbols() {
      List<Integer> symbols = new ArrayList<>();
      children.keySet().forEach(symbol -> symbols.add((int) symbol));
      if (!terms.isEmpty()) {
        symbols.add(TERMS);
      }
      return symbols;
    }

    private int flags() {
      return (terms.isEmpty() ? 0 : HAS_TERMS)
          | (children.containsKey(Words.REST_OF_WORD) ? HAS_REST : 0)
          | (children.containsKey(Words.GAP) ? HAS_GAP : 0);
    }
  }

  /** Gives each node a cell. Not thread-safe. */
  private static final class Placement {
    private int[] cells = {UNUSED};
    private final List<Integer> termSets = new ArrayList<>();
    private final BitSet used = new BitSet();
    private final BitSet bases = new BitSet();
    private int firstFree;
    private int size;

    /** Depth first, so that the nodes of a word lie close together, and a walk in the cache. */
    private void place(Node root) {
      used.set(0, WIDTH); // so that no base is below zero, and nothing is found from base zero
      Deque<Node> open = new ArrayDeque<>(List.of(root));
      while (!open.isEmpty()) {
        Node node = open.pop();
        List<Integer> symbols = node.symbols();
        int base = symbols.isEmpty() ? 0 : freeBase(symbols);
        growTo(base + WIDTH);
        cells[node.cell] |= shifted(base) | node.flags();
        symbols.forEach(symbol -> used.set(base + symbol));
        if (!node.terms.isEmpty()) {
          cells[base + TERMS] = shifted(termSets.size()) | TERMS;
          termSets.add(node.terms.size());
          termSets.addAll(node.terms);
        }
        for (Map.Entry<Byte, Node> child : node.children.entrySet()) {
          child.getValue().cell = base + child.getKey();
          cells[child.getValue().cell] = child.getKey();
          open.push(child.getValue());
        }
      }
    }

    /** {@return the lowest base of no other node at which all symbols find a free cell} */
    private int freeBase(List<Integer> symbols) {
      firstFree = used.nextClearBit(firstFree);
      int cell = firstFree;
      while (true) {
        int base = cell - symbols.get(0);
        if (!bases.get(base) && symbols.stream().noneMatch(symbol -> used.get(base + symbol))) {
          bases.set(base);
          return base;
        }
        cell = used.nextClearBit(cell + 1);
      }
    }

    private static int shifted(int base) {
      if (base >= BASES) {
        throw new IllegalArgumentException("the rules have more words than fit into the index");
      }
      return base << BASE;
    }

    private void growTo(int wanted) {
      int before = cells.length;
      size = Math.max(size, wanted);
      if (size > before) {
        cells = Arrays.copyOf(cells, 2 * size);
        Arrays.fill(cells, before, cells.length, UNUSED);
      }
    }

    private int[] cells() {
      return Arrays.copyOf(cells, size);
    }

    private int[] termSets() {
      return termSets.stream().mapToInt(Integer::intValue).toArray();
    }
  }
}
