/**
 * For tests of code that sends mail: an SMTP server that answers as scripted and records what it
 * accepted, and time that passes without waiting.
 *
 * <p>Needs nothing but the JDK; {@link dev.redeliver.testkit.ScriptedSmtpServerExtension} also
 * needs the JUnit 5 API.
 */
@NullMarked
package dev.redeliver.testkit;

import org.jspecify.annotations.NullMarked;
