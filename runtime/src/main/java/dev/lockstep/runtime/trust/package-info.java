/**
 * Where images came from, who signed them, and when a tag was looked at last. Asks registries for signatures and
 * verifies them by public keys; knows nothing of rules, which say what is enough.
 */
@NullMarked
package dev.lockstep.runtime.trust;

import org.jspecify.annotations.NullMarked;
