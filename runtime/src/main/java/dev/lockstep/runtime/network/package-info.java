/**
 * Bridges, addresses and published ports of one root, with rtnetlink and one nftables table. Knows containers only as
 * ids with a network namespace.
 */
@NullMarked
package dev.lockstep.runtime.network;

import org.jspecify.annotations.NullMarked;
