package dev.lockstep.runtime.linux;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Who listens on a port of this namespace (sock_diag(7), and /proc for the process behind the socket). */
public final class SocketDiagnosis {
    private static final int SOCK_DIAG_BY_FAMILY = 20;
    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int STATE_LISTEN = 10;
    /** A UDP socket that is bound and not connected. */
    private static final int STATE_CLOSE = 7;

    private static final int SPORT = 4;
    private static final int SOURCE = 8;
    private static final int INODE = 68;
    private static final int ATTRIBUTES = 72;
    private static final int INET_DIAG_SKV6ONLY = 11;

    private SocketDiagnosis() {}

    /** A process and the short name of its program. */
    public record Holder(int pid, String command) {}

    /**
     * A process that has a socket on the port, on that address or on all addresses. Empty when the kernel names no such
     * socket, or no process that can be seen has it.
     */
    public static Optional<Holder> holder(byte[] address, int port, boolean udp) throws IOException {
        var inodes = new HashSet<Long>();
        try (var socket = new NetlinkSocket(NetlinkSocket.SOCK_DIAG, "sock_diag")) {
            for (var family : new int[] {SocketLibrary.AF_INET, SocketLibrary.AF_INET6}) {
                for (var reply : socket.dump("sockets", request(family, udp))) {
                    if (reply.size() > INODE && reply.u16BigEndian(SPORT) == port && overlaps(address, reply, family)) {
                        inodes.add(Integer.toUnsignedLong(reply.s32(INODE)));
                    }
                }
            }
        } catch (LinuxException e) {
            if (!e.isGone()) {
                throw e;
            }
            // This kernel has no sock_diag module for the protocol: nobody can be named.
        }
        return inodes.isEmpty() ? Optional.empty() : processWith(inodes);
    }

    /**
     * A port that is asked about.
     *
     * @param address of one family; all zeros: any of that family
     */
    public record Place(InetAddress address, int port, boolean udp) {}

    /**
     * Which of the places sockets of this namespace have too, with a process behind each: pid 0 where none can be seen.
     * The kernel is asked once for all of them, and /proc looked through only where there is something to be found.
     */
    public static Map<Place, Holder> holders(Collection<Place> places) throws IOException {
        var found = new LinkedHashMap<Place, Set<Long>>();
        for (var udp : new boolean[] {false, true}) {
            var wanted = places.stream().filter(p -> p.udp() == udp).collect(Collectors.groupingBy(Place::port));
            if (wanted.isEmpty()) {
                continue;
            }
            try (var socket = new NetlinkSocket(NetlinkSocket.SOCK_DIAG, "sock_diag")) {
                for (var family : new int[] {SocketLibrary.AF_INET, SocketLibrary.AF_INET6}) {
                    for (var reply : socket.dump(
                            "sockets",
                            request(family, udp),
                            r -> r.size() > INODE && wanted.containsKey(r.u16BigEndian(SPORT)))) {
                        for (var place : wanted.getOrDefault(reply.u16BigEndian(SPORT), List.of())) {
                            if (isThere(place, reply, family)) {
                                found.computeIfAbsent(place, _ -> new HashSet<>())
                                        .add(Integer.toUnsignedLong(reply.s32(INODE)));
                            }
                        }
                    }
                }
            } catch (LinuxException e) {
                if (!e.isGone()) {
                    throw e;
                }
                // As above: without that module nobody can be named.
            }
        }
        var holders = new LinkedHashMap<Place, Holder>();
        for (var place : found.entrySet()) {
            holders.put(place.getKey(), processWith(place.getValue()).orElse(new Holder(0, "")));
        }
        return holders;
    }

    private static boolean isThere(Place place, NetlinkReply socket, int family) {
        var address = place.address().getAddress();
        if (family == SocketLibrary.AF_INET6) {
            // ::ffff:a.b.c.d of a socket of both families is of IPv4 alone.
            var source = socket.bytes(SOURCE, 16);
            var mapped = isZero(source, 0, 10) && source[10] == -1;
            if (address.length == 16 ? mapped : isOfIpv6Only(socket)) {
                return false;
            }
        }
        return overlaps(address, socket, family);
    }

    private static boolean isOfIpv6Only(NetlinkReply socket) {
        return socket.attribute(ATTRIBUTES, INET_DIAG_SKV6ONLY)
                .filter(only -> only.u8(0) != 0)
                .isPresent();
    }

    private static NetlinkRequest request(int family, boolean udp) {
        return new NetlinkRequest(SOCK_DIAG_BY_FAMILY, NetlinkRequest.DUMP)
                .u8(family)
                .u8(udp ? UDP : TCP)
                .u8(0)
                .u8(0)
                .u32(1 << (udp ? STATE_CLOSE : STATE_LISTEN))
                .zeros(48);
    }

    private static boolean overlaps(byte[] address, NetlinkReply reply, int family) {
        var source = reply.bytes(SOURCE, 16);
        var any = isZero(address, 0, address.length);
        if (address.length == 16) {
            // Whether :: is of both families does not matter: it is of this one.
            return family == SocketLibrary.AF_INET6 && (any || isZero(source, 0, 16) || matches(source, 0, address));
        }
        if (family == SocketLibrary.AF_INET) {
            return isZero(source, 0, 4) || any || matches(source, 0, address);
        }
        // ::, or ::ffff:a.b.c.d of a socket of both families
        return isZero(source, 0, 16)
                || (isZero(source, 0, 10) && source[10] == -1 && (any || matches(source, 12, address)));
    }

    private static boolean isZero(byte[] bytes, int from, int to) {
        for (var i = from; i < to; i++) {
            if (bytes[i] != 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean matches(byte[] bytes, int at, byte[] wanted) {
        for (var i = 0; i < wanted.length; i++) {
            if (bytes[at + i] != wanted[i]) {
                return false;
            }
        }
        return true;
    }

    private static Optional<Holder> processWith(Set<Long> inodes) throws IOException {
        var wanted = new HashSet<String>();
        inodes.forEach(inode -> wanted.add("socket:[" + inode + "]"));
        try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (var process : processes) {
                if (hasOneOf(process.resolve("fd"), wanted)) {
                    return Optional.of(
                            new Holder(Integer.parseInt(process.getFileName().toString()), command(process)));
                }
            }
        }
        return Optional.empty();
    }

    private static boolean hasOneOf(Path descriptors, Set<String> wanted) {
        try (var links = Files.newDirectoryStream(descriptors)) {
            for (var link : links) {
                if (pointsTo(link, wanted)) {
                    return true;
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // The process ended while we looked.
        }
        return false;
    }

    private static boolean pointsTo(Path link, Set<String> wanted) {
        try {
            return wanted.contains(Files.readSymbolicLink(link).toString());
        } catch (IOException e) {
            return false;
        }
    }

    private static String command(Path process) {
        try {
            return ForeignText.read(process.resolve("comm")).strip();
        } catch (IOException e) {
            return "";
        }
    }
}
