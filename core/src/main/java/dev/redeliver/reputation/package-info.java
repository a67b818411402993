/** Watches what servers say about the sender. */
@NullMarked
package dev.redeliver.reputation;

import org.jspecify.annotations.NullMarked;
