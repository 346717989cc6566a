/** YAML as nodes that keep where they stand. Knows the syntax, not what Compose means by it. */
@NullMarked
package dev.lockstep.spec.yaml;

import org.jspecify.annotations.NullMarked;
