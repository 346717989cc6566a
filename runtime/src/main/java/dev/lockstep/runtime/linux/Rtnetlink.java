package dev.lockstep.runtime.linux;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Links, addresses and routes of one network namespace (rtnetlink(7)). The namespace is that of the thread that calls
 * {@link #open}; afterwards any thread may use it.
 */
public final class Rtnetlink implements AutoCloseable {
    static final int NEWLINK = 16;
    private static final int DELLINK = 17;
    private static final int GETLINK = 18;
    private static final int GETADDR = 22;
    private static final int GETROUTE = 26;
    private static final int IFF_UP = 1;
    private static final int IFLA_ADDRESS = 1;
    private static final int IFLA_IFNAME = 3;
    private static final int IFLA_MTU = 4;
    private static final int IFLA_MASTER = 10;
    private static final int IFLA_LINKINFO = 18;
    private static final int IFLA_IFALIAS = 20;
    private static final int IFLA_NET_NS_FD = 28;
    private static final int INFO_KIND = 1;
    private static final int INFO_DATA = 2;
    private static final int INFO_SLAVE_KIND = 4;
    private static final int INFO_SLAVE_DATA = 5;
    private static final int IFLA_OPERSTATE = 16;
    private static final int OPERATIONAL = 6;
    private static final int BRPORT_STATE = 1;
    private static final int FORWARDING = 3;
    private static final int BRPORT_MODE = 4;
    private static final int IFLA_LINK = 5;
    private static final int VLAN_ID = 1;
    /** Of macvlan and of ipvlan. */
    private static final int SHARE_MODE = 1;

    private static final int VETH_PEER = 1;
    private static final int IFA_ADDRESS = 1;
    private static final int IFA_LOCAL = 2;
    private static final int RTA_DST = 1;
    private static final int RTA_OIF = 4;
    private static final int IFINFOMSG = 16;
    private static final int IFADDRMSG = 8;
    private static final int RTMSG = 12;
    private static final List<Integer> FAMILIES = List.of(SocketLibrary.AF_INET, SocketLibrary.AF_INET6);

    private final NetlinkSocket socket;

    private Rtnetlink(NetlinkSocket socket) {
        this.socket = socket;
    }

    /**
     * A link.
     *
     * @param alias {@code IFLA_IFALIAS}, what its maker says about it
     * @param kind {@code bridge}, {@code veth}, …; empty for hardware
     * @param master index of the bridge it is a port of, or 0
     */
    public record Link(int index, String name, boolean up, int mtu, String alias, String kind, int master) {}

    /** An address of a link. */
    public record Address(int link, InetAddress address, int prefix) {}

    /** A route to a range; {@code link} is 0 where it has none (blackhole, several next hops). */
    public record Route(InetAddress destination, int prefix, int link) {}

    /** Opens a socket in the calling thread's namespace. */
    public static Rtnetlink open() throws LinuxException {
        return new Rtnetlink(new NetlinkSocket(NetlinkSocket.ROUTE, "rtnetlink"));
    }

    /**
     * Makes a bridge, up. Its hardware address is set because it would follow its ports otherwise.
     *
     * @return its index
     * @throws LinuxException EEXIST when the name is taken
     */
    public int createBridge(String name, byte[] mac, int mtu, String alias) throws LinuxException {
        socket.talk(
                "bridge " + name,
                link(NEWLINK, NetlinkRequest.ACK | NetlinkRequest.CREATE | NetlinkRequest.EXCL, 0, true)
                        .attribute(IFLA_IFNAME, name)
                        .attribute(IFLA_MTU, mtu)
                        .attribute(IFLA_ADDRESS, mac)
                        .begin(IFLA_LINKINFO)
                        .attribute(INFO_KIND, "bridge")
                        .end(),
                // Aliases are not read when a link is made.
                link(NEWLINK, NetlinkRequest.ACK, 0, false)
                        .attribute(IFLA_IFNAME, name)
                        .attributeWithoutNul(IFLA_IFALIAS, alias));
        return index(name);
    }

    /**
     * Makes a veth pair: one end here, up and a port of the bridge; the other end straight inside {@code namespace},
     * down, so that it never has a name here. The port sends back what it got (hairpin), for a container that calls its
     * own published port.
     *
     * @throws LinuxException EEXIST when one of the names is taken
     */
    public void createVeth(
            String name, String alias, int bridge, Fd namespace, String innerName, byte[] innerMac, int mtu)
            throws LinuxException {
        socket.talk(
                "veth " + name,
                link(NEWLINK, NetlinkRequest.ACK | NetlinkRequest.CREATE | NetlinkRequest.EXCL, 0, true)
                        .attribute(IFLA_IFNAME, name)
                        .attribute(IFLA_MTU, mtu)
                        .attribute(IFLA_MASTER, bridge)
                        .begin(IFLA_LINKINFO)
                        .attribute(INFO_KIND, "veth")
                        .begin(INFO_DATA)
                        .begin(VETH_PEER)
                        // The peer cannot be made up: ENOTCONN.
                        .zeros(IFINFOMSG)
                        .attribute(IFLA_IFNAME, innerName)
                        .attribute(IFLA_ADDRESS, innerMac)
                        .attribute(IFLA_MTU, mtu)
                        .attribute(IFLA_NET_NS_FD, namespace.number())
                        .end()
                        .end()
                        .end(),
                port(name, alias));
    }

    /** Makes a link that is there a port of the bridge, with all that {@link #createVeth} gives one. */
    public void makePort(String name, String alias, int bridge) throws LinuxException {
        socket.talk(
                "port " + name,
                link(NEWLINK, NetlinkRequest.ACK, 0, true)
                        .attribute(IFLA_IFNAME, name)
                        .attribute(IFLA_MASTER, bridge),
                port(name, alias));
    }

    private static NetlinkRequest port(String name, String alias) {
        return link(NEWLINK, NetlinkRequest.ACK, 0, false)
                .attribute(IFLA_IFNAME, name)
                .attributeWithoutNul(IFLA_IFALIAS, alias)
                .begin(IFLA_LINKINFO)
                .attribute(INFO_SLAVE_KIND, "bridge")
                .begin(INFO_SLAVE_DATA)
                .attribute(BRPORT_MODE, new byte[] {1})
                .end()
                .end();
    }

    /** Makes a link for one VLAN (IEEE 802.1Q) of another link, up. */
    public void createVlan(String name, String alias, int parent, int id) throws LinuxException {
        socket.talk(
                "vlan " + name,
                link(NEWLINK, NetlinkRequest.ACK | NetlinkRequest.CREATE | NetlinkRequest.EXCL, 0, true)
                        .attribute(IFLA_IFNAME, name)
                        .attribute(IFLA_LINK, parent)
                        .begin(IFLA_LINKINFO)
                        .attribute(INFO_KIND, "vlan")
                        .begin(INFO_DATA)
                        .attribute(VLAN_ID, new byte[] {(byte) id, (byte) (id >>> 8)})
                        .end()
                        .end(),
                link(NEWLINK, NetlinkRequest.ACK, 0, false)
                        .attribute(IFLA_IFNAME, name)
                        .attributeWithoutNul(IFLA_IFALIAS, alias));
    }

    /**
     * A share in another link.
     *
     * @param kind {@code macvlan} or {@code ipvlan}
     * @param mode number of the kind's mode
     * @param mac its hardware address; empty for ipvlan, which has its parent's
     * @param mtu in bytes; absent: the parent's
     */
    public record Share(String kind, int mode, Optional<byte[]> mac, Optional<Integer> mtu) {}

    /** Makes a share in a link of this namespace, straight inside another one, down. */
    public void createShare(int parent, Share share, Fd namespace, String name) throws LinuxException {
        var request = link(NEWLINK, NetlinkRequest.ACK | NetlinkRequest.CREATE | NetlinkRequest.EXCL, 0, false)
                .attribute(IFLA_IFNAME, name)
                .attribute(IFLA_LINK, parent)
                .attribute(IFLA_NET_NS_FD, namespace.number());
        share.mac().ifPresent(mac -> request.attribute(IFLA_ADDRESS, mac));
        share.mtu().ifPresent(mtu -> request.attribute(IFLA_MTU, mtu));
        // The mode of ipvlan has 16 bits; on these processors its bytes begin those of 32.
        var mode = share.kind().equals("ipvlan")
                ? new byte[] {(byte) share.mode(), 0}
                : new byte[] {(byte) share.mode(), 0, 0, 0};
        socket.talk(
                share.kind() + " " + name,
                request.begin(IFLA_LINKINFO)
                        .attribute(INFO_KIND, share.kind())
                        .begin(INFO_DATA)
                        .attribute(SHARE_MODE, mode)
                        .end()
                        .end());
    }

    /** Whether the kernel has links of a kind that needs a parent. Asks for one without: nothing is ever made. */
    public boolean hasKind(String kind) throws LinuxException {
        try {
            socket.talk(
                    kind,
                    link(NEWLINK, NetlinkRequest.ACK | NetlinkRequest.CREATE | NetlinkRequest.EXCL, 0, false)
                            .begin(IFLA_LINKINFO)
                            .attribute(INFO_KIND, kind)
                            .end());
            throw new IllegalStateException("the kernel made a " + kind + " of nothing");
        } catch (LinuxException e) {
            if (e.errno() == Errno.EOPNOTSUPP) {
                return false;
            }
            if (e.errno() == Errno.EINVAL) {
                return true;
            }
            throw e;
        }
    }

    /** The link of that name. */
    public Optional<Link> link(String name) throws LinuxException {
        try {
            return Optional.of(parseLink(
                    socket.ask("link " + name, link(GETLINK, 0, 0, false).attribute(IFLA_IFNAME, name))));
        } catch (LinuxException e) {
            if (e.isGone()) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Index of the link of that name; ENODEV when there is none. */
    public int index(String name) throws LinuxException {
        return link(name)
                .orElseThrow(() -> new LinuxException("rtnetlink", "link " + name, Errno.ENODEV))
                .index();
    }

    /** All links. */
    public List<Link> links() throws LinuxException {
        var links = new ArrayList<Link>();
        for (var reply : socket.dump("links", link(GETLINK, NetlinkRequest.DUMP, 0, false))) {
            links.add(parseLink(reply));
        }
        return links;
    }

    public void setUp(int index) throws LinuxException {
        changes().up(index).make();
    }

    /**
     * Whether the link passes packets on: it has a carrier, and where it is a port of a bridge, that forwards. The
     * kernel comes to it a little after the link was set up (linkwatch); until then it drops what is sent.
     */
    public boolean passes(String name) throws LinuxException {
        var reply = socket.ask("link " + name, link(GETLINK, 0, 0, false).attribute(IFLA_IFNAME, name));
        var port = reply.attribute(IFINFOMSG, IFLA_LINKINFO)
                .flatMap(info -> info.attribute(0, INFO_SLAVE_DATA))
                .flatMap(data -> data.attribute(0, BRPORT_STATE));
        return reply.attribute(IFINFOMSG, IFLA_OPERSTATE)
                        .filter(state -> state.u8(0) == OPERATIONAL)
                        .isPresent()
                && port.filter(state -> state.u8(0) != FORWARDING).isEmpty();
    }

    /** Gives a link its hardware address anew, so that its neighbours hear of it (ip-sysctl.rst, arp_notify). */
    public void announce(int index, byte[] mac) throws LinuxException {
        socket.talk(
                "link " + index, link(NEWLINK, NetlinkRequest.ACK, index, false).attribute(IFLA_ADDRESS, mac));
    }

    /** Removes the link of that name; false when there is none. */
    public boolean deleteLink(String name) throws LinuxException {
        try {
            socket.talk(
                    "link " + name, link(DELLINK, NetlinkRequest.ACK, 0, false).attribute(IFLA_IFNAME, name));
            return true;
        } catch (LinuxException e) {
            if (e.isGone()) {
                return false;
            }
            throw e;
        }
    }

    /** Gives the link an IPv4 address; one that it has already is no error. */
    public void addAddress(int link, byte[] address, int prefix, byte[] broadcast) throws LinuxException {
        changes().address(link, address, prefix, broadcast).make();
    }

    /** Gives the link an IPv6 address that is good at once. One that it has already is no error. */
    public void addAddress(int link, byte[] address, int prefix) throws LinuxException {
        changes().address(link, address, prefix).make();
    }

    /** Changes that are sent together. */
    public LinkChanges changes() {
        return new LinkChanges(socket);
    }

    /** All addresses, of both families. */
    public List<Address> addresses() throws LinuxException {
        var addresses = new ArrayList<Address>();
        for (var family : FAMILIES) {
            var request =
                    new NetlinkRequest(GETADDR, NetlinkRequest.DUMP).u8(family).zeros(IFADDRMSG - 1);
            for (var reply : socket.dump("addresses", request)) {
                // A kernel without IPv6 answers a question about it with what it has.
                if (reply.u8(0) == family) {
                    reply.attribute(IFADDRMSG, IFA_LOCAL)
                            .or(() -> reply.attribute(IFADDRMSG, IFA_ADDRESS))
                            .ifPresent(local ->
                                    addresses.add(new Address(reply.s32(4), Inet.address(local, family), reply.u8(1))));
                }
            }
        }
        return addresses;
    }

    /** Sets the default route of the gateway's family in the main table, in place of any that is there. */
    public void replaceDefaultRoute(int link, byte[] gateway) throws LinuxException {
        changes()
                .noDefaultRoute(gateway.length == 4 ? SocketLibrary.AF_INET : SocketLibrary.AF_INET6)
                .defaultRoute(link, gateway)
                .make();
    }

    /** All routes of both families and every table, without default routes. */
    public List<Route> routes() throws LinuxException {
        var routes = new ArrayList<Route>();
        for (var family : FAMILIES) {
            var request =
                    new NetlinkRequest(GETROUTE, NetlinkRequest.DUMP).u8(family).zeros(RTMSG - 1);
            for (var reply : socket.dump("routes", request)) {
                var prefix = reply.u8(1);
                var link = reply.attribute(RTMSG, RTA_OIF).map(a -> a.s32(0)).orElse(0);
                reply.attribute(RTMSG, RTA_DST)
                        .filter(_ -> prefix > 0 && reply.u8(0) == family)
                        .ifPresent(d -> routes.add(new Route(Inet.address(d, family), prefix, link)));
            }
        }
        return routes;
    }

    static NetlinkRequest link(int type, int flags, int index, boolean up) {
        var request = new NetlinkRequest(type, flags).u32(0).u32(index);
        return up ? request.u32(IFF_UP).u32(IFF_UP) : request.u32(0).u32(0);
    }

    private static Link parseLink(NetlinkReply reply) {
        return new Link(
                reply.s32(4),
                reply.attribute(IFINFOMSG, IFLA_IFNAME).map(NetlinkReply::text).orElse(""),
                (reply.s32(8) & IFF_UP) != 0,
                reply.attribute(IFINFOMSG, IFLA_MTU).map(a -> a.s32(0)).orElse(0),
                reply.attribute(IFINFOMSG, IFLA_IFALIAS).map(NetlinkReply::text).orElse(""),
                reply.attribute(IFINFOMSG, IFLA_LINKINFO)
                        .flatMap(a -> a.attribute(0, INFO_KIND))
                        .map(NetlinkReply::text)
                        .orElse(""),
                reply.attribute(IFINFOMSG, IFLA_MASTER).map(a -> a.s32(0)).orElse(0));
    }

    @Override
    public void close() {
        socket.close();
    }
}
