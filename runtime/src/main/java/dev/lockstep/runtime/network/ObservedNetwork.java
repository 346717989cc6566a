package dev.lockstep.runtime.network;

/**
 * A network as the kernel has it.
 *
 * @param record what it should be
 * @param bridge the link exists and is up
 * @param address the bridge has the gateway's address
 * @param rules the nftables table is there and knows the bridge, and other firewalls are open for it as far as they may
 *     be opened
 * @param outdated the rules are there, and are those of an earlier version of Lockstep
 * @param forwarding the host forwards packets of its families
 * @param names somebody answers questions for names there
 */
public record ObservedNetwork(
        NetworkRecord record,
        boolean bridge,
        boolean address,
        boolean rules,
        boolean outdated,
        boolean forwarding,
        boolean names) {
    /** Nothing is missing. */
    public boolean intact() {
        return bridge && address && rules && forwarding && names;
    }
}
