/** What an SMTP server answered, and what came instead of an answer. */
@NullMarked
package dev.redeliver.smtp;

import org.jspecify.annotations.NullMarked;
