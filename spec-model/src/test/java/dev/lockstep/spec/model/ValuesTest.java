package dev.lockstep.spec.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ValuesTest {
    @ParameterizedTest
    @CsvSource({
        "0,0",
        "1,1",
        "1b,1",
        "1k,1024",
        "1kb,1024",
        "1KiB,1024",
        "64m,67108864",
        "1.5g,1610612736",
        "10 m,10485760",
        "2T,2199023255552",
        "1p,1125899906842624",
        "-1,-1",
        "0.5k,512",
        "1.9,1"
    })
    void a_size_reads_as(String text, long bytes) {
        assertThat(ByteSize.parse(text).bytes()).isEqualTo(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "m", "1x", "1 2", "-2", "-1m", "1  m", "1ib", "1e3", ".5k", "99999999p", "1mm", "0x10"})
    void what_is_no_size_is_refused(String text) {
        assertThatThrownBy(() -> ByteSize.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "0,0s",
        "1ns,1ns",
        "1us,1µs",
        "1500us,1.5ms",
        "500ms,500ms",
        "1.5s,1.5s",
        "90s,1m30s",
        "2h,2h0m0s",
        "1h5m30s20ms,1h5m30.02s",
        "1d2h,26h0m0s",
        "1w,168h0m0s",
        "60m,1h0m0s",
        "61s,1m1s",
        "0s,0s"
    })
    void a_duration_reads_and_prints_as_go_does(String text, String printed) {
        assertThat(Durations.text(Durations.parse(text))).isEqualTo(printed);
        assertThat(Durations.parse(printed)).isEqualTo(Durations.parse(text));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            10     | missing unit in duration "10". Write "10s" for seconds
            `` | "" is not a duration. Write numbers with units, such as 1m30s
            1y     | "1y" is not a duration. Write numbers with units, such as 1m30s
            -1s    | "-1s" is not a duration. Write numbers with units, such as 1m30s
            1s 2s  | "1s 2s" is not a duration. Write numbers with units, such as 1m30s
            9999999h | "9999999h" is longer than the 292 years that a duration may last
            """)
    void what_is_no_duration_is_refused_with_what_to_write(String text, String message) {
        assertThatThrownBy(() -> Durations.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @ParameterizedTest
    @CsvSource({
        "no,no",
        "always,always",
        "on-failure,on-failure",
        "on-failure:3,on-failure:3",
        "unless-stopped,unless-stopped",
        "none,no",
        "any,always"
    })
    void a_restart_policy_reads_as_it_prints(String text, String printed) {
        assertThat(Restart.parse(text)).hasToString(printed);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "never", "on-failure:", "on-failure:x", "always:3", "No", "on-failure:-1"})
    void what_is_no_restart_policy_is_refused(String text) {
        assertThatThrownBy(() -> Restart.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.0/8,10.255.0.1,true",
        "10.0.0.0/8,11.0.0.1,false",
        "10.1.2.128/25,10.1.2.127,false",
        "10.1.2.128/25,10.1.2.200,true",
        "0.0.0.0/0,1.2.3.4,true",
        "1.2.3.4/32,1.2.3.4,true",
        "fd00::/8,fd12::1,true",
        "fd00::/8,10.0.0.1,false"
    })
    void an_address_is_inside_of_a_range_or_not(String cidr, String address, boolean inside) {
        assertThat(Cidr.parse(cidr).contains(Addresses.parse(address))).isEqualTo(inside);
    }

    @ParameterizedTest
    @CsvSource({
        "10.1.0.0/16,10.1.0.0/16",
        "fd00:0:0:1::/64,fd00:0:0:1::/64",
        "::/0,::/0",
        "0:0:0:0:0:0:0:1/128,::1/128",
        "1:0:0:2:0:0:0:3/64,1:0:0:2::3/64",
        "1:2:3:4:5:6:7:8/64,1:2:3:4:5:6:7:8/64"
    })
    void a_range_prints_in_its_short_form(String text, String printed) {
        assertThat(Cidr.parse(text)).hasToString(printed);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.0.0.0",
                "10.0.0.0/33",
                "10.0.0/8",
                "ten/8",
                "/8",
                "10.0.0.0/-1",
                "10.0.0.0/",
                "fe80::1%eth0/64"
            })
    void what_is_no_range_is_refused(String text) {
        assertThatThrownBy(() -> Cidr.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @CsvSource({"1s,1000", "1m,60000"})
    void durations_are_exact(String text, long millis) {
        assertThat(Durations.parse(text)).isEqualTo(Duration.ofMillis(millis));
    }
}
