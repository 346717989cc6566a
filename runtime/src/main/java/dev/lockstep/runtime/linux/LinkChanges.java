package dev.lockstep.runtime.linux;

import java.util.ArrayList;
import java.util.List;

/**
 * Changes of links, addresses and routes of one network namespace that are sent together: one call of the kernel for
 * all of them, which are made in their order. What follows one that fails is made as well, so this is for what is taken
 * down as a whole, or made again as a whole.
 */
public final class LinkChanges {
    private static final int NEWADDR = 20;
    private static final int NEWROUTE = 24;
    private static final int DELROUTE = 25;
    private static final int IFA_ADDRESS = 1;
    private static final int IFA_LOCAL = 2;
    private static final int IFA_BROADCAST = 4;
    private static final int IFA_F_NODAD = 2;
    private static final int RTA_OIF = 4;
    private static final int RTA_GATEWAY = 5;
    private static final int RT_TABLE_MAIN = 254;
    private static final int RTPROT_BOOT = 3;
    private static final int RTN_UNICAST = 1;
    /** Index of {@code lo} in every namespace ({@code LOOPBACK_IFINDEX}). */
    private static final int LOOPBACK = 1;

    private final NetlinkSocket socket;
    private final List<NetlinkRequest> requests = new ArrayList<>();

    LinkChanges(NetlinkSocket socket) {
        this.socket = socket;
    }

    /** The namespace's {@code lo} goes up. */
    public LinkChanges loopbackUp() {
        return up(LOOPBACK);
    }

    /** The link of that index goes up. */
    public LinkChanges up(int link) {
        requests.add(Rtnetlink.link(Rtnetlink.NEWLINK, 0, link, true).about("link " + link));
        return this;
    }

    /** The link gets an IPv4 address; one that it has already is no error. */
    public LinkChanges address(int link, byte[] address, int prefix, byte[] broadcast) {
        requests.add(address(SocketLibrary.AF_INET, link, address, prefix, 0).attribute(IFA_BROADCAST, broadcast));
        return this;
    }

    /**
     * The link gets an IPv6 address that is good at once: nobody is asked whether he has it (RFC 4862). One that it has
     * already is no error.
     */
    public LinkChanges address(int link, byte[] address, int prefix) {
        requests.add(address(SocketLibrary.AF_INET6, link, address, prefix, IFA_F_NODAD));
        return this;
    }

    private static NetlinkRequest address(int family, int link, byte[] address, int prefix, int flags) {
        return new NetlinkRequest(NEWADDR, NetlinkRequest.CREATE | NetlinkRequest.EXCL)
                .about("address")
                .tolerating(Errno.EEXIST)
                .u8(family)
                .u8(prefix)
                .u8(flags)
                .u8(0)
                .u32(link)
                .attribute(IFA_LOCAL, address)
                .attribute(IFA_ADDRESS, address);
    }

    /** The main table has no default route of IPv4 any more, if it had one. */
    public LinkChanges noDefaultRoute4() {
        return noDefaultRoute(SocketLibrary.AF_INET);
    }

    /** The same of IPv6. */
    public LinkChanges noDefaultRoute6() {
        return noDefaultRoute(SocketLibrary.AF_INET6);
    }

    LinkChanges noDefaultRoute(int family) {
        requests.add(route(DELROUTE, family, 0).tolerating(Errno.ENOENT, Errno.ESRCH, Errno.ENODEV));
        return this;
    }

    /** The main table, which has none, gets a default route of the gateway's family. */
    public LinkChanges defaultRoute(int link, byte[] gateway) {
        requests.add(route(
                        NEWROUTE,
                        gateway.length == 4 ? SocketLibrary.AF_INET : SocketLibrary.AF_INET6,
                        NetlinkRequest.CREATE | NetlinkRequest.EXCL)
                .attribute(RTA_GATEWAY, gateway)
                .attribute(RTA_OIF, link));
        return this;
    }

    private static NetlinkRequest route(int type, int family, int flags) {
        return new NetlinkRequest(type, flags)
                .about("default route")
                .u8(family)
                .u8(0)
                .u8(0)
                .u8(0)
                .u8(RT_TABLE_MAIN)
                .u8(type == NEWROUTE ? RTPROT_BOOT : 0)
                .u8(0)
                .u8(type == NEWROUTE ? RTN_UNICAST : 0)
                .u32(0);
    }

    /**
     * Makes them.
     *
     * @throws LinuxException of the first that failed; the others are made
     */
    public void make() throws LinuxException {
        if (!requests.isEmpty()) {
            socket.talk("changes of links", requests.toArray(NetlinkRequest[]::new));
        }
    }
}
