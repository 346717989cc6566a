package dev.lockstep.reconciler.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredContainer;
import dev.lockstep.reconciler.desired.DesiredNetwork;
import dev.lockstep.reconciler.desired.DesiredService;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.reconciler.history.HostDemand;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.reconciler.observe.Supposed;
import dev.lockstep.runtime.container.ContainerOptions;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.NamespaceMode;
import dev.lockstep.runtime.container.Namespaces;
import dev.lockstep.runtime.container.StorageOptions;
import dev.lockstep.runtime.network.NetworkRecord;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.runtime.network.ObservedNetwork;
import dev.lockstep.runtime.network.ObservedNetworks;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.testing.PlainSpec;
import dev.lockstep.spec.model.Sources;
import dev.lockstep.spec.policy.Confinement;
import dev.lockstep.spec.policy.Demand;
import dev.lockstep.spec.policy.Subject;
import dev.lockstep.spec.settings.AgentSettings;
import dev.lockstep.spec.settings.HostPolicy;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HostGateTest {
    private static final String MINE = "https://git.example.com/mine";
    private static final String THEIRS = "https://git.example.com/theirs";

    private static Owner owner(String stack, String repository) {
        return new Owner("test", stack, Optional.of(repository).filter(url -> !url.isEmpty()));
    }

    private static NetworkSpec network(Owner owner) {
        return new NetworkSpec(
                "lan", owner, false, true, false, List.of(), Optional.empty(), Map.of(), Map.of(), "bridge", false);
    }

    /** What is said of a stack {@code shop} that has a network of its own under the name of that one. */
    private static List<String> refusals(Owner found, Set<String> formerly) {
        var record =
                new NetworkRecord("1", network(found), List.of(), "ls1", 1500, Instant.EPOCH, List.of(), List.of());
        var observed = new Observed(
                List.of(),
                new ObservedNetworks(
                        List.of(new ObservedNetwork(record, true, true, true, false, true, true)), Map.of(), List.of()),
                List.of());
        var shop = owner("shop", MINE);
        var desired = new Desired(
                shop,
                Optional.empty(),
                List.of(new DesiredNetwork("n", network(shop), false)),
                List.of(),
                List.of(),
                Sources.none());
        var policy = new Confinement(List.of(HostPolicy.CLOSED.layer("shop", shop.repository())));
        return new HostGate(policy, false, observed, formerly).refusals(List.of(), desired);
    }

    @Test
    void a_network_of_others_is_not_had_by_not_saying_that_it_is() {
        for (var other : List.of(owner("blog", THEIRS), owner("blog", ""), owner("shop", THEIRS))) {
            assertThat(refusals(other, Set.of()))
                    .containsExactly("networks.n: asks for the network lan, which is not its own. This host does not"
                            + " allow it: closed by default. To allow it, write external: [network:lan] below"
                            + " policy.stacks.shop in /etc/lockstep/agent.yaml");
        }
    }

    @Test
    void one_of_the_stack_of_its_repository_or_of_nobody_is() {
        for (var own : List.of(owner("shop", MINE), owner("shop", ""), owner("blog", MINE), owner("", ""))) {
            assertThat(refusals(own, Set.of())).isEmpty();
        }
        for (var earlier : List.of(owner("shop", THEIRS), owner("blog", THEIRS))) {
            assertThat(refusals(earlier, Set.of(THEIRS))).isEmpty();
        }
    }

    private static ContainerSpec container(Owner owner, String name, ContainerOptions options) {
        var plain = PlainSpec.of("a", "x");
        return new ContainerSpec(
                name,
                owner,
                plain.service(),
                1,
                plain.image(),
                plain.digest(),
                plain.entrypoint(),
                plain.command(),
                plain.environment(),
                plain.user(),
                plain.workingDir(),
                plain.hostname(),
                plain.labels(),
                plain.mounts(),
                plain.networks(),
                plain.ports(),
                plain.resources(),
                plain.restart(),
                plain.healthCheck(),
                plain.stopSignal(),
                plain.stopGrace(),
                options);
    }

    private static ContainerOptions inProcessesOf(String container) {
        return ContainerOptions.NONE.with(ContainerOptions.NONE
                .isolation()
                .with(new Namespaces(
                        Optional.empty(),
                        Optional.of(new NamespaceMode.Of(container)),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty())));
    }

    private static ContainerOptions withMountsOf(String container) {
        return ContainerOptions.NONE.with(new StorageOptions(
                Optional.empty(), List.of(new StorageOptions.VolumesFrom(container, Optional.empty()))));
    }

    /** What is said of a stack {@code shop} with such a container, where another one called victim runs. */
    private static List<String> refusals(ContainerOptions options, Owner victim, String policy, List<Demand> asked) {
        var shop = owner("shop", MINE);
        var spec = container(shop, "shop-a-1", options);
        var slot = new DesiredContainer(spec, new Resolution.Remote(spec.digest(), Optional.empty()));
        var desired = new Desired(
                shop,
                Optional.empty(),
                List.of(),
                List.of(),
                List.of(new DesiredService("a", List.of(slot), Map.of())),
                Sources.none());
        var observed = new Observed(
                List.of(new Supposed(Instant.EPOCH).container(container(victim, "victim", ContainerOptions.NONE))),
                new ObservedNetworks(List.of(), Map.of()),
                List.of());
        var host = ((AgentSettings.Read.Valid)
                        AgentSettings.read("agent.yaml", policy.getBytes(StandardCharsets.UTF_8)))
                .settings()
                .policy();
        var confinement = new Confinement(List.of(host.layer("shop", shop.repository())));
        return new HostGate(confinement, false, observed, Set.of())
                .refusals(HostDemand.of(asked, Sources.none()), desired);
    }

    @Test
    void a_container_of_others_is_not_had_by_a_name_that_a_service_without_containers_has() {
        var blog = owner("blog", THEIRS);
        // Ids of containers that are supposed begin with zeros, and an id may be cut short.
        for (var name : List.of("victim", "0000")) {
            for (var options : List.of(inProcessesOf(name), withMountsOf(name))) {
                assertThat(refusals(options, blog, "", List.of()))
                        .containsExactly("services.a: asks for the container " + name + ", which is not its own. This"
                                + " host does not allow it: closed by default. To allow it, write external: [container:"
                                + name + "] below policy.stacks.shop in /etc/lockstep/agent.yaml");
                assertThat(refusals(options, blog, "policy: {external: ['container:" + name + "']}", List.of()))
                        .isEmpty();
                assertThat(refusals(options, owner("blog", MINE), "", List.of()))
                        .isEmpty();
            }
        }
        assertThat(refusals(inProcessesOf("shop-a-2"), blog, "", List.of())).isEmpty();
    }

    @Test
    void one_that_the_files_name_is_refused_where_they_do_alone() {
        var asked = new Demand(Subject.EXTERNAL, "container:victim", "services.a.pid");

        assertThat(refusals(inProcessesOf("victim"), owner("blog", THEIRS), "", List.of(asked)))
                .singleElement()
                .asString()
                .startsWith("services.a.pid: asks for the container victim");
    }
}
