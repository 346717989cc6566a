package dev.lockstep.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.linux.ElementChanges.Family;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ElementChangesTest {
    private static final String BEGIN = "14000000 1000 0100 01000000 00000000 | 0000 000a";
    private static final String END = "14000000 1100 0100 03000000 00000000 | 0000 000a";

    /**
     * The bytes that nft(8) 1.1.3 sends for the command above each, but for the number of the set, which is for sets
     * that are made in the same transaction, and so with shorter messages.
     */
    static Stream<Arguments> commands() {
        return Stream.of(
                // add element inet box pub4 { 127.0.0.1 . udp . 5353 : 172.28.0.2 . 53 }
                Arguments.of(
                        new ElementChanges(Family.INET, "box")
                                .add("pub4", hex("7f000001 11000000 14e90000"), hex("ac1c0002 00350000")),
                        "54000000 0c0a 0104 02000000 00000000 | 0100 0000"
                                + "| 0800 0100 626f7800 | 0900 0200 70756234 00000000"
                                + "| 2c00 0380 | 2800 0180 | 1400 0180 | 1000 0100 7f000001 11000000 14e90000"
                                + "| 1000 0280 | 0c00 0100 ac1c0002 00350000"),
                // add element inet box pub6any { tcp . 443 : fd00::2 . 8443 }
                Arguments.of(
                        new ElementChanges(Family.INET, "box")
                                .add(
                                        "pub6any",
                                        hex("06000000 01bb0000"),
                                        hex("fd000000 00000000 00000000 00000002 20fb0000")),
                        "5c000000 0c0a 0104 02000000 00000000 | 0100 0000"
                                + "| 0800 0100 626f7800 | 0c00 0200 70756236 616e7900"
                                + "| 3400 0380 | 3000 0180 | 1000 0180 | 0c00 0100 06000000 01bb0000"
                                + "| 1c00 0280 | 1800 0100 fd000000 00000000 00000000 00000002 20fb0000"),
                // add element bridge box macs { 02:42:ac:1c:00:02 }
                Arguments.of(
                        new ElementChanges(Family.BRIDGE, "box").add("macs", hex("0242ac1c0002"), new byte[0]),
                        "40000000 0c0a 0104 02000000 00000000 | 0700 0000"
                                + "| 0800 0100 626f7800 | 0900 0200 6d616373 00000000"
                                + "| 1800 0380 | 1400 0180 | 1000 0180 | 0a00 0100 0242ac1c 00020000"),
                // add element bridge box ends_mac { "lv0" . 02:42:ac:1c:00:02 }
                Arguments.of(
                        new ElementChanges(Family.BRIDGE, "box")
                                .add(
                                        "ends_mac",
                                        hex("6c763000 00000000 00000000 00000000 0242ac1c 00020000"),
                                        new byte[0]),
                        "54000000 0c0a 0104 02000000 00000000 | 0700 0000"
                                + "| 0800 0100 626f7800 | 0d00 0200 656e6473 5f6d6163 00000000"
                                + "| 2800 0380 | 2400 0180 | 2000 0180"
                                + "| 1c00 0100 6c763000 00000000 00000000 00000000 0242ac1c 00020000"),
                // delete element inet box pub4 { 127.0.0.1 . udp . 5353 : 172.28.0.2 . 53 }
                Arguments.of(
                        new ElementChanges(Family.INET, "box").delete("pub4", hex("7f000001 11000000 14e90000")),
                        "44000000 0e0a 0100 02000000 00000000 | 0100 0000"
                                + "| 0800 0100 626f7800 | 0900 0200 70756234 00000000"
                                + "| 1c00 0380 | 1800 0180 | 1400 0180 | 1000 0100 7f000001 11000000 14e90000"));
    }

    @ParameterizedTest
    @MethodSource("commands")
    void a_change_is_asked_for_with_the_same_bytes_as_nft_sends(ElementChanges changes, String message) {
        Assumptions.assumeTrue(ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN);
        assertThat(sent(changes)).containsExactly(plain(BEGIN), plain(message), plain(END));
    }

    @Test
    void elements_of_one_set_share_messages_until_these_are_full() {
        var changes = new ElementChanges(Family.INET, "box");
        IntStream.range(0, 100).forEach(i -> changes.add("pub4any", new byte[8], new byte[8]));
        var messages = changes.messages();
        assertThat(messages).hasSize(2 + 4);
        // Nothing is lost between two messages: 36 bytes for each element.
        assertThat(messages.subList(1, 5).stream()
                        .mapToInt(m -> m.bytes(0).length - 16 - 4 - 8 - 12 - 4)
                        .sum())
                .isEqualTo(100 * 36);
    }

    @Test
    void what_goes_and_what_comes_is_in_messages_of_its_own_in_the_order_in_which_it_was_asked_for() {
        var changes = new ElementChanges(Family.BRIDGE, "box")
                .delete("owned4", new byte[4])
                .add("owned4", new byte[4], new byte[0])
                .add("owned6", new byte[16], new byte[0])
                .add("owned4", new byte[4], new byte[0]);
        assertThat(sent(changes).stream().map(m -> m.substring(8, 12)))
                .containsExactly("1000", "0e0a", "0c0a", "0c0a", "0c0a", "1100");
    }

    @Test
    void without_changes_there_is_nothing_to_be_sent() {
        assertThat(new ElementChanges(Family.INET, "box").isEmpty()).isTrue();
        assertThat(new ElementChanges(Family.INET, "box")
                        .delete("s", new byte[4])
                        .isEmpty())
                .isFalse();
    }

    private static List<String> sent(ElementChanges changes) {
        var messages = changes.messages();
        return IntStream.range(0, messages.size())
                .mapToObj(i -> HexFormat.of().formatHex(messages.get(i).bytes(i + 1)))
                .toList();
    }

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(plain(text));
    }

    private static String plain(String text) {
        return text.replaceAll("[ |]", "");
    }
}
