package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.store.Owner;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a plan means for those who use the stack. */
class EffectsTest {
    private static final String SHOP = """
            services:
              web: {image: x, networks: [front]}
              app: {image: y, scale: 2, mem_limit: 64m, volumes: ["data:/d"]}
            networks: {front: {}}
            volumes: {data: {}}
            """;

    private static Effects effects(String before, String after) {
        return Planner.plan(World.desired(after), World.running(World.desired(before)), Facts.none())
                .effects();
    }

    private static Effects down(boolean volumes) {
        var host = World.running(World.desired(SHOP));
        var nothing = Desired.nothing(new Owner("web1", "shop", Optional.empty()));
        return Planner.plan(
                        nothing,
                        host,
                        new GivenFacts().prune().removeVolumes(volumes).facts())
                .effects();
    }

    @Test
    void what_is_new_or_unchanged_is_away_from_nobody() {
        assertThat(effects(SHOP, SHOP)).isEqualTo(Effects.NONE);
        assertThat(Planner.plan(World.desired(SHOP), World.nothing(), Facts.none())
                        .effects())
                .isEqualTo(Effects.NONE);
    }

    @Test
    void a_replaced_one_is_away_and_what_it_wrote_is_lost() {
        var effects = effects(SHOP, SHOP.replace("image: x", "image: z"));

        assertThat(Effects.words(Objects.requireNonNull(effects.downtimes().get("web"))))
                .isEqualTo("from the old one's end, which may take 10s, to the new one's start");
        assertThat(effects.downtimes()).containsOnlyKeys("web");
        assertThat(effects.destroyedInWords()).containsExactly("what shop-web-1 wrote outside of volumes");
    }

    @Test
    void one_that_does_not_run_is_not_away_for_longer() {
        var host = World.with(World.running(World.desired(SHOP)), "shop-web-1", World.state(World.exited(1)));
        var plan = Planner.plan(World.desired(SHOP.replace("image: x", "image: z")), host, Facts.none());

        assertThat(Effects.words(
                        Objects.requireNonNull(plan.effects().downtimes().get("web"))))
                .isEqualTo("none");
    }

    @Test
    void a_change_in_place_is_felt_by_nobody_and_another_network_cuts_connections() {
        assertThat(effects(SHOP, SHOP.replace("64m", "96m")).downtimes())
                .containsExactly(Map.entry("app", new Effects.Downtime.None()));
        assertThat(effects(SHOP, SHOP.replace("front: {}", "front: {internal: true}"))
                        .downtimes())
                .containsExactly(Map.entry("web", new Effects.Downtime.Connections(Set.of("network shop_front"))));
    }

    @Test
    void a_change_in_place_cuts_connections_over_what_is_taken_away() {
        var before = """
                services: {web: {image: x, networks: {a: {}, b: {}}, ports: ['80:80', '81:81']}}
                networks: {a: {}, b: {}, c: {}}
                """;
        var after = before.replace("networks: {a: {}, b: {}}, ports", "networks: {a: {aliases: [w]}, c: {}}, ports")
                .replace("'81:81'", "'82:81'");

        assertThat(Effects.words(Objects.requireNonNull(
                        effects(before, after).downtimes().get("web"))))
                .isEqualTo("none, but open connections over network shop_b, port 0.0.0.0:81->81/tcp are cut");
        assertThat(effects(before, before.replace("b: {}}, ports", "b: {}, c: {}}, ports"))
                        .downtimes())
                .containsExactly(Map.entry("web", new Effects.Downtime.None()));
    }

