package dev.lockstep.reconciler.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredNetwork;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.network.NetworkRecord;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.runtime.network.ObservedNetwork;
import dev.lockstep.runtime.network.ObservedNetworks;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.spec.model.Sources;
import dev.lockstep.spec.policy.Confinement;
import dev.lockstep.spec.settings.HostPolicy;
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
}
