package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.Conntrack;
import dev.lockstep.runtime.linux.NetworkEvents;
import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.linux.Nftables;
import dev.lockstep.runtime.linux.NftablesSets;
import dev.lockstep.runtime.linux.Rtnetlink;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The sockets at home, each opened when it is first needed: a command that only reads records loads neither rtnetlink
 * nor nftables.
 *
 * <p>They are opened at home, and this object's monitor is held there alone. Whoever held it while he waits for one of
 * the few threads at home would wait for ever, when one waits for the {@code network} lock and who has that for the
 * monitor.
 */
final class Kernel implements AutoCloseable {
    private final NetworkNamespaces namespaces;
    private volatile @Nullable Rtnetlink rtnetlink;
    private volatile @Nullable Nftables nftables;
    private volatile @Nullable NftablesSets sets;
    private volatile @Nullable Conntrack conntrack;

    Kernel(NetworkNamespaces namespaces) {
        this.namespaces = namespaces;
    }

    Rtnetlink rtnetlink() throws IOException {
        var open = rtnetlink;
        return open != null ? open : namespaces.home(this::openRtnetlink);
    }

    private synchronized Rtnetlink openRtnetlink() throws IOException {
        var open = rtnetlink;
        if (open == null) {
            open = Rtnetlink.open();
            rtnetlink = open;
        }
        return open;
    }

    Nftables nftables() throws IOException {
        var open = nftables;
        return open != null ? open : namespaces.home(this::openNftables);
    }

    private synchronized Nftables openNftables() throws IOException {
        var open = nftables;
        if (open == null) {
            open = Nftables.open();
            nftables = open;
        }
        return open;
    }

    NftablesSets sets() throws IOException {
        var open = sets;
        return open != null ? open : namespaces.home(this::openSets);
    }

    private synchronized NftablesSets openSets() throws IOException {
        var open = sets;
        if (open == null) {
            open = NftablesSets.open();
            sets = open;
        }
        return open;
    }

    /** Whether that change of elements was made through {@link #sets}; asked from any thread. */
    boolean isOurs(NetworkEvents.Event.ElementsTaken change) {
        var open = sets;
        return open != null && open.port() == change.by();
    }

    Conntrack conntrack() throws IOException {
        var open = conntrack;
        return open != null ? open : namespaces.home(this::openConntrack);
    }

    private synchronized Conntrack openConntrack() throws IOException {
        var open = conntrack;
        if (open == null) {
            open = Conntrack.open();
            conntrack = open;
        }
        return open;
    }

    @Override
    public synchronized void close() {
        var rtnetlinkOpen = rtnetlink;
        if (rtnetlinkOpen != null) {
            rtnetlinkOpen.close();
        }
        var nftablesOpen = nftables;
        if (nftablesOpen != null) {
            nftablesOpen.close();
        }
        var setsOpen = sets;
        if (setsOpen != null) {
            setsOpen.close();
        }
        var conntrackOpen = conntrack;
        if (conntrackOpen != null) {
            conntrackOpen.close();
        }
    }
}
