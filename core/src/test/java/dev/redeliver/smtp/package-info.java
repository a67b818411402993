@NullMarked
package dev.redeliver.smtp;

import org.jspecify.annotations.NullMarked;
