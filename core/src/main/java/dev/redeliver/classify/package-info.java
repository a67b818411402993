/** What a failure means: cause, scope, lane and the rule that says so. Pure functions over data. */
@NullMarked
package dev.redeliver.classify;

import org.jspecify.annotations.NullMarked;
