package dev.lockstep.spec.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExtraHostsTest extends BlockTest {
    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    extra_hosts => ["z=1.1.1.1", "b:2.2.2.2", "c=[::1]", "d:::1", "h=host-gateway"] => ["b=2.2.2.2", "c=::1", "d=::1", "h=host-gateway", "z=1.1.1.1"]
                    extra_hosts => ["a=1.1.1.1", "a=2.2.2.2", "a=1.1.1.1"] => ["a=1.1.1.1", "a=2.2.2.2"]
                    extra_hosts => ["a=1.1.1.1,2.2.2.2"] => ["a=1.1.1.1", "a=2.2.2.2"]
                    extra_hosts => {z: 1.1.1.1, y: ["2.2.2.2", "[::2]"]} => ["y=2.2.2.2", "y=::2", "z=1.1.1.1"]
                    """)
    void is_printed_in_its_long_form(String key, String value, String json) throws IOException {
        printed(key + ": " + value, key, json);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = "=>", quoteCharacter = '`', textBlock = """
                    extra_hosts: x => 1:39: services.a.extra_hosts: must be a list, not "x"
                    extra_hosts: [a] => 1:40: services.a.extra_hosts[0]: "a" has no address. Write NAME=ADDRESS, such as db=192.0.2.7
                    extra_hosts: ["=1.1.1.1"] => 1:40: services.a.extra_hosts[0]: "" is no host name. Write NAME=ADDRESS
                    extra_hosts: {"a:b": 1.1.1.1} => 1:47: services.a.extra_hosts.a:b: "a:b" is no host name. Write NAME=ADDRESS
                    """)
    void is_refused_with_its_place(String attribute, String problem) throws IOException {
        refused(attribute, problem);
    }

    @Test
    void a_name_without_an_address_is_said() throws IOException {
        var file = service("extra_hosts: ['a=']");
        assertThat(file.errors()).isEmpty();
        assertThat(file.warnings())
                .containsExactly("compose.yaml:1:40: services.a.extra_hosts[0]: has no address for \"a\". Write one, or"
                        + " host-gateway");
    }
}
