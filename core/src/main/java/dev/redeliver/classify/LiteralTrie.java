package dev.redeliver.classify;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Finds all literals in one pass over a text, at the cost of one step per symbol for each word that
 * begins like a literal. The children of a node lie side by side; a bit per symbol says which there
 * are, so a step is a shift and a population count. Immutable and thread-safe.
 */
final class LiteralTrie {
  /** Words that may stand in a gap. */
  static final int LONGEST_GAP = 5;

  private final long[] childBits;
  private final int[] firstChild;
  private final int[][] termsAt;
  private final int terms;

  private LiteralTrie(long[] childBits, int[] firstChild, int[][] termsAt, int terms) {
    this.childBits = childBits;
    this.firstChild = firstChild;
    this.termsAt = termsAt;
    this.terms = terms;
  }

  int terms() {
    return terms;
  }

  /** {@return the terms of which a literal stands in the text} */
  Found find(Words text) {
    Found found = new Found(terms);
    int last = text.length() - 1;
    for (int i = 0; i < last; i++) {
      if (text.at(i) == Words.SPACE) {
        walk(text, i + 1, 0, found);
      }
    }
    return found;
  }

  private void walk(Words text, int from, int start, Found found) {
    int node = start;
    for (int i = from; i < text.length(); i++) {
      if (has(node, Words.REST_OF_WORD)) {
        walk(text, text.endOfWord(i), child(node, Words.REST_OF_WORD), found);
      }
      if (has(node, Words.GAP)) {
        walkGap(text, i, child(node, Words.GAP), found);
      }
      if (!has(node, text.at(i))) {
        return;
      }
      node = child(node, text.at(i));
      for (int term : termsAt[node]) {
        found.add(term);
      }
    }
  }

  private void walkGap(Words text, int from, int start, Found found) {
    int word = from;
    for (int skipped = 0; skipped <= LONGEST_GAP && word < text.length(); skipped++) {
      walk(text, word, start, found);
      word = text.endOfWord(word) + 1;
    }
  }

  private boolean has(int node, byte symbol) {
    return (childBits[node] & (1L << symbol)) != 0;
  }

  private int child(int node, byte symbol) {
    return firstChild[node] + Long.bitCount(childBits[node] & ((1L << symbol) - 1));
  }

  /** The terms found in a text. Not thread-safe. */
  static final class Found {
    private final long[] bits;
    private int[] inOrder = new int[16];
    private int count;

    private Found(int terms) {
      bits = new long[(terms >> 6) + 1];
    }

    private void add(int term) {
      if (has(term)) {
        return;
      }
      bits[term >> 6] |= 1L << term;
      if (count == inOrder.length) {
        inOrder = Arrays.copyOf(inOrder, 2 * count);
      }
      inOrder[count++] = term;
    }

    boolean has(int term) {
      return (bits[term >> 6] & (1L << term)) != 0;
    }

    int count() {
      return count;
    }

    int get(int index) {
      return inOrder[index];
    }
  }

  /** Collects literals. Not thread-safe. */
  static final class Builder {
    private final Node root = new Node();
    private int nodes = 1;

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
          node = node.child(word.at(i), this);
        }
      }
      node.terms.add(term);
    }

    private Node newNode() {
      nodes++;
      return new Node();
    }

    LiteralTrie build(int terms) {
      long[] childBits = new long[nodes];
      int[] firstChild = new int[nodes];
      List<int[]> termsAt = new ArrayList<>(nodes);
      Queue<Node> queue = new ArrayDeque<>(List.of(root));
      int numbered = 1;
      for (int number = 0; number < nodes; number++) {
        Node node = queue.remove();
        firstChild[number] = numbered;
        for (byte symbol : node.children.keySet()) {
          childBits[number] |= 1L << symbol;
        }
        numbered += node.children.size();
        queue.addAll(node.children.values());
        termsAt.add(node.terms.stream().mapToInt(Integer::intValue).toArray());
      }
      return new LiteralTrie(childBits, firstChild, termsAt.toArray(int[][]::new), terms);
    }
  }

  private static final class Node {
    private final Map<Byte, Node> children = new TreeMap<>();
    private final TreeSet<Integer> terms = new TreeSet<>();

    private Node child(byte symbol, Builder trie) {
      return children.computeIfAbsent(symbol, any -> trie.newNode());
    }
  }
}
