package dev.redeliver.classify;

import java.util.ArrayDeque;
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
 * base plus the symbol, if that cell names the node as its parent. So a step is one look into one
 * array. Immutable and thread-safe.
 */
final class LiteralTrie {
  private static final int ROOT = 0;

  /** Words that may stand in a gap. */
  static final int LONGEST_GAP = 5;

  /** A cell holds the parent from bit 32 on, the base from bit 3 on, and three flags below. */
  private static final int PARENT = 32;

  private static final int BASE = 3;
  private static final int HAS_TERMS = 1;
  private static final int HAS_REST = 2;
  private static final int HAS_GAP = 4;
  private static final int FLAGS = HAS_TERMS | HAS_REST | HAS_GAP;

  private final long[] cells;
  private final int[][] termsOf;
  private final int terms;

  private LiteralTrie(long[] cells, int[][] termsOf, int terms) {
    this.cells = cells;
    this.termsOf = termsOf;
    this.terms = terms;
  }

  int terms() {
    return terms;
  }

  /** {@return the terms of which a literal stands in the text} */
  Found find(Words text) {
    Found found = new Found(terms);
    for (int i = 1; i < text.length(); i = text.endOfWord(i) + 1) {
      walk(text, i, ROOT, found);
    }
    return found;
  }

  private void walk(Words text, int from, int start, Found found) {
    int node = start;
    int content = (int) cells[node];
    for (int i = from; i < text.length(); i++) {
      int child = (content >>> BASE) + text.at(i);
      long cell = cells[child];
      if ((int) (cell >>> PARENT) != node) {
        return;
      }
      node = child;
      content = (int) cell;
      if ((content & FLAGS) != 0) {
        visit(text, i + 1, node, found);
      }
    }
  }

  private void visit(Words text, int next, int node, Found found) {
    int content = (int) cells[node];
    if ((content & HAS_TERMS) != 0) {
      found.addAll(termsOf[node]);
    }
    if ((content & HAS_REST) != 0) {
      walk(text, text.endOfWord(next), (content >>> BASE) + Words.REST_OF_WORD, found);
    }
    if ((content & HAS_GAP) != 0) {
      walkGap(text, next, (content >>> BASE) + Words.GAP, found);
    }
  }

  /** Most words do not begin as one behind the gap does: that is worth a look of its own. */
  private void walkGap(Words text, int from, int node, Found found) {
    int base = (int) cells[node] >>> BASE;
    int word = from;
    for (int skipped = 0; skipped <= LONGEST_GAP && word < text.length(); skipped++) {
      if ((int) (cells[base + text.at(word)] >>> PARENT) == node) {
        walk(text, word, node, found);
      }
      word = text.endOfWord(word) + 1;
    }
  }

  /** The terms found in a text. Not thread-safe. */
  static final class Found {
    private final long[] bits;
    private int[] inOrder = new int[16];
    private int count;

    private Found(int terms) {
      bits = new long[(terms >> 6) + 1];
    }

    private void addAll(int[] terms) {
      for (int term : terms) {
        if (!has(term)) {
          add(term);
        }
      }
    }

    private void add(int term) {
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
      return new LiteralTrie(placement.cells, placement.termsOf, terms);
    }
  }

  private static final class Node {
    private final SortedMap<Byte, Node> children = new TreeMap<>();
    private final TreeSet<Integer> terms = new TreeSet<>();
    private int cell;

    private Node child(byte symbol) {
      return children.computeIfAbsent(symbol, any -> new Node());
    }

    private int flags() {
      return (terms.isEmpty() ? 0 : HAS_TERMS)
          | (children.containsKey(Words.REST_OF_WORD) ? HAS_REST : 0)
          | (children.containsKey(Words.GAP) ? HAS_GAP : 0);
    }
  }

  /** Gives each node a cell. Not thread-safe. */
  private static final class Placement {
    private static final long UNUSED = -1L << PARENT;

    private long[] cells = {UNUSED};
    private int[][] termsOf = {};
    private final BitSet used = new BitSet();
    private int firstFree;

    /** Depth first, so that the nodes of a word lie close together, and a walk in the cache. */
    private void place(Node root) {
      used.set(0, Words.SYMBOLS); // so that no base is below zero
      Deque<Node> open = new ArrayDeque<>(List.of(root));
      while (!open.isEmpty()) {
        Node node = open.pop();
        int base = node.children.isEmpty() ? 0 : freeBase(node.children);
        growTo(base + Words.SYMBOLS);
        cells[node.cell] |= (long) base << BASE | node.flags();
        termsOf[node.cell] = node.terms.stream().mapToInt(Integer::intValue).toArray();
        for (Map.Entry<Byte, Node> child : node.children.entrySet()) {
          child.getValue().cell = base + child.getKey();
          cells[child.getValue().cell] = (long) node.cell << PARENT;
          used.set(child.getValue().cell);
          open.push(child.getValue());
        }
      }
    }

    /** {@return the lowest base at which all children find a free cell} */
    private int freeBase(SortedMap<Byte, Node> children) {
      firstFree = used.nextClearBit(firstFree);
      int cell = firstFree;
      while (true) {
        int base = cell - children.firstKey();
        if (children.keySet().stream().noneMatch(symbol -> used.get(base + symbol))) {
          return base;
        }
        cell = used.nextClearBit(cell + 1);
      }
    }

    private void growTo(int size) {
      int before = cells.length;
      if (size > before) {
        cells = Arrays.copyOf(cells, 2 * size);
        Arrays.fill(cells, before, cells.length, UNUSED);
        termsOf = Arrays.copyOf(termsOf, cells.length);
      }
    }
  }
}
