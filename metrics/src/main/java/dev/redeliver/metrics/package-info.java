/** Meters of deliveries for Micrometer, and through it for Prometheus and others. */
@NullMarked
package dev.redeliver.metrics;

import org.jspecify.annotations.NullMarked;
