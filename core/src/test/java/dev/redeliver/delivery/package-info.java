@NullMarked
package dev.redeliver.delivery;

import org.jspecify.annotations.NullMarked;
