/**
 * What a Compose project says, as immutable records with real types. Knows nothing of YAML or files; a record that
 * exists is valid in itself.
 */
@NullMarked
package dev.lockstep.spec.model;

import org.jspecify.annotations.NullMarked;
