@NullMarked
package dev.redeliver.jakartamail;

import org.jspecify.annotations.NullMarked;
