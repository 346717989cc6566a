package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.Conntrack;
import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.linux.Nftables;
import dev.lockstep.runtime.linux.NftablesSets;
import dev.lockstep.runtime.linux.Rtnetlink;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The sockets at home, each opened when it is first needed: a command that only reads records loads neither rtnetlink
 * nor nftables.
 */
final class Kernel implements AutoCloseable {
    private final NetworkNamespaces namespaces;
    private @Nullable Rtnetlink rtnetlink;
    private @Nullable Nftables nftables;
    private @Nullable NftablesSets sets;
    private @Nullable Conntrack conntrack;

    Kernel(NetworkNamespaces namespaces) {
        this.namespaces = namespaces;
    }

    synchronized Rtnetlink rtnetlink() throws IOException {
        var open = rtnetlink;
        if (open == null) {
            open = namespaces.home(Rtnetlink::open);
            rtnetlink = open;
        }
        return open;
    }

    synchronized Nftables nftables() throws IOException {
        var open = nftables;
        if (open == null) {
            open = namespaces.home(Nftables::open);
            nftables = open;
        }
        return open;
    }

    synchronized NftablesSets sets() throws IOException {
        var open = sets;
        if (open == null) {
            open = namespaces.home(NftablesSets::open);
            sets = open;
        }
        return open;
    }

    synchronized Conntrack conntrack() throws IOException {
        var open = conntrack;
        if (open == null) {
            open = namespaces.home(Conntrack::open);
            conntrack = open;
        }
        return open;
    }

    @Override
    public synchronized void close() {
        if (rtnetlink != null) {
            rtnetlink.close();
        }
        if (nftables != null) {
            nftables.close();
        }
        if (sets != null) {
            sets.close();
        }
        if (conntrack != null) {
            conntrack.close();
        }
    }
}
