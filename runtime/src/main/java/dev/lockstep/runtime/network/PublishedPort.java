package dev.lockstep.runtime.network;

import java.util.Locale;
import java.util.Optional;

/**
 * A port of the host that leads into a container.
 *
 * @param hostIp address of the host; absent: all of the families that the container has. {@code 0.0.0.0} and {@code ::}
 *     are all of one family
 * @param hostPort absent: any free one, chosen at each start
 * @param containerPort where the container listens
 */
public record PublishedPort(
        Optional<IpAddress> hostIp, Optional<Integer> hostPort, int containerPort, TransportProtocol protocol) {
    public PublishedPort {
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

    /** {@code 127.0.0.1:8080->80/tcp}, as {@code docker ps} shows it. */
    @Override
    public String toString() {
        return hostIp.map(IpAddress::beforePort).orElse("0.0.0.0") + ":"
                + hostPort.map(String::valueOf).orElse("*") + "->" + containerPort + "/" + protocol.lowerCase();
    }
}
