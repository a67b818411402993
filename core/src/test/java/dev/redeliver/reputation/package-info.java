@NullMarked
package dev.redeliver.reputation;

import org.jspecify.annotations.NullMarked;
