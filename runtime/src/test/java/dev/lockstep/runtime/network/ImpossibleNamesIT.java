package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.Signal;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A container that asks for a name that cannot be one is refused, and is in nobody else's way. */
class ImpossibleNamesIT extends OnPrivateHost {
    private NetworkRecord front;

    @BeforeEach
    void makeNetwork() throws IOException {
        front = networks.create(network("front"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "my db", "a,b", "a\nb"})
    void an_alias_is_refused_and_the_others_keep_their_names(String alias) throws IOException {
        attach("c1", "web", "front");
        assertThatThrownBy(() -> networks.updateAttachments(withAlias("c1", "web", alias)))
                .isInstanceOf(NetworkException.class)
                .hasMessageContaining("cannot be a DNS name");
        assertThat(networks.attached("c1").orElseThrow().endpoints().getFirst().aliases())
                .isEmpty();
        othersAreWell();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "my db"})
    void a_link_is_refused_and_the_others_keep_their_names(String alias) throws IOException {
        attach("c1", "web", "front");
        assertThatThrownBy(() -> networks.updateAttachments(withLink("c1", "web", alias)))
                .isInstanceOf(NetworkException.class)
                .hasMessageContaining("cannot be a DNS name");
        assertThat(networks.attached("c1").orElseThrow().endpoints().getFirst().options())
                .isEqualTo(EndpointOptions.NONE);
        othersAreWell();
    }

    /** An earlier version wrote such records. */
    @Test
    void one_that_is_on_record_is_left_out() throws IOException {
        attach("c1", "web", "front");
        attach("c2", "api", "front");
        record("c1", e -> withNames(e, List.of("", "store"), EndpointOptions.NONE));
        record("c2", e -> withNames(e, List.of(), links(new EndpointOptions.Link("web", ""))));
        othersAreWell();
        await().untilAsserted(() -> assertThat(resolve("store")).hasSize(1));
        networks.detach("c1");
        networks.detach("c2");
    }

    private void othersAreWell() throws IOException {
        try (var server = Pidfd.open(
                        ProcessIdentity.of(host.names.pid().orElseThrow()).orElseThrow())
                .orElseThrow()) {
            assertThat(server.send(Signal.KILL)).isTrue();
        }
        await().until(() -> host.names.pid().isEmpty());
        networks.cleanUp(_ -> true);
        assertThat(networks.mendNames()).isTrue();
        attach("c9", "db", "front");
        await().untilAsserted(() -> assertThat(resolve("db")).hasSize(1));
        await().untilAsserted(() -> assertThat(resolve("web")).hasSize(1));
    }

    private List<String> resolve(String name) throws IOException {
        return host.resolve(
                networks.namespace("c9"), front.gateways().getFirst().toString(), name);
    }

    private void record(String container, UnaryOperator<Endpoint> change) throws IOException {
        var files = new NetworkFiles(host.root);
        var attachment = files.attachment(container).orElseThrow();
        files.write(new AttachmentRecord(
                attachment.request(),
                attachment.answered(),
                attachment.endpoints().stream().map(change).toList()));
    }

    private static Endpoint withNames(Endpoint e, List<String> aliases, EndpointOptions options) {
        return new Endpoint(
                e.network(),
                aliases,
                e.addresses(),
                e.internal(),
                e.mac(),
                e.interfaceName(),
                e.hostLink(),
                e.priority(),
                options,
                e.silent(),
                e.apart());
    }

    private static AttachRequest withAlias(String container, String service, String alias) {
        return request(container, service, new AttachmentSpec("front", List.of(alias), List.of(), 0));
    }

    private static AttachRequest withLink(String container, String service, String alias) {
        var options = links(new EndpointOptions.Link("db", alias));
        return request(container, service, new AttachmentSpec("front", List.of(), List.of(), 0, options));
    }

    private static AttachRequest request(String container, String service, AttachmentSpec attachment) {
        return new AttachRequest(
                container, new LeaseKey("shop", service, 1), List.of(attachment), List.of(service), List.of());
    }

    private static EndpointOptions links(EndpointOptions.Link link) {
        return new EndpointOptions(Optional.empty(), 0, Optional.empty(), List.of(), Map.of(), List.of(link), false);
    }
}
