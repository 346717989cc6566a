package dev.lockstep.runtime.linux;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the kernel tells of links, addresses and nftables of one network namespace while they change: netlink groups
 * (rtnetlink(7), linux/netfilter/nfnetlink.h). The namespace is that of the thread that calls {@link #open}; afterwards
 * one thread at a time may use it, a platform thread.
 */
public final class NetworkEvents implements AutoCloseable {
    /**
     * {@code RTMGRP_LINK}, {@code RTMGRP_IPV4_IFADDR} and {@code RTMGRP_IPV6_IFADDR}; {@code RTNLGRP_IPV4_NETCONF} and
     * {@code RTNLGRP_IPV6_NETCONF} are numbers 24 and 25.
     */
    private static final int ROUTE_GROUPS = 0x1 | 0x10 | 0x100 | 1 << 23 | 1 << 24;

    /** {@code NFNLGRP_NFTABLES}, which is number 7. */
    private static final int RULE_GROUPS = 1 << 6;

    private static final int NEWLINK = 16;
    private static final int DELLINK = 17;
    private static final int DELADDR = 21;
    private static final int NEWNETCONF = 80;
    /** One byte, with what fills it up. */
    private static final int NETCONFMSG = 4;

    private static final int NETCONFA_IFINDEX = 1;
    private static final int NETCONFA_FORWARDING = 2;
    private static final int ALL_LINKS = -1;
    private static final int IFLA_IFNAME = 3;
    private static final int IFINFOMSG = 16;
    private static final int IFF_UP = 1;
    private static final int FLAGS_AT = 8;

    private static final int NFTABLES = 10 << 8;
    private static final int NEWCHAIN = NFTABLES | 3;
    private static final int DELTABLE = NFTABLES | 2;
    private static final int DELCHAIN = NFTABLES | 5;
    private static final int DELRULE = NFTABLES | 8;
    private static final int DELSETELEM = NFTABLES | 14;
    private static final int NFGENMSG = 4;
    /** {@code NFTA_TABLE_NAME}, and so of chains, rules and elements: {@code NFTA_SET_ELEM_LIST_TABLE} is 1 too. */
    private static final int TABLE = 1;

    private static final int HEADER = 16;
    private static final int SENDER_AT = 12;
    private static final int BUFFER = 64 * 1024;

    private final List<Fd> fds;
    private final Memory memory = new Memory(BUFFER);
    private final ByteBuffer buffer = Libc.buffer(memory);

    /** Something that changed. */
    public sealed interface Event {
        /** A link was removed or taken down. */
        record LinkLost(String name) implements Event {}

        /** An address was taken from some link. */
        record AddressLost() implements Event {}

        /** The host forwards no packets any more, of one family. */
        record ForwardingOff() implements Event {}

        /** Rules or chains of a table were removed, or chains came. */
        record RulesChanged(String table) implements Event {}

        /**
         * Elements were taken from a set or a map of a table.
         *
         * @param by the number of the netlink socket that asked for it, see {@link NftablesSets#port}
         */
        record ElementsTaken(String table, int by) implements Event {}

        /** More happened than the kernel keeps for us: it may have been anything. */
        record Missed() implements Event {}
    }

    private NetworkEvents(List<Fd> fds) {
        this.fds = fds;
    }

    /** Listens from now on in the calling thread's namespace. */
    public static NetworkEvents open() throws LinuxException {
        var route = listen(NetlinkSocket.ROUTE, ROUTE_GROUPS, "rtnetlink groups");
        try {
            return new NetworkEvents(List.of(route, listen(NetlinkSocket.NETFILTER, RULE_GROUPS, "nftables group")));
        } catch (LinuxException | RuntimeException e) {
            route.close();
            throw e;
        }
    }

    private static Fd listen(int protocol, int groups, String subject) throws LinuxException {
        var fd = new Fd(
                Libc.check(
                        SocketLibrary.socket(
                                SocketLibrary.AF_NETLINK,
                                SocketLibrary.SOCK_RAW | SocketLibrary.SOCK_CLOEXEC,
                                protocol),
                        "socket",
                        subject),
                subject);
        // struct sockaddr_nl: family, two bytes, pid, groups.
        var address = new byte[12];
        address[0] = SocketLibrary.AF_NETLINK;
        ByteBuffer.wrap(address).order(ByteOrder.nativeOrder()).putInt(8, groups);
        try {
            Libc.check(SocketLibrary.bind(fd.number(), address, address.length), "bind", subject);
        } catch (LinuxException e) {
            fd.close();
            throw e;
        }
        return fd;
    }

    /**
     * Waits until the kernel tells something.
     *
     * @return what it tells in one breath, of which nothing may be of the kinds above; empty when the time is over
     */
    public List<Event> await(Duration timeout) throws LinuxException {
        var events = new ArrayList<Event>();
        for (var fd : Poll.readable(fds, Optional.of(timeout))) {
            var got = SocketLibrary.recv(fd.number(), Libc.address(memory), BUFFER, 0);
            if (got < 0 && Native.getLastError() == Errno.EINTR) {
                continue;
            }
            if (got < 0 && Native.getLastError() == Errno.ENOBUFS) {
                events.add(new Event.Missed());
                continue;
            }
            Libc.check(got, "recv", "netlink group");
            for (var at = 0; at + HEADER <= got; ) {
                var length = buffer.getInt(at);
                if (length < HEADER || at + length > got) {
                    break;
                }
                var body = new byte[length - HEADER];
                buffer.get(at + HEADER, body);
                event(new NetlinkReply(buffer.getShort(at + 4), body), buffer.getInt(at + SENDER_AT))
                        .ifPresent(events::add);
                at += (length + 3) & ~3;
            }
        }
        return List.copyOf(events);
    }

    private static Optional<Event> event(NetlinkReply message, int by) {
        return switch (message.type()) {
            case NEWLINK ->
                (message.s32(FLAGS_AT) & IFF_UP) == 0
                        ? Optional.of(new Event.LinkLost(link(message)))
                        : Optional.empty();
            case DELLINK -> Optional.of(new Event.LinkLost(link(message)));
            case DELADDR -> Optional.of(new Event.AddressLost());
            case NEWNETCONF ->
                number(message, NETCONFA_IFINDEX)
                                        .filter(link -> link == ALL_LINKS)
                                        .isPresent()
                                && number(message, NETCONFA_FORWARDING)
                                        .filter(on -> on == 0)
                                        .isPresent()
                        ? Optional.of(new Event.ForwardingOff())
                        : Optional.empty();
            case NEWCHAIN, DELTABLE, DELCHAIN, DELRULE -> Optional.of(new Event.RulesChanged(table(message)));
            case DELSETELEM -> Optional.of(new Event.ElementsTaken(table(message), by));
            default -> Optional.empty();
        };
    }

    private static Optional<Integer> number(NetlinkReply message, int attribute) {
        return message.attribute(NETCONFMSG, attribute).map(value -> value.s32(0));
    }

    private static String table(NetlinkReply message) {
        return message.attribute(NFGENMSG, TABLE).map(NetlinkReply::text).orElse("");
    }

    private static String link(NetlinkReply message) {
        return message.attribute(IFINFOMSG, IFLA_IFNAME).map(NetlinkReply::text).orElse("");
    }

    @Override
    public void close() {
        fds.forEach(Fd::close);
    }
}
