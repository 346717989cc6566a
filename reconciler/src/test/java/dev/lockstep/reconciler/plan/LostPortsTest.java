package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.network.Attached;
import dev.lockstep.runtime.network.Cidr;
import dev.lockstep.runtime.network.Endpoint;
import dev.lockstep.runtime.network.EndpointAddress;
import dev.lockstep.runtime.network.EndpointOptions;
import dev.lockstep.runtime.network.IpAddress;
import dev.lockstep.runtime.network.ObservedAttachment;
import dev.lockstep.runtime.network.ObservedNetworks;
import dev.lockstep.runtime.network.PublishedPort;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Ports that were asked for and of which nobody knows any more. */
class LostPortsTest {
    private static final Desired WEB =
            World.desired("services: {web: {image: x, ports: ['8080:80', '127.0.0.1:8081:81', '82']}}");

    private static List<String> drift(boolean internal, List<PublishedPort> published) {
        var host = World.running(WEB);
        var id = host.containers().getFirst().id();
        var endpoint = new Endpoint(
                "shop_default",
                List.of(),
                List.of(new EndpointAddress(
                        IpAddress.parse("172.28.0.2"), Cidr.parse("172.28.0.0/24"), IpAddress.parse("172.28.0.1"))),
                internal,
                "02:42:ac:1c:00:02",
                "eth0",
                "lsv0",
                0,
                EndpointOptions.NONE,
                false,
                false);
        var attachment = new ObservedAttachment(
                new Attached(id, Path.of("/run/ns"), List.of(endpoint)), true, List.of(), published, List.of());
        var seen = new Observed(
                host.containers(),
                new ObservedNetworks(host.networks().networks(), Map.of(id, attachment)),
                host.volumes());
        return Planner.plan(WEB, seen, Facts.none()).steps().stream()
                .flatMap(step -> step.causes().stream())
                .map(cause -> cause.kind() + " " + cause.field() + " " + cause.after())
                .toList();
    }

    @Test
    void are_drift_where_there_is_a_way_in() {
        var asked = WEB.services().getFirst().slots().getFirst().spec().ports();

        assertThat(drift(false, List.of()))
                .containsExactly("DRIFT ports " + asked.get(0), "DRIFT ports " + asked.get(1));
        assertThat(drift(false, asked.subList(0, 1))).containsExactly("DRIFT ports " + asked.get(1));
        assertThat(drift(false, asked)).isEmpty();
        // Nothing could be done about it.
        assertThat(drift(true, List.of())).isEmpty();
    }

    @Test
    void a_network_may_have_bound_them_to_an_address() {
        var asked = WEB.services().getFirst().slots().getFirst().spec().ports();
        var bound = new PublishedPort(
                Optional.of(IpAddress.parse("127.0.0.9")),
                asked.getFirst().hostPort(),
                asked.getFirst().containerPort(),
                asked.getFirst().protocol());

        assertThat(drift(false, List.of(bound, asked.get(1)))).isEmpty();
    }
}
