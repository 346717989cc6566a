/** Images and archives that tests make themselves, good ones and hostile ones; other modules' tests use them too. */
@NullMarked
package dev.lockstep.runtime.testing;

import org.jspecify.annotations.NullMarked;
