/**
 * Redeliver for Jakarta Mail: {@link dev.redeliver.jakartamail.RetryingTransport} wraps a transport
 * in code, {@link dev.redeliver.jakartamail.RedeliverSmtpTransport} is switched on by properties.
 */
@NullMarked
package dev.redeliver.jakartamail;

import org.jspecify.annotations.NullMarked;
