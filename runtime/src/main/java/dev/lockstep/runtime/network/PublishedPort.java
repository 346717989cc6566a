package dev.lockstep.runtime.network;

import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A port of the host that leads into a container.
 *
 * @param hostIp address of the host; absent: all of the families that the container has. {@code 0.0.0.0} and {@code ::}
 *     are all of one family
 * @param hostPort absent: any free one, chosen at each start
 * @param containerPort where the container listens
 * @param choice of which a free one is chosen; absent: of the dynamic ones
 */
public record PublishedPort(
        Optional<IpAddress> hostIp,
        Optional<Integer> hostPort,
        int containerPort,
        TransportProtocol protocol,
        Optional<Choice> choice) {
    /**
     * Ports of which any will do.
     *
     * @param wished the one that is taken if it is free; else the first that is
     */
    public record Choice(int first, int last, int wished) {
        public Choice {
            if (first < 1 || first > wished || wished > last || last > 65535) {
                throw new IllegalArgumentException("no choice of ports: " + first + " to " + last);
            }
        }

        /** All of them, the one that is wished first. */
        public IntStream ports() {
            return IntStream.concat(
                    IntStream.of(wished), IntStream.rangeClosed(first, last).filter(port -> port != wished));
        }

        /** Whether it is one of them. */
        public boolean has(int port) {
            return first <= port && port <= last;
        }
    }

    /** One port, or any dynamic one. */
    public PublishedPort(
            Optional<IpAddress> hostIp, Optional<Integer> hostPort, int containerPort, TransportProtocol protocol) {
        this(hostIp, hostPort, containerPort, protocol, Optional.empty());
    }

    /** The same at that address of the host. */
    PublishedPort at(IpAddress address) {
        return new PublishedPort(Optional.of(address), hostPort, containerPort, protocol, choice);
    }

    /** The same when that port of the host is chosen. */
    public PublishedPort chosen(int port) {
        return new PublishedPort(hostIp, Optional.of(port), containerPort, protocol);
    }

    public PublishedPort {
        // A record of an earlier version has none.
        choice = Objects.requireNonNullElse(choice, Optional.empty());
        if (containerPort < 1
                || containerPort > 65535
                || hostPort.filter(p -> p < 1 || p > 65535).isPresent()) {
            throw new IllegalArgumentException("ports go from 1 to 65535");
        }
    }

    /** What carries the traffic. */
    public enum TransportProtocol {
        TCP(6),
        UDP(17),
        SCTP(132);

        private final int number;

        TransportProtocol(int number) {
            this.number = number;
        }

        /** As an IP packet carries it, and the kernel lists it (protocols(5)). */
        public int number() {
            return number;
        }

        /** As nftables and Compose write it. */
        public String lowerCase() {
            return name().toLowerCase(Locale.ROOT);
        }

        /**
         * Reads what {@link #lowerCase} writes, in any case.
         *
         * @throws IllegalArgumentException for anything else
         */
        public static TransportProtocol parse(String word) {
            return valueOf(word.toUpperCase(Locale.ROOT));
        }
    }

    /** The host's address as it stands before a port: with brackets if it is IPv6, {@code 0.0.0.0} for all. */
    public String address() {
        return hostIp.map(IpAddress::beforePort).orElse("0.0.0.0");
    }

    /** The host's, as people read it: {@code 8080}, {@code 8000-8010} or {@code *}. */
    public String onHost() {
        return hostPort.map(String::valueOf)
                .or(() -> choice.map(any -> any.first() + "-" + any.last()))
                .orElse("*");
    }

    /** {@code 127.0.0.1:8080->80/tcp}, as {@code docker ps} shows it. */
    @Override
    public String toString() {
        return address() + ":" + onHost() + "->" + containerPort + "/" + protocol.lowerCase();
    }
}
