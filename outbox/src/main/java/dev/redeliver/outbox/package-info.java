/** Durable deferral: messages in a database, sent by one process or shared by many. */
@NullMarked
package dev.redeliver.outbox;

import org.jspecify.annotations.NullMarked;
