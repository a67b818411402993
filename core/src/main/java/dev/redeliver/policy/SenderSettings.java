package dev.redeliver.policy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * How a sender with connections of its own works: which relays, how many connections, how much at a
 * time. Immutable and thread-safe.
 */
public final class SenderSettings {
  private final List<Relay> relays;
  private final int connections;
  private final int messagesPerConnection;
  private final Duration connectionAge;
  private final Duration idleCheck;
  private final Duration idleClose;
  private final int maxInFlight;
  private final BackPressure backPressure;

  private SenderSettings(Builder builder) {
    relays = builder.relays;
    connections = builder.connections;
    messagesPerConnection = builder.messagesPerConnection;
    connectionAge = builder.connectionAge;
    idleCheck = builder.idleCheck;
    idleClose = builder.idleClose;
    maxInFlight = builder.maxInFlight;
    backPressure = builder.backPressure;
  }

  /** {@return a builder with the defaults} */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Reads the settings from properties that start with {@code redeliver.sender.}. The keys are
   * listed in the README.
   *
   * @param properties the properties, with their defaults
   * @return the settings; the defaults where nothing is set
   * @throws PolicyException if any {@code redeliver.} key is unknown or a value is bad; it names
   *     all of them
   */
  public static SenderSettings fromProperties(Properties properties) {
    return PolicyProperties.readSender(properties);
  }

  /** {@return the relays; empty if the mail session's own host is meant} */
  public List<Relay> relays() {
    return relays;
  }

  /**
   * {@return whether the relays share the messages by weight} Otherwise each is used only while
   * those before it cannot be.
   */
  public boolean isWeighted() {
    return relays.stream().anyMatch(relay -> relay.weight() > 0);
  }

  /** {@return the most connections to one relay, 1 to 1000} */
  public int connections() {
    return connections;
  }

  /** {@return the most transactions on one connection, 1 to 1000000} */
  public int messagesPerConnection() {
    return messagesPerConnection;
  }

  /** {@return how old a connection may be when a transaction starts on it} */
  public Duration connectionAge() {
    return connectionAge;
  }

  /** {@return how long a connection may have been idle to be used without asking the server} */
  public Duration idleCheck() {
    return idleCheck;
  }

  /** {@return how long a connection is idle before it is closed} */
  public Duration idleClose() {
    return idleClose;
  }

  /** {@return the most messages that were handed over and have not ended, waiting ones included} */
  public int maxInFlight() {
    return maxInFlight;
  }

  /** {@return what happens to a message beyond that} */
  public BackPressure backPressure() {
    return backPressure;
  }

  /** What happens to a message that is handed over when as many as allowed are in flight. */
  public enum BackPressure {
    /** The caller waits until one of them has ended. */
    WAIT,
    /** The message is not accepted. */
    REJECT;

    private final String token = name().toLowerCase(Locale.ROOT);

    /** {@return the name as in the configuration} */
    public String token() {
      return token;
    }
  }

  /**
   * A relay's address. Immutable and thread-safe.
   *
   * @param host its name or address
   * @param port 1 to 65535, or -1 for the mail session's own
   * @param weight its share of the messages, 1 to 1000; 0 if it is one of an ordered list
   */
  public record Relay(String host, int port, int weight) {
    private static final Pattern FORM =
        Pattern.compile(
            "(\\[[0-9a-fA-F:.]{2,45}]|[\\p{L}\\p{N}._-]{1,253})(?::(\\d{1,5}))?(?:=(\\d{1,4}))?");

    /**
     * Checks the bounds.
     *
     * @throws IllegalArgumentException if a value is out of its bounds
     */
    public Relay {
      Objects.requireNonNull(host, "host");
      if (port != -1 && (port < 1 || port > 65_535)) {
        throw new IllegalArgumentException("port must be from 1 to 65535, but is " + port);
      }
      if (weight < 0 || weight > 1000) {
        throw new IllegalArgumentException("weight must be from 1 to 1000, but is " + weight);
      }
    }

    /**
     * Reads a relay.
     *
     * @param text {@code host}, {@code host:port} or, for a share of the messages, {@code
     *     host:port=weight}; an IPv6 address stands in brackets
     * @throws IllegalArgumentException if it is nothing of these
     */
    public static Relay parse(String text) {
      Matcher form = FORM.matcher(text.strip());
      if (!form.matches()) {
        throw new IllegalArgumentException(
            "relay must be host, host:port or host:port=weight, but is '" + text.strip() + "'");
      }
      String host = form.group(1).startsWith("[") ? unbracketed(form.group(1)) : form.group(1);
      int weight = number(form.group(3), 0);
      if (form.group(3) != null && weight == 0) {
        throw new IllegalArgumentException("weight must be from 1 to 1000, but is 0");
      }
      return new Relay(host, number(form.group(2), -1), weight);
    }

