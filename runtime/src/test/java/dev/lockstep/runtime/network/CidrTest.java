package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CidrTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "0.0.0.0/0",
                "10.0.0.0/8",
                "172.31.255.0/24",
                "192.168.1.7/32",
                "224.0.0.0/3",
                "::/0",
                "fd00:1::/64",
                "2001:db8::/33",
                "fe80::1/128"
            })
    void is_written_as_it_is_read(String text) {
        assertThat(Cidr.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "10.0.0.0",
                "10.0.0.0/",
                "10.0.0.0/33",
                "10.0.0/8",
                "10.0.0.256/32",
                "10.0.0.0/-1",
                "10.0.00.0/8",
                "fd00::/129",
                "fd00:::/8",
                "fe80::%1/64",
                "::ffff:10.0.0.0/104",
                "10.0.0.0/8 "
            })
    void anything_else_is_refused(String text) {
        assertThatThrownBy(() -> Cidr.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void bits_behind_the_prefix_are_refused_with_what_was_meant() {
        assertThatThrownBy(() -> Cidr.parse("10.1.2.3/16"))
                .hasMessage("10.1.2.3/16 has bits set behind its prefix; meant is 10.1.0.0/16");
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8, 10.3.0.0/16, true",
        "10.3.0.0/16, 10.0.0.0/8, true",
        "10.3.0.0/16, 10.4.0.0/16, false",
        "0.0.0.0/0, 203.0.113.0/24, true",
        "128.0.0.0/1, 127.255.255.255/32, false",
        "fd00::/8, fd00:0:0:1::/64, true",
        "fd00:0:0:1::/64, fd00::/64, false",
        "fd00::/127, fd00::1/128, true",
        "::/0, 0.0.0.0/0, false"
    })
    void ranges_overlap_when_one_contains_the_other(String a, String b, boolean overlap) {
        assertThat(Cidr.parse(a).overlaps(Cidr.parse(b))).isEqualTo(overlap);
    }

    @Test
    void knows_its_first_host_and_its_last_address() {
        var range = Cidr.parse("192.168.4.0/22");
        assertThat(range.first()).hasToString("192.168.4.1");
        assertThat(range.last()).hasToString("192.168.7.255");
        assertThat(Cidr.parse("0.0.0.0/0").last()).hasToString("255.255.255.255");
        assertThat(Cidr.parse("fd00:1::/64").first()).hasToString("fd00:1::1");
        assertThat(Cidr.parse("fd00:1::/64").last()).hasToString("fd00:1::ffff:ffff:ffff:ffff");
        assertThat(Cidr.parse("::/0").last()).hasToString("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
    }

    @Test
    void no_host_has_the_range_s_own_address_nor_where_broadcasts_go() {
        var four = Cidr.parse("10.0.0.0/30");
        assertThat(four.isHost(IpAddress.parse("10.0.0.0"))).isFalse();
        assertThat(four.isHost(IpAddress.parse("10.0.0.2"))).isTrue();
        assertThat(four.isHost(IpAddress.parse("10.0.0.3"))).isFalse();
        var six = Cidr.parse("fd00::/126");
        assertThat(six.isHost(IpAddress.parse("fd00::"))).isFalse();
        assertThat(six.isHost(IpAddress.parse("fd00::3"))).isTrue();
        assertThat(six.isHost(IpAddress.parse("10.0.0.2"))).isFalse();
    }

    @Test
    void addresses_are_ordered_as_unsigned_numbers() {
        assertThat(IpAddress.parse("200.0.0.1")).isGreaterThan(IpAddress.parse("100.0.0.1"));
        assertThat(IpAddress.of(new byte[] {(byte) 200, 0, 0, (byte) 255})).hasToString("200.0.0.255");
    }
}
