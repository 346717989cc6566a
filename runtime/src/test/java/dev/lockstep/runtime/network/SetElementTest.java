package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.network.PublishedPort.TransportProtocol;
import java.util.HexFormat;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SetElementTest {
    private static final Datum FOUR = new Datum.Address(IpAddress.parse("172.28.0.2"));
    private static final Datum SIX = new Datum.Address(IpAddress.parse("fd00::2"));
    private static final Datum MAC = new Datum.HardwareAddress("02:42:ac:1c:00:02");
    private static final Datum LINK = new Datum.LinkName("lvc0de000000001");
    private static final Datum TCP = new Datum.Protocol(TransportProtocol.TCP);
    private static final Datum SCTP = new Datum.Protocol(TransportProtocol.SCTP);

    static Stream<Arguments> elements() {
        return Stream.of(
                Arguments.of(SetElement.of(FOUR), "\"172.28.0.2\"", "ac1c0002", ""),
                Arguments.of(SetElement.of(SIX), "\"fd00::2\"", "fd000000000000000000000000000002", ""),
                // One field alone is not filled up.
                Arguments.of(SetElement.of(MAC), "\"02:42:ac:1c:00:02\"", "0242ac1c0002", ""),
                Arguments.of(SetElement.of(LINK), "\"lvc0de000000001\"", "6c766330646530303030303030303100", ""),
                Arguments.of(
                        SetElement.of(LINK, MAC),
                        "{\"concat\":[\"lvc0de000000001\",\"02:42:ac:1c:00:02\"]}",
                        "6c766330646530303030303030303100" + "0242ac1c0002" + "0000",
                        ""),
                Arguments.of(
                        SetElement.of(TCP, new Datum.Port(8080)).to(FOUR, new Datum.Port(80)),
                        "[{\"concat\":[\"tcp\",8080]},{\"concat\":[\"172.28.0.2\",80]}]",
                        "06000000" + "1f900000",
                        "ac1c0002" + "00500000"),
                Arguments.of(
                        SetElement.of(SIX, SCTP, new Datum.Port(65535)).to(SIX, new Datum.Port(1)),
                        "[{\"concat\":[\"fd00::2\",\"sctp\",65535]},{\"concat\":[\"fd00::2\",1]}]",
                        "fd000000000000000000000000000002" + "84000000" + "ffff0000",
                        "fd000000000000000000000000000002" + "00010000"));
    }

    @ParameterizedTest
    @MethodSource("elements")
    void an_element_is_the_same_to_libnftables_and_to_the_kernel(
            SetElement element, String json, String key, String value) {
        assertThat(element.json().toString()).isEqualTo(json);
        assertThat(HexFormat.of().formatHex(element.keyBytes())).isEqualTo(key);
        assertThat(HexFormat.of().formatHex(element.valueBytes())).isEqualTo(value);
    }
}
