package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.image.BlobStore;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a saved plan says of the world that has moved under it. */
class PlanBasisTest {
    private static final String SHOP = """
            services:
              web: {image: x, environment: {LEVEL: info, DB_PASSWORD: hunter2}, networks: [front]}
              app: {image: y, mem_limit: 64m, volumes: [data:/data], networks: [front]}
            networks: {front: {}}
            volumes: {data: {}}
            """;

    private static final PlanBasis.Fingerprint PRINT =
            value -> BlobStore.digest(String.valueOf(value).getBytes(StandardCharsets.UTF_8))
                    .toString()
                    .substring("sha256:".length());

    private static PlanBasis basis(String compose, Observed host) {
        var desired = World.desired(compose);
        return PlanBasis.of(Planner.plan(desired, host, Facts.none()), desired, host, PRINT);
    }

    private static Observed host() {
        return World.running(World.desired(SHOP));
    }

    @Test
    void nothing_has_moved() {
        var basis = basis(SHOP, host());
        assertThat(basis.moved(basis(SHOP, host()))).isEmpty();
        assertThat(basis.parts().toString()).doesNotContain("hunter2", "info");
    }

    @Test
    void a_comment_in_the_file_moves_nothing_and_neither_does_a_container_that_began_again() {
        var again = World.with(
                host(),
                "shop-web-1",
                World.state(new ContainerState.Running(5, World.NOW.plusSeconds(9), true, false)));
        var limits = World.with(
                again,
                "shop-web-1",
                c -> new ObservedContainer(
                        c.record(),
                        c.state(),
                        c.life(),
                        host().containers().getFirst().limits(),
                        c.ports(),
                        c.addresses(),
                        c.health()));
        assertThat(basis(SHOP, host()).moved(basis("# new\n" + SHOP, limits))).isEmpty();
    }

    static Stream<Arguments> files() {
        return Stream.of(
                Arguments.of("LEVEL: info", "LEVEL: debug", "services.web.environment has changed"),
                Arguments.of("hunter2", "hunter3", "services.web.environment has changed"),
                Arguments.of("mem_limit: 64m, ", "", "services.app.mem_limit is not there any more"),
                Arguments.of("image: y", "image: z", "services.app.image has changed"),
                Arguments.of("image: y", "image: y, user: a", "services.app.user is new"),
                Arguments.of("front: {}", "front: {internal: true}", "networks.front has changed"),
                Arguments.of("data: {}", "data: {labels: {a: b}}", "volumes.data has changed"));
    }

    @ParameterizedTest
    @MethodSource("files")
    void what_the_files_say_has_moved(String from, String to, String sentence) {
        assertThat(basis(SHOP, host()).moved(basis(SHOP.replace(from, to), host())))
                .containsExactly(sentence);
    }

    static Stream<Arguments> hosts() {
        UnaryOperator<Observed> gone = host -> new Observed(
                host.containers().stream()
                        .filter(c -> !c.name().equals("shop-app-1"))
                        .toList(),
                host.networks(),
                host.volumes());
        UnaryOperator<Observed> ended = host -> World.with(host, "shop-web-1", World.state(World.exited(3)));
        UnaryOperator<Observed> volume = host -> new Observed(host.containers(), host.networks(), List.of());
        UnaryOperator<Observed> paused = host -> World.with(
                host,
                "shop-web-1",
                c -> new ObservedContainer(
                        c.record(),
                        new ContainerState.Running(1, World.NOW, true, true),
                        c.life(),
                        c.limits(),
                        c.ports(),
                        c.addresses(),
                        c.health()));
        return Stream.of(
                Arguments.of(ended, "container shop-web-1: state was running and is exited (3)"),
                Arguments.of(paused, "container shop-web-1: state was running and is paused"),
                Arguments.of(gone, "container shop-app-1: state is not there any more"),
                Arguments.of(volume, "volume shop_data is not there any more"));
    }

    @ParameterizedTest
    @MethodSource("hosts")
    void what_the_host_has_has_moved(UnaryOperator<Observed> change, String sentence) {
        assertThat(basis(SHOP, host()).moved(basis(SHOP, change.apply(host())))).contains(sentence);
    }

    @Test
    void one_more_container_of_a_service_is_another_scale() {
        assertThat(basis(SHOP, host()).moved(basis(SHOP.replace("image: y", "image: y, scale: 2"), host())))
                .containsExactly("services.app.container_name has changed", "services.app.scale was 1 and is 2");
    }

    @Test
    void steps_that_differ_for_any_other_reason_are_told_in_the_end() {
        var desired = World.desired(SHOP);
        var plain = PlanBasis.of(Planner.plan(desired, host(), Facts.none()), desired, host(), PRINT);
        var forced = PlanBasis.of(
                Planner.plan(desired, host(), new GivenFacts().forceRecreate().facts()), desired, host(), PRINT);
        assertThat(plain.moved(forced))
                .containsExactly("other things on this host have changed, and other steps would be needed now");
    }

    @Test
    void an_image_that_the_tag_means_now_is_another_one() {
        var desired = World.desired(SHOP);
        var moved =
                World.desired(SHOP, reference -> new Resolution.Local(World.digest("new" + reference), World.CONFIG));
        var before = PlanBasis.of(Planner.plan(desired, host(), Facts.none()), desired, host(), PRINT);
        var after = PlanBasis.of(Planner.plan(moved, host(), Facts.none()), moved, host(), PRINT);
        assertThat(before.moved(after)).contains("services.web.image has changed", "services.app.image has changed");
    }
}
