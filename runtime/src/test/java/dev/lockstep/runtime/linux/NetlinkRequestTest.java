package dev.lockstep.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class NetlinkRequestTest {
    /** The bytes that ip(8) sends for {@code ip link add spkbr0 up address … mtu 1500 type bridge}. */
    private static final String BRIDGE = "50000000 1000 0506 01000000 00000000 | 00000000 00000000 01000000 01000000"
            + " | 0b00 0300 73706b62723000 00 | 0800 0400 dc050000 | 0a00 0100 02420a630001 0000"
            + " | 1000 1200 0b00 0100 62726964676500 00";

    @Test
    void a_bridge_is_asked_for_with_the_same_bytes_as_ip_sends() {
        Assumptions.assumeTrue(ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN);
        var request = new NetlinkRequest(16, NetlinkRequest.ACK | NetlinkRequest.CREATE | NetlinkRequest.EXCL)
                .u32(0)
                .u32(0)
                .u32(1)
                .u32(1)
                .attribute(3, "spkbr0")
                .attribute(4, 1500)
                .attribute(1, new byte[] {2, 0x42, 0xa, 0x63, 0, 1})
                .begin(18)
                .attribute(1, "bridge")
                .end();
        assertThat(HexFormat.of().formatHex(request.bytes(1))).isEqualTo(BRIDGE.replaceAll("[ |]", ""));
    }

    @Test
    void attributes_are_found_by_type_and_a_truncated_message_has_none() {
        var bytes = new NetlinkRequest(0, 0)
                .attribute(1, "first")
                .begin(2)
                .attribute(7, 42)
                .end()
                .bytes(1);
        var reply = new NetlinkReply(0, bytes);
        assertThat(reply.attribute(16, 1)).map(NetlinkReply::text).contains("first");
        assertThat(reply.attribute(16, 2).flatMap(a -> a.attribute(0, 7)))
                .map(a -> a.s32(0))
                .contains(42);
        assertThat(reply.attribute(16, 3)).isEmpty();
        var cut = new NetlinkReply(0, Arrays.copyOf(bytes, 20));
        assertThat(cut.attribute(16, 1)).isEmpty();
    }
}
