package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.store.Owner;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What {@code down SERVICE...} takes of a stack, by docker compose's rules. */
class StackPartTest {
    private static final String SHOP = """
        services:
          web: {image: "nginx:1", depends_on: [app], networks: [front, back]}
          app: {image: "app:1", depends_on: [db], networks: [back]}
          db: {image: "db:1", volumes: ["data:/data"], networks: [back]}
          lone: {image: "app:1", volumes: ["own:/own"], networks: [apart]}
        networks: {front: , back: , apart: }
        volumes: {data: , own: }
        """;
    private static final Set<String> SERVICES = Set.of("web", "app", "db", "lone");

    private static Plan down(Observed host, boolean volumes, StackPart part) {
        return Planner.down(
                Desired.nothing(new Owner("web1", "shop", Optional.empty())),
                host,
                new Facts(false, true, volumes, false, Set.of(), Map.of(), Map.of(), Secrets.NONE),
                part);
    }

    private static List<String> steps(boolean volumes, StackPart part) {
        return ids(down(World.running(World.desired(SHOP)), volumes, part));
    }

    private static List<String> ids(Plan plan) {
        return plan.steps().stream().map(Step::id).toList();
    }

    @Test
    void what_is_named_goes_with_the_networks_that_nothing_else_is_on() {
        var plan = down(World.running(World.desired(SHOP)), false, new StackPart(Set.of("web"), SERVICES, false));

        assertThat(ids(plan)).containsExactlyInAnyOrder("container/shop-web-1", "network/shop_front");
        assertThat(plan.warnings())
                .singleElement()
                .asString()
                .startsWith("network shop_back stays, since it is in use by ")
                .contains("shop-app-1", "shop-db-1")
                .doesNotContain("shop-web-1");
    }

    @Test
    void volumes_go_where_they_are_asked_for_and_no_other_service_has_lost_its_own() {
        assertThat(steps(true, new StackPart(Set.of("lone"), SERVICES, false)))
                .containsExactlyInAnyOrder("container/shop-lone-1", "network/shop_apart", "volume/shop_own");
        assertThat(steps(false, new StackPart(Set.of("lone"), SERVICES, false)))
                .containsExactlyInAnyOrder("container/shop-lone-1", "network/shop_apart");

        // Of a service that has no container, a volume is not in use, and still nobody's to delete.
        var host = World.running(World.desired(SHOP));
        var dbIsGone = new Observed(
                host.containers().stream()
                        .filter(c -> !c.name().equals("shop-db-1"))
                        .toList(),
                host.networks(),
                host.volumes());
        assertThat(ids(down(dbIsGone, true, new StackPart(Set.of("app"), SERVICES, false))))
                .containsExactly("container/shop-app-1");
    }

    @Test
    void by_the_files_what_depends_on_it_stays_unless_a_named_one_depends_on_that() {
        assertThat(steps(false, new StackPart(Set.of("db"), SERVICES, false))).containsExactly("container/shop-db-1");
        assertThat(steps(false, new StackPart(Set.of("db", "web"), SERVICES, false)))
                .containsSubsequence("container/shop-web-1", "container/shop-app-1", "container/shop-db-1")
                .doesNotContain("container/shop-lone-1");
    }

    @Test
    void without_files_what_depends_on_it_goes_first() {
        assertThat(steps(false, new StackPart(Set.of("app"), Set.of(), false)))
                .containsSubsequence("container/shop-web-1", "container/shop-app-1")
                .doesNotContain("container/shop-db-1");
        assertThat(steps(true, new StackPart(Set.of("gone"), Set.of(), false))).isEmpty();
    }

    @Test
    void what_the_files_do_not_name_goes_only_when_that_is_asked_for() {
        var without = Set.of("web", "app", "db");

        assertThat(steps(false, new StackPart(Set.of("web"), without, false))).doesNotContain("container/shop-lone-1");
        assertThat(steps(false, new StackPart(Set.of("web"), without, true))).contains("container/shop-lone-1");
    }
}
