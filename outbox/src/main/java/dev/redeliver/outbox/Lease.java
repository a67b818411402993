package dev.redeliver.outbox;

/**
 * The right to look after a queue, until somebody else gets it. Immutable and thread-safe.
 *
 * @param queue the queue
 * @param version which of the leases of that queue, ever
 */
record Lease(QueueName queue, long version) {}
