/** Runnable programs: the {@code redeliver} command, and two small ones to start from. */
@NullMarked
package dev.redeliver.examples;

import org.jspecify.annotations.NullMarked;