    private static String unbracketed(String address) {
      return address.substring(1, address.length() - 1);
    }

    private static int number(String digits, int otherwise) {
      return digits == null ? otherwise : Integer.parseInt(digits);
    }

    /** {@return the form that {@link #parse} reads} */
    @Override
    public String toString() {
      return (host.contains(":") ? "[" + host + "]" : host)
          + (port == -1 ? "" : ":" + port)
          + (weight == 0 ? "" : "=" + weight);
    }
  }

  /** Builds settings. Setters check their value at once. Not thread-safe. */
  public static final class Builder {
    private List<Relay> relays = List.of();
    private int connections = 4;
    private int messagesPerConnection = 100;
    private Duration connectionAge = Duration.ofMinutes(5);
    private Duration idleCheck = Duration.ofSeconds(10);
    private Duration idleClose = Duration.ofMinutes(1);
    private int maxInFlight = 10_000;
    private BackPressure backPressure = BackPressure.WAIT;

    private Builder() {}

    /**
     * Sets the relays; the mail session's own host by default. In order: each is used only while
     * those before it cannot be. If one has a weight, they share the messages by their weights, 1
     * where none is given.
     *
     * @param relays each as {@link Relay#parse} reads it
     * @return this builder
     */
    public Builder relays(String... relays) {
      List<Relay> all = new ArrayList<>();
      Arrays.stream(relays).map(Relay::parse).forEach(all::add);
      if (all.stream().map(relay -> relay.host() + ":" + relay.port()).distinct().count()
          < all.size()) {
        throw new IllegalArgumentException(
            "relays must be different, but is "
                + all.stream().map(Relay::toString).collect(Collectors.joining(", ")));
      }
      this.relays = List.copyOf(all);
      return this;
    }

    /**
     * Sets the most connections to one relay. One of several is left to other recipient domains
     * than the one that keeps the rest busy.
     *
     * @param connections 1 to 1000, 4 by default
     * @return this builder
     */
    public Builder connections(int connections) {
      this.connections = within("connections", connections, 1000);
      return this;
    }

    /**
     * Sets the most transactions on one connection.
     *
     * @param messages 1 (never reused) to 1000000, 100 by default
     * @return this builder
     */
    public Builder messagesPerConnection(int messages) {
      messagesPerConnection = within("messagesPerConnection", messages, 1_000_000);
      return this;
    }

    /**
     * Sets how old a connection may be when a transaction starts on it.
     *
     * @param age 1 second to 1 day, 5 minutes by default
     * @return this builder
     */
    public Builder connectionAge(Duration age) {
      connectionAge = within("connectionAge", age, Duration.ofSeconds(1));
      return this;
    }

    /**
     * Sets how long a connection may have been idle to be used without asking the server (NOOP)
     * whether it is still there.
     *
     * @param idle 0 (always ask) to 1 day, 10 seconds by default
     * @return this builder
     */
    public Builder idleCheck(Duration idle) {
      idleCheck = within("idleCheck", idle, Duration.ZERO);
      return this;
    }

    /**
     * Sets how long a connection is idle before it is closed.
     *
     * @param idle 1 second to 1 day, 1 minute by default
     * @return this builder
     */
    public Builder idleClose(Duration idle) {
      idleClose = within("idleClose", idle, Duration.ofSeconds(1));
      return this;
    }

    /**
     * Sets the most messages that were handed over and have not ended, those that wait for their
     * next try included.
     *
     * @param messages 1 to 10000000, 10000 by default
     * @return this builder
     */
    public Builder maxInFlight(int messages) {
      maxInFlight = within("maxInFlight", messages, 10_000_000);
      return this;
    }

    /**
     * Sets what happens to a message beyond that.
     *
     * @param backPressure to wait, by default, or to reject
     * @return this builder
     */
    public Builder backPressure(BackPressure backPressure) {
      this.backPressure = Objects.requireNonNull(backPressure, "backPressure");
      return this;
    }

    private static int within(String what, int value, int most) {
      if (value < 1 || value > most) {
        throw new IllegalArgumentException(
            what + " must be from 1 to " + most + ", but is " + value);
      }
      return value;
    }

    private static Duration within(String what, Duration value, Duration least) {
      if (value.compareTo(least) < 0 || value.compareTo(Duration.ofDays(1)) > 0) {
        throw new IllegalArgumentException(
            what
                + " must be from "
                + (least.isZero() ? "0s" : Durations.format(least))
                + " to 1d, but is "
                + value);
      }
      return value;
    }

    /** {@return the settings} */
    public SenderSettings build() {
      return new SenderSettings(this);
    }
  }
}