    @Test
    void another_way_out_cuts_what_goes_outside_and_keeps_what_stays_on_the_networks() {
        var before = """
                services: {web: {image: x, networks: {a: {}, b: {}}, ports: ['80:80', '[fd00::1]:81:81']}}
                networks: {a: {}, b: {enable_ipv6: true}, c: {internal: true}}
                """;
        var cut = new Effects.Downtime.Connections(Set.of("the way out by network shop_a", "port 0.0.0.0:80->80/tcp"));

        assertThat(effects(before, before.replace("b: {}}, ports", "b: {gw_priority: 1}}, ports"))
                        .downtimes())
                .containsExactly(Map.entry("web", cut));
        assertThat(effects(before, before.replace("b: {}}, ports", "b: {priority: 1}}, ports"))
                        .downtimes())
                .containsExactly(Map.entry("web", cut));
        assertThat(effects(before, before.replace("{a: {}, b: {}}, ports", "{a: {gw_priority: 1}, b: {}}, ports"))
                        .downtimes())
                .containsExactly(Map.entry("web", new Effects.Downtime.None()));
        assertThat(effects(before, before.replace("b: {}}, ports", "b: {}, c: {gw_priority: 1}}, ports"))
                        .downtimes())
                .containsExactly(Map.entry("web", new Effects.Downtime.None()));
        assertThat(effects(before, before.replace("{a: {}, b: {}}, ports", "{b: {gw_priority: 1}}, ports"))
                        .downtimes())
                .containsExactly(Map.entry("web", new Effects.Downtime.Connections(Set.of("network shop_a"))));
    }

    @Test
    void fewer_containers_of_a_service_leave_it_there_and_none_do_not() {
        assertThat(effects(SHOP, SHOP.replace("scale: 2", "scale: 1")).downtimes())
                .isEmpty();
        var gone = effects(SHOP, SHOP.replace("scale: 2", "scale: 0"));
        assertThat(gone.downtimes()).containsExactly(Map.entry("app", new Effects.Downtime.Ends()));
        assertThat(gone.destroyedInWords()).containsExactly("what shop-app-2, shop-app-1 wrote outside of volumes");
    }

    @Test
    void replicas_that_begin_anew_one_after_the_other_are_always_there() {
        var stack = """
                services:
                  db: {image: x}
                  app: {image: y, scale: 2, depends_on: {db: {condition: service_started, restart: true}}}
                """;
        assertThat(effects(stack, stack.replace("image: x", "image: z")).downtimes())
                .containsEntry("app", new Effects.Downtime.Connections())
                .containsEntry("db", new Effects.Downtime.Gap(Duration.ofSeconds(10)));
        var one = stack.replace("scale: 2", "scale: 1");
        assertThat(effects(one, one.replace("image: x", "image: z")).downtimes())
                .containsEntry("app", new Effects.Downtime.Gap(Duration.ofSeconds(10)));
    }

    @Test
    void where_a_rollout_was_broken_off_before_its_last_replica_the_others_serve() {
        var before = "services: {web: {image: 'x:1', scale: 3}}";
        var after = "services: {web: {image: 'x:2', scale: 3}}";
        var old = World.running(World.desired(before)).containers().getLast();
        var host = World.with(World.running(World.desired(after)), old.name(), _ -> old);
        var plan = Planner.plan(World.desired(after), host, Facts.none());

        assertThat(plan.summary().replace()).isEqualTo(1);
        assertThat(plan.effects().downtimes()).containsExactly(Map.entry("web", new Effects.Downtime.Connections()));
    }

    @Test
    void volumes_are_destroyed_only_where_a_person_asked_for_it() {
        assertThat(down(false).destroyed()).hasSize(3).allMatch(d -> d instanceof Effects.Destroyed.Written);
        assertThat(down(true).destroyedInWords()).contains("ALL DATA in volume shop_data");
    }

    @Test
    void text_names_both_in_so_many_words() {
        Observed host = World.running(World.desired(SHOP));
        var plan = Planner.plan(World.desired(SHOP.replace("image: x", "image: z")), host, Facts.none());

        assertThat(new PlanText(false).print(plan)).endsWith("""

                Downtime of web: from the old one's end, which may take 10s, to the new one's start
                Destroyed: what shop-web-1 wrote outside of volumes

                Plan: 0 to create, 0 to update in place, 1 to replace, 0 to remove.
                """);
        assertThat(new PlanMarkdown().print(plan)).contains("""
                **Downtime** of `web`: from the old one's end, which may take 10s, to the new one's start

                **Destroyed:** `what shop-web-1 wrote outside of volumes`
                """);
    }
}
