package dev.redeliver.jakartamail;

import static org.assertj.core.api.Assertions.assertThat;

import dev.redeliver.delivery.Envelope;
import dev.redeliver.delivery.Redeliverer;
import dev.redeliver.policy.Profile;
import dev.redeliver.policy.RetryPolicy;
import dev.redeliver.reputation.Destination;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReadyQueueTest {
  private static final Destination A = Destination.ofDomain("a");

  private final Redeliverer redeliverer = Redeliverer.of(RetryPolicy.of(Profile.BACKGROUND));

  private Shipment shipment(String domain) throws Exception {
    Handover handover = Handover.of(TransportKind.message(), TransportKind.to("bob@" + domain));
    Shipment shipment =
        new Shipment(handover, redeliverer.begin(Envelope.of("", List.of("bob@" + domain))), null);
    shipment.destination = Destination.ofDomain(domain);
    return shipment;
  }

  private List<String> add(ReadyQueue queue, String... domains) throws Exception {
    for (String domain : domains) {
      queue.add(Destination.ofDomain(domain), shipment(domain));
    }
    return poll(queue);
  }

  private static List<String> poll(ReadyQueue queue) {
    List<String> polled = new ArrayList<>();
    for (Shipment next = queue.poll(); next != null; next = queue.poll()) {
      polled.add(String.valueOf(next.destination));
    }
    return polled;
  }

  @Test
  void poll_manyForOne_othersTakeTheirTurns() throws Exception {
    ReadyQueue queue = new ReadyQueue(8, redeliverer.guard());
    assertThat(add(queue, "a", "a", "a", "b", "a", "c")).containsExactly("a", "b", "c");
    assertThat(queue.size()).isEqualTo(3);

    queue.release(A, true);
    assertThat(poll(queue)).containsExactly("a", "a");
  }

  @Test
  void release_smooth_raisesTheShareButNeverToAllConnections() throws Exception {
    ReadyQueue queue = new ReadyQueue(4, redeliverer.guard());
    int busy = add(queue, "a", "a", "a", "a", "a", "a", "a", "a", "a", "a").size();
    for (int i = 0; i < 5; i++) {
      queue.release(A, true);
      busy += poll(queue).size() - 1;
    }
    assertThat(busy).isEqualTo(3);
  }

  @Test
  void release_stalled_leavesOne() throws Exception {
    ReadyQueue queue = new ReadyQueue(4, redeliverer.guard());
    add(queue, "a", "a", "a", "a", "a", "a");
    queue.release(A, true);
    assertThat(poll(queue)).hasSize(2);

    queue.release(A, false);
    assertThat(poll(queue)).isEmpty();
    queue.release(A, false);
    assertThat(poll(queue)).hasSize(1);
  }

  @Test
  void connections_one_isForEverybody() throws Exception {
    assertThat(add(new ReadyQueue(1, redeliverer.guard()), "a", "a")).containsExactly("a");
  }

  @Test
  void remove_takesItOut() throws Exception {
    ReadyQueue queue = new ReadyQueue(4, redeliverer.guard());
    Shipment shipment = shipment("a");
    queue.add(A, shipment);
    queue.remove(A, shipment);

    assertThat(queue.hasTurn(Instant.now())).isFalse();
    assertThat(queue.size()).isZero();
    assertThat(queue.poll()).isNull();
  }
}
