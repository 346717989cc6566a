package dev.lockstep.runtime.network;

import com.fasterxml.jackson.databind.JsonNode;
import dev.lockstep.runtime.network.PublishedPort.TransportProtocol;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One field of a key or a value in a set or map of our tables: {@linkplain #json as libnftables} reads it, and
 * {@linkplain #bytes as the kernel} has it.
 */
sealed interface Datum {
    JsonNode json();

    byte[] bytes();

    /** {@code ifname}. */
    record LinkName(String name) implements Datum {
        /** {@code IFNAMSIZ}. */
        private static final int SIZE = 16;

        @Override
        public JsonNode json() {
            return NftJson.text(name);
        }

        @Override
        public byte[] bytes() {
            return Arrays.copyOf(name.getBytes(StandardCharsets.UTF_8), SIZE);
        }
    }

    /** {@code ether_addr}. */
    record HardwareAddress(String address) implements Datum {
        @Override
        public JsonNode json() {
            return NftJson.text(address);
        }

        @Override
        public byte[] bytes() {
            return Links.macBytes(address);
        }
    }

    /** {@code ipv4_addr} or {@code ipv6_addr}. */
    record Address(IpAddress address) implements Datum {
        @Override
        public JsonNode json() {
            return NftJson.text(address.toString());
        }

        @Override
        public byte[] bytes() {
            return address.bytes();
        }
    }

    /** {@code inet_proto}. */
    record Protocol(TransportProtocol protocol) implements Datum {
        @Override
        public JsonNode json() {
            return NftJson.text(protocol.lowerCase());
        }

        @Override
        public byte[] bytes() {
            return new byte[] {(byte) protocol.number()};
        }
    }

    /** {@code inet_service}. */
    record Port(int number) implements Datum {
        @Override
        public JsonNode json() {
            return NftJson.number(number);
        }

        @Override
        public byte[] bytes() {
            return new byte[] {(byte) (number >>> 8), (byte) number};
        }
    }
}
