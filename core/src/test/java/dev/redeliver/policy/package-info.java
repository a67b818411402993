@NullMarked
package dev.redeliver.policy;

import org.jspecify.annotations.NullMarked;
