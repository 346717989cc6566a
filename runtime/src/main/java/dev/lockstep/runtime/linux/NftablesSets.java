package dev.lockstep.runtime.linux;

/**
 * The elements of nftables' sets and maps in one network namespace: that of the thread that calls {@link #open};
 * afterwards any thread may use it. Speaks to the kernel itself: libnftables, which makes everything else, asks for all
 * tables, chains and sets of the host before each change, and that takes longer than the change.
 */
public final class NftablesSets implements AutoCloseable {
    private final NetlinkSocket socket;

    private NftablesSets(NetlinkSocket socket) {
        this.socket = socket;
    }

    /** Opens a socket in the calling thread's namespace. */
    public static NftablesSets open() throws LinuxException {
        return new NftablesSets(new NetlinkSocket(NetlinkSocket.NETFILTER, "nftables"));
    }

    /** How {@link NetworkEvents} names who made changes through this. */
    public int port() {
        return socket.port();
    }

    /**
     * Makes all of the changes.
     *
     * @throws NftablesException when one of them cannot be made; then none is
     */
    public void change(ElementChanges changes) throws NftablesException {
        if (changes.isEmpty()) {
            return;
        }
        try {
            socket.transact(changes.what(), changes.messages());
        } catch (LinuxException e) {
            throw new NftablesException(changes.what() + ": " + e.subject() + ": " + Errno.describe(e.errno()), e);
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
