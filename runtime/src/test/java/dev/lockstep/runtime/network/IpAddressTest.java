package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpAddressTest {
    /** The examples of RFC 5952, chapters 1 and 4. */
    @ParameterizedTest
    @CsvSource({
        "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "2001:0db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "2001:db8::1:0:0:1, 2001:db8::1:0:0:1",
        "2001:db8::0:1:0:0:1, 2001:db8::1:0:0:1",
        "2001:DB8:0:0:1::1, 2001:db8::1:0:0:1",
        "2001:db8:0:0:0:0:2:1, 2001:db8::2:1",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
        "0:0:0:0:0:0:0:0, ::",
        "0:0:0:0:0:0:0:1, ::1",
        "1:0:0:0:0:0:0:0, 1::",
        "64:ff9b::192.0.2.33, 64:ff9b::c000:221",
        "192.0.2.1, 192.0.2.1"
    })
    void is_written_in_the_short_form(String text, String shown) {
        var address = IpAddress.parse(text);
        assertThat(address).hasToString(shown);
        assertThat(IpAddress.parse(shown)).isEqualTo(address);
        assertThat(IpAddress.of(address.bytes())).isEqualTo(address);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":",
                ":::",
                "1::2::3",
                "fe80::1%eth0",
                "[::1]",
                "::ffff:10.0.0.1",
                "1:2:3:4:5:6:7",
                "g::",
                "10.0.0",
                "010.0.0.1",
                "10.0.0.256",
                " ::1",
                "localhost"
            })
    void anything_else_is_refused(String text) {
        assertThatThrownBy(() -> IpAddress.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void addresses_follow_each_other_across_the_halves() {
        assertThat(IpAddress.parse("fd00::ffff:ffff:ffff:ffff").plus(1)).hasToString("fd00:0:0:1::");
        assertThat(IpAddress.parse("fd00::7fff:ffff:ffff:ffff").plus(1)).hasToString("fd00::8000:0:0:0");
        assertThat(IpAddress.parse("10.0.0.255").plus(1)).hasToString("10.0.1.0");
    }

    @Test
    void are_ordered_by_family_and_then_as_numbers() {
        assertThat(IpAddress.parse("255.0.0.1")).isLessThan(IpAddress.parse("::1"));
        assertThat(IpAddress.parse("fe80::1")).isGreaterThan(IpAddress.parse("7e80::1"));
        assertThat(IpAddress.parse("fd00::ffff:0:0:0")).isGreaterThan(IpAddress.parse("fd00::1"));
    }

    @Test
    void brackets_are_set_where_a_port_follows() {
        assertThat(IpAddress.parse("::1").beforePort()).isEqualTo("[::1]");
        assertThat(IpAddress.parse("127.0.0.1").beforePort()).isEqualTo("127.0.0.1");
        assertThat(IpAddress.parse("::1").isLoopback()).isTrue();
        assertThat(IpAddress.parse("127.8.0.1").isLoopback()).isTrue();
        assertThat(IpAddress.parse("::").isAny()).isTrue();
    }
}
