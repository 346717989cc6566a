package dev.lockstep.spec.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.spec.model.Port;
import dev.lockstep.spec.model.PortRange;
import dev.lockstep.spec.model.Protocol;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ShortFormsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            80                        | * * 80 TCP
            80/udp                    | * * 80 UDP
            80/SCTP                   | * * 80 SCTP
            8080:80                   | * 8080 80 TCP
            :80                       | * * 80 TCP
            3000-3002                 | * * 3000 TCP, * * 3001 TCP, * * 3002 TCP
            90-91:80-81               | * 90 80 TCP, * 91 81 TCP
            8000-9000:80              | * 8000-9000 80 TCP
            127.0.0.1:80:80           | 127.0.0.1 80 80 TCP
            127.0.0.1::80             | 127.0.0.1 * 80 TCP
            127.0.0.1:90-91:80-81/udp | 127.0.0.1 90 80 UDP, 127.0.0.1 91 81 UDP
            [::1]:6001:6001           | ::1 6001 6001 TCP
            [0:0::1]::6001            | ::1 * 6001 TCP
            """)
    void a_port_reads_as(String text, String expected) {
        var ports = PortReader.shortForm(text).stream()
                .map(port -> port.hostIp().orElse("*") + " "
                        + port.published().map(PortRange::toString).orElse("*") + " " + port.target() + " "
                        + port.protocol())
                .toList();
        assertThat(String.join(", ", ports)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "abc",
                "80:abc",
                "70000",
                "80:70000",
                "0",
                "-1",
                "300.0.0.1:80:80",
                "80/foo",
                "8080-8082:90-91",
                "::1:60:60",
                "[::1]:80",
                "[::1:80:80",
                "localhost:80:80",
                "1:2:3:4",
                "90-80",
                "1.2.3:80:80",
                "80-",
                " 80"
            })
    void a_port_that_makes_no_sense_is_refused(String text) {
        assertThatThrownBy(() -> PortReader.shortForm(text)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_port_of_the_short_form_is_the_plainest_port() {
        assertThat(PortReader.shortForm("53:53/udp"))
                .isEqualTo(List.of(new Port(Optional.empty(), Optional.of(new PortRange(53, 53)), 53, Protocol.UDP)));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            echo a  b           | echo,a,b
            echo 'a  b'         | echo,a  b
            echo "a \\" b"      | echo,a " b
            echo a\\ b          | echo,a b
            echo '' x           | echo,,x
            echo #no *.x {a}    | echo,#no,*.x,{a}
            echo a; b           | echo,a
            echo a>b            | echo,a
            echo a 2>b          | echo,a
            echo a 2 >b         | echo,a,2
            """)
    void a_command_splits_into(String text, String expected) {
        assertThat(String.join(",", ShellWords.split(text).words())).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"echo 'a", "echo \"a", "echo a\\", "echo (a)", "echo `a", "echo $(a"})
    void a_command_that_does_not_end_is_refused(String text) {
        assertThatThrownBy(() -> ShellWords.split(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("the command ");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            ./data      | data
            .           | ``
            ./          | ``
            ../x        | ../x
            ../../x/../ | ../..
            a//b/./c/   | a/b/c
            /a/../../b  | /b
            /           | /
            a/..        | ``
            """)
    void a_path_is_cleaned(String path, String expected) {
        assertThat(TreePaths.clean(path)).isEqualTo(expected);
    }
}
