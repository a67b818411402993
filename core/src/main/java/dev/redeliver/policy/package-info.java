/** What to do about a failure, and when: a pure function and the configuration behind it. */
@NullMarked
package dev.redeliver.policy;

import org.jspecify.annotations.NullMarked;
