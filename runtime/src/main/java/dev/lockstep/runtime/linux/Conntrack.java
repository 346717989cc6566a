package dev.lockstep.runtime.linux;

import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The connections that this namespace keeps track of. A connection keeps the translation it began with: after a
 * published port has moved, its old packets go on to the old container until the entry is deleted.
 */
public final class Conntrack implements AutoCloseable {
    private static final int GET = 1 << 8 | 1;
    private static final int DELETE = 1 << 8 | 2;
    private static final int NFGENMSG = 4;
    private static final int CTA_TUPLE_ORIG = 1;
    private static final int CTA_TUPLE_REPLY = 2;
    private static final int CTA_ID = 12;
    private static final int TUPLE_IP = 1;
    private static final int TUPLE_PROTO = 2;
    private static final int IPV4_SOURCE = 1;
    private static final int IPV4_DESTINATION = 2;
    private static final int IPV6_SOURCE = 3;
    private static final int IPV6_DESTINATION = 4;
    private static final int PROTO_NUMBER = 1;
    private static final int PROTO_SOURCE_PORT = 2;
    private static final int PROTO_DESTINATION_PORT = 3;

    private final NetlinkSocket socket;

    private Conntrack(NetlinkSocket socket) {
        this.socket = socket;
    }

    /**
     * A connection.
     *
     * @param protocol number of the transport protocol: 6 TCP, 17 UDP
     * @param destination where its first packet went, before any translation
     * @param port the port there; 0 for protocols without ports
     * @param answers whose answers belong to it: the translated destination
     * @param answersFrom the port that those come from: the translated one; 0 for protocols without ports
     */
    public record Flow(int protocol, InetAddress destination, int port, InetAddress answers, int answersFrom) {}

    /** Opens a socket in the calling thread's namespace. */
    public static Conntrack open() throws LinuxException {
        return new Conntrack(new NetlinkSocket(NetlinkSocket.NETFILTER, "ctnetlink"));
    }

    /** Forgets all matching connections of both families; returns how many. */
    public int delete(Predicate<Flow> which) throws LinuxException {
        return delete(SocketLibrary.AF_INET, which) + delete(SocketLibrary.AF_INET6, which);
    }

    private int delete(int family, Predicate<Flow> which) throws LinuxException {
        List<NetlinkReply> matching;
        try {
            matching = socket.dump(
                    "connections",
                    request(GET, family, NetlinkRequest.DUMP),
                    entry -> flow(entry, family).filter(which).isPresent());
        } catch (LinuxException e) {
            if (e.errno() == Errno.EINVAL || e.errno() == Errno.EOPNOTSUPP) {
                return 0; // nobody tracks connections here: the module is not loaded
            }
            throw e;
        }
        var deleted = 0;
        for (var entry : matching) {
            deleted += delete(entry, family) ? 1 : 0;
        }
        return deleted;
    }

    private boolean delete(NetlinkReply entry, int family) throws LinuxException {
        var request = request(DELETE, family, NetlinkRequest.ACK);
        entry.attribute(NFGENMSG, CTA_TUPLE_ORIG)
                .ifPresent(tuple ->
                        request.attribute(CTA_TUPLE_ORIG | NetlinkRequest.NESTED, tuple.bytes(0, tuple.size())));
        // With the id a connection that took the place of this one meanwhile is left alone.
        entry.attribute(NFGENMSG, CTA_ID).ifPresent(id -> request.attribute(CTA_ID, id.bytes(0, id.size())));
        try {
            socket.talk("connection", request);
            return true;
        } catch (LinuxException e) {
            if (e.isGone()) {
                return false;
            }
            throw e;
        }
    }

    private static NetlinkRequest request(int type, int family, int flags) {
        return new NetlinkRequest(type, flags).u8(family).u8(0).u16(0);
    }

    private static Optional<Flow> flow(NetlinkReply entry, int family) {
        var six = family == SocketLibrary.AF_INET6;
        var original = entry.attribute(NFGENMSG, CTA_TUPLE_ORIG);
        var proto = original.flatMap(t -> t.attribute(0, TUPLE_PROTO));
        var destination = original.flatMap(t -> t.attribute(0, TUPLE_IP))
                .flatMap(t -> t.attribute(0, six ? IPV6_DESTINATION : IPV4_DESTINATION));
        var reply = entry.attribute(NFGENMSG, CTA_TUPLE_REPLY);
        var answers = reply.flatMap(t -> t.attribute(0, TUPLE_IP))
                .flatMap(t -> t.attribute(0, six ? IPV6_SOURCE : IPV4_SOURCE));
        if (destination.isEmpty() || answers.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Flow(
                proto.flatMap(p -> p.attribute(0, PROTO_NUMBER))
                        .map(n -> n.u8(0))
                        .orElse(0),
                Inet.address(destination.get(), family),
                proto.flatMap(p -> p.attribute(0, PROTO_DESTINATION_PORT))
                        .map(p -> p.u16BigEndian(0))
                        .orElse(0),
                Inet.address(answers.get(), family),
                reply.flatMap(t -> t.attribute(0, TUPLE_PROTO))
                        .flatMap(p -> p.attribute(0, PROTO_SOURCE_PORT))
                        .map(p -> p.u16BigEndian(0))
                        .orElse(0)));
    }

    @Override
    public void close() {
        socket.close();
    }
}
