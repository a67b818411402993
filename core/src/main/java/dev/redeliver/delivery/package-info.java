/** The delivery loop: attempts, the ledger of recipients, listeners and the final report. */
@NullMarked
package dev.redeliver.delivery;

import org.jspecify.annotations.NullMarked;
