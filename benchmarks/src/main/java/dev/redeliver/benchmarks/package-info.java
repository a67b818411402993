/** Measurements with JMH. */
@NullMarked
package dev.redeliver.benchmarks;

import org.jspecify.annotations.NullMarked;
