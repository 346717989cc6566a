package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class InterfaceNamesTest {
    private static AttachmentSpec on(String network, Optional<String> name) {
        return new AttachmentSpec(
                network,
                List.of(),
                List.of(),
                0,
                new EndpointOptions(Optional.empty(), 0, name, List.of(), Map.of(), List.of(), false));
    }

    private static AttachmentSpec on(String network) {
        return on(network, Optional.empty());
    }

    private static Map<String, String> choose(List<AttachmentSpec> wanted) throws NetworkException {
        return InterfaceNames.choose(wanted, List.of(), network -> network.equals("lan") ? "lan" : "eth");
    }

    @Test
    void numbers_are_given_in_order_behind_each_network_s_prefix() throws NetworkException {
        assertThat(choose(List.of(on("a"), on("lan"), on("b"))))
                .isEqualTo(Map.of("a", "eth0", "lan", "lan0", "b", "eth1"));
    }

    @Test
    void a_name_that_was_asked_for_is_nobody_else_s() throws NetworkException {
        assertThat(choose(List.of(on("a"), on("b", Optional.of("eth0")), on("c"))))
                .isEqualTo(Map.of("a", "eth1", "b", "eth0", "c", "eth2"));
        assertThatThrownBy(() -> choose(List.of(on("a", Optional.of("x")), on("b", Optional.of("x")))))
                .hasMessage("interface x is asked for on network b and on another one, too");
    }
}
