@NullMarked
package dev.redeliver.classify;

import org.jspecify.annotations.NullMarked;
