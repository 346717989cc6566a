package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.container.Isolation;
import dev.lockstep.runtime.container.MountSpec;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What {@code run} takes behind {@code -p} and {@code -v}: what Compose files take there. */
class OneOffTest {
    private static List<String> ports(String text) throws CommandException {
        return OneOff.ports(text).stream()
                .map(p -> p.hostIp().map(ip -> ip + ":").orElse("")
                        + p.onHost() + ":" + p.containerPort() + "/"
                        + p.protocol().name().toLowerCase(java.util.Locale.ROOT))
                .toList();
    }

    @Test
    void a_range_of_ports_is_published_one_by_one() throws CommandException {
        assertThat(ports("8000-8001:80-81")).containsExactly("8000:80/tcp", "8001:81/tcp");
        assertThat(ports("127.0.0.1:8000-8001:80-81/udp"))
                .containsExactly("127.0.0.1:8000:80/udp", "127.0.0.1:8001:81/udp");
        assertThat(ports("80-81")).containsExactly("*:80/tcp", "*:81/tcp");
        assertThat(ports("127.0.0.1::80-81")).containsExactly("127.0.0.1:*:80/tcp", "127.0.0.1:*:81/tcp");
        assertThat(ports("8000-8009:80")).containsExactly("8000-8009:80/tcp");
        assertThat(ports("8000:80")).containsExactly("8000:80/tcp");
        assertThat(ports("0:80")).containsExactly("*:80/tcp");
        assertThatThrownBy(() -> ports("8000-8002:80-81")).hasMessageContaining("have different lengths");
        assertThatThrownBy(() -> ports("8000-:80")).hasMessageContaining("is no port to publish");
        assertThatThrownBy(() -> ports("81-80")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void the_mode_of_a_volume_is_words_with_commas_between_them() {
        var plain = MountSpec.BindOptions.DEFAULT;
        assertThat(OneOff.Mode.parse("ro")).contains(new OneOff.Mode(true, false, plain));
        assertThat(OneOff.Mode.parse("ro,rw")).contains(new OneOff.Mode(false, false, plain));
        assertThat(OneOff.Mode.parse("nocopy")).contains(new OneOff.Mode(false, true, plain));
        assertThat(OneOff.Mode.parse("ro,Z,rslave"))
                .contains(new OneOff.Mode(
                        true,
                        false,
                        new MountSpec.BindOptions("rslave", MountSpec.Recursion.ENABLED, Optional.of("Z"))));
        assertThat(OneOff.Mode.parse("ro,")).isEmpty();
        assertThat(OneOff.Mode.parse("readonly")).isEmpty();
    }

    @Test
    void a_capability_that_is_asked_for_here_holds_whatever_the_file_says_of_it() {
        var service = Isolation.NONE.withCapabilities(List.of("CAP_NET_ADMIN", "CAP_SYS_TIME"), List.of("CAP_CHOWN"));

        var without = OneOff.capabilities(service, List.of(), List.of("net_admin"));
        assertThat(without.capAdd()).containsExactly("CAP_SYS_TIME");
        assertThat(without.capDrop()).containsExactly("CAP_CHOWN", "CAP_NET_ADMIN");

        var with = OneOff.capabilities(service, List.of("CAP_CHOWN", "ALL"), List.of());
        assertThat(with.capAdd()).containsExactly("ALL", "CAP_CHOWN", "CAP_NET_ADMIN", "CAP_SYS_TIME");
        assertThat(with.capDrop()).isEmpty();
    }
}
