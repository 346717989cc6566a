/**
 * Names of containers: the aardvark-dns of one root, its files, and resolv.conf. Knows addresses as text; knows nothing
 * of links and rules.
 */
@NullMarked
package dev.lockstep.runtime.dns;

import org.jspecify.annotations.NullMarked;
