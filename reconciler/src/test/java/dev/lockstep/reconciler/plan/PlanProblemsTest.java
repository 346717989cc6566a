package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.desired.BindSources;
import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.network.Attached;
import dev.lockstep.runtime.network.IpAddress;
import dev.lockstep.runtime.network.Lease;
import dev.lockstep.runtime.network.LeaseKey;
import dev.lockstep.runtime.network.NetworkRecord;
import dev.lockstep.runtime.network.ObservedAttachment;
import dev.lockstep.runtime.network.ObservedNetwork;
import dev.lockstep.runtime.network.ObservedNetworks;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.spec.yaml.Problem;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a plan says of the host and of others on it, and leaves alone. */
class PlanProblemsTest {
    private static final String SHOP = World.SHOP;

    @Test
    void what_the_host_lacks_is_a_problem_only_where_something_is_started() {
        var lacks = new GivenFacts().missing(List.of("conmon is missing")).facts();
        var desired = World.desired(SHOP);

        assertThat(Planner.plan(desired, World.nothing(), lacks).problems())
                .singleElement()
                .extracting(Problem::message)
                .isEqualTo("conmon is missing");
        assertThat(Planner.plan(desired, World.running(desired), lacks).problems())
                .isEmpty();
    }

    @Test
    void a_memory_limit_below_what_is_used_is_warned_of_with_what_is_used() {
        var host = World.running(World.desired(SHOP));
        var id = host.containers().stream()
                .filter(c -> c.name().equals("shop-app-1"))
                .findFirst()
                .orElseThrow()
                .id();
        var facts = new GivenFacts().memoryUse(Map.of(id, 96L << 20)).facts();

        assertThat(Planner.plan(World.desired(SHOP.replace("128m", "64m")), host, facts)
                        .warnings())
                .containsExactly("container shop-app-1 uses 96 MiB of memory now, and mem_limit becomes 64 MiB: on a"
                        + " host with cgroup v2 the kernel may end processes in it; with v1 the old limit stays until it"
                        + " uses less");
        assertThat(Planner.plan(World.desired(SHOP.replace("128m", "100m")), host, facts)
                        .warnings())
                .isEmpty();
    }

    @Test
    void a_name_that_another_engine_uses_too_is_told_and_stops_nothing() {
        var desired = World.desired(SHOP);
        var plan = Planner.plan(
                desired,
                World.nothing(),
                new GivenFacts()
                        .otherEngines(Map.of("shop-web-1", "Docker (3bbf933eb203)"))
                        .facts());

        assertThat(plan.problems()).isEmpty();
        assertThat(plan.warnings())
                .containsExactly("container name shop-web-1 is also that of a container of Docker (3bbf933eb203), which"
                        + " is left alone: both exist side by side, and each engine knows its own");
    }

    @Test
    void a_port_of_what_has_done_its_work_may_be_anothers() {
        var desired = World.desired("services: {once: {image: x, ports: ['8080:80']}, web: {image: y}}");
        var port =
                desired.services().getFirst().slots().getFirst().spec().ports().getFirst();
        var facts = new GivenFacts()
                .portObstacles(Map.of(port, "is in use by process 812 (nginx); stop that"))
                .facts();
        var ended = World.with(World.running(desired), "shop-once-1", World.state(World.exited(0)));
        assertThat(Planner.plan(desired, ended, facts).problems()).isEmpty();

        var failed = World.with(World.running(desired), "shop-once-1", World.state(World.exited(1)));
        assertThat(Planner.plan(desired, failed, facts).problems()).hasSize(1);
    }

    @Test
    void a_port_that_another_process_has_is_a_problem_with_its_place() {
        var desired = World.desired(SHOP);
        var port =
                desired.services().getLast().slots().getFirst().spec().ports().getFirst();

        var plan = Planner.plan(
                desired,
                World.nothing(),
                new GivenFacts()
                        .portObstacles(Map.of(port, "is in use by process 812 (nginx); stop that"))
                        .facts());

        assertThat(plan.problems())
                .singleElement()
                .satisfies(p -> assertThat(p.toString())
                        .isEqualTo(
                                "compose.yaml:4:5: services.web.ports: port 0.0.0.0:8080/tcp is in use by process 812"
                                        + " (nginx); stop that"));
    }

    @Test
    void published_ports_whose_answers_leave_by_another_kind_of_network_are_warned_of() {
        var stack = """
                services: {web: {image: x, ports: ["80:80"], networks: {OURS: {gw_priority: 0}, lan: {}}}}
                networks:
                  OURS: {}
                  lan: {driver: macvlan, driver_opts: {parent: eth0}}
                """;
        var warning = "ports of shop-web-1 are published by network shop_outer, but its answers to other machines leave"
                + " by network shop_lan (macvlan) and are lost; give shop_outer the higher gw_priority";

        assertThat(warnings(stack.replace("OURS", "outer"))).containsExactly(warning);
        assertThat(warnings(stack.replace("OURS", "outer").replace("y: 0", "y: 1")))
                .isEmpty();
        // The first by name.
        assertThat(warnings(stack.replace("OURS", "front"))).isEmpty();
        assertThat(warnings(stack.replace("OURS", "outer").replace("ports: [\"80:80\"], ", "")))
                .isEmpty();
    }

    private static List<String> warnings(String stack) {
        return Planner.plan(World.desired(stack), World.nothing(), Facts.none()).warnings();
    }

    @Test
    void ports_of_a_service_on_networks_of_others_without_a_way_in_are_refused_with_their_place() {
        var theirs = World.running(World.desired("""
                name: theirs
                services: {x: {image: web:1, networks: [lan, vault, front]}}
                networks:
                  lan: {driver: macvlan, driver_opts: {parent: eth0}}
                  vault: {internal: true}
                  front: {}
                """));
        var desired = World.desired("""
                name: shop
                services:
                  web:
                    image: web:1
                    ports: ["8080:80"]
                    networks: [lan, vault]
                  seen: {image: web:1, ports: ["8081:80"], networks: [lan, front]}
                networks:
                  lan: {external: true, name: theirs_lan}
                  vault: {external: true, name: theirs_vault}
                  front: {external: true, name: theirs_front}
                """);

        assertThat(World.plan(desired, theirs).problems())
                .singleElement()
                .asString()
                .startsWith("compose.yaml:5:5: services.web.ports: nothing can be published: none of the networks"
                        + " theirs_lan, theirs_vault is a bridge that leads out.");
    }

    @Test
    void a_network_that_another_stack_is_on_is_not_made_anew() {
        var shop = "services: {web: {image: web:1}}\nnetworks: {default: {internal: %s}}\n";
        var ours = World.running(World.desired(shop.formatted(false)));
        var theirs = World.running(World.desired("""
                name: backup
                services: {copy: {image: web:1, networks: [theirs]}}
                networks: {theirs: {external: true, name: shop_default}}
                """));
        var host = new Observed(
                Stream.concat(ours.containers().stream(), theirs.containers().stream())
                        .toList(),
                ours.networks(),
                ours.volumes());

        assertThat(World.plan(World.desired(shop.formatted(true)), ours).problems())
                .isEmpty();
        assertThat(World.plan(World.desired(shop.formatted(false)), host).problems())
                .isEmpty();
        assertThat(World.plan(World.desired(shop.formatted(true)), host).problems())
                .singleElement()
                .asString()
                .isEqualTo("compose.yaml:2:12: networks.default: network shop_default must be made anew for what has"
                        + " changed, but backup-copy-1 of stack backup is on it; stop what uses it there, or leave"
                        + " the network as it is");
    }

    @Test
    void a_network_that_others_are_on_stays_and_is_no_failure() {
        var shop = World.running(World.desired("""
                services: {web: {image: x, networks: [shared, own]}}
                networks: {shared: {name: shared}, own: {}}
                """));
        var other = World.running(World.desired("""
                name: other
                services: {app: {image: y, networks: [shared]}}
                networks: {shared: {name: shared, external: true}}
                """));
        var host = new Observed(
                Stream.concat(shop.containers().stream(), other.containers().stream())
                        .toList(),
                shop.networks(),
                shop.volumes());
        var facts = new GivenFacts().prune().facts();

        var down = Planner.plan(Desired.nothing(new Owner("web1", "shop", Optional.empty())), host, facts);
        assertThat(down.steps().stream().map(Step::operation).filter(Operation.OnNetwork.class::isInstance))
                .containsExactly(new Operation.RemoveNetwork("shop_own"));
        assertThat(down.warnings())
                .containsExactly("network shared stays, since it is in use by other-app-1; take that off first, then"
                        + " 'lockstep network rm shared'");

        var left = World.desired("services: {web: {image: x, networks: [own]}}\nnetworks: {own: {}}");
        assertThat(Planner.plan(left, host, facts).steps().stream().map(Step::operation))
                .doesNotContain(new Operation.RemoveNetwork("shared"));
        assertThat(Planner.plan(left, shop, facts).steps().stream().map(Step::operation))
                .contains(new Operation.RemoveNetwork("shared"));
    }

    @Test
    void a_volume_that_another_stack_uses_stays_when_its_own_stack_goes_with_its_data() {
        var shop = World.running(World.desired("""
                name: shop
                services: {db: {image: web:1, volumes: ["data:/data", "own:/own"]}}
                volumes: {data: {}, own: {}}
                """));
        var backup = World.running(World.desired("""
                name: backup
                services: {copy: {image: web:1, volumes: ["theirs:/data"]}}
                volumes: {theirs: {external: true, name: shop_data}}
                """));
        var host = new Observed(
                Stream.concat(shop.containers().stream(), backup.containers().stream())
                        .toList(),
                shop.networks(),
                shop.volumes());
        var nothing = Desired.nothing(new Owner("web1", "shop", Optional.empty()));

        var plan = Planner.plan(
                nothing,
                host,
                new GivenFacts()
                        .prune()
                        .removeVolumes(true)
                        .secrets(Facts.none().secrets())
                        .facts());

        assertThat(plan.steps().stream().map(Step::operation).filter(Operation.RemoveVolume.class::isInstance))
                .containsExactly(new Operation.RemoveVolume("shop_own"));
        assertThat(plan.warnings())
                .anySatisfy(w -> assertThat(w)
                        .isEqualTo("volume shop_data stays, since it is in use by backup-copy-1; remove that first,"
                                + " then 'lockstep volume rm shop_data'"));
    }

    @Test
    void a_stack_of_another_repository_is_not_touched() {
        var mine = Optional.of("https://git.example/mine");
        var theirs = Optional.of("https://git.example/theirs");
        BindSources none = source -> new BindSources.Source(Path.of("/x"), source);
        var host = World.running(World.desired(SHOP, World::local, none, theirs));

        var plan = World.plan(World.desired(SHOP, World::local, none, mine), host);

        assertThat(plan.steps()).isEmpty();
        assertThat(plan.problems()).singleElement().asString().contains("belongs to https://git.example/theirs");
    }

    /** Compose has neither of these in an order. */
    @Test
    void lines_of_a_network_that_change_places_make_no_other_network() {
        var text = """
                name: shop
                services: {web: {image: x, networks: [lan]}}
                networks:
                  lan:
                    driver_opts: {%s}
                    ipam:
                      config:
                        %s
                        %s
                """;
        var mtu = "com.docker.network.driver.mtu: 1400";
        var icc = "com.docker.network.bridge.enable_icc: \"true\"";
        var one = "- {subnet: 10.1.0.0/24, ip_range: 10.1.0.128/25, aux_addresses: {%s}}";
        var two = "- {subnet: 10.2.0.0/24, gateway: 10.2.0.9}";
        var first = text.formatted(mtu + ", " + icc, one.formatted("router: 10.1.0.7, printer: 10.1.0.8"), two);
        var other = text.formatted(icc + ", " + mtu, two, one.formatted("printer: 10.1.0.8, router: 10.1.0.7"));

        var plan = World.plan(World.desired(other), World.running(World.desired(first)));

        assertThat(plan.steps()).isEmpty();
        assertThat(plan.problems()).isEmpty();
        var changed = World.desired(other.replace("10.1.0.7", "10.1.0.9"));
        assertThat(World.plan(changed, World.running(World.desired(first))).steps())
                .anyMatch(step -> step.operation() instanceof Operation.ReplaceNetwork);
    }

    @Test
    void a_mount_s_password_that_changed_is_told_without_it() {
        var mounted = SHOP.replace(
                "  data:\n", "  data: {driver_opts: {type: cifs, o: \"password=geheim\", device: //nas/data}}\n");
        var changed = mounted.replace("geheim", "anders");

        var plan = World.plan(World.desired(changed), World.running(World.desired(mounted)));

        assertThat(plan.problems())
                .singleElement()
                .asString()
                .startsWith("compose.yaml:14:10: volumes.data.driver_opts: volume shop_data was made with another"
                        + " password in o than the file has. Its data is not moved:");

        var bare = mounted.replace("type: cifs, o: \"password=geheim\"", "type: cifs");
        var empty = mounted.replace("password=geheim", "");
        assertThat(World.plan(World.desired(empty), World.running(World.desired(bare)))
                        .isEmpty())
                .isTrue();
    }

    @Test
    void what_a_stack_of_another_repository_has_left_is_not_changed_either() {
        var mine = Optional.of("https://git.example/mine");
        var theirs = Optional.of("https://git.example/theirs");
        BindSources none = source -> new BindSources.Source(Path.of("/x"), source);
        var before = World.running(World.desired(SHOP, World::local, none, theirs));
        var left = new Observed(List.of(), before.networks(), before.volumes());

        var plan = World.plan(World.desired(SHOP, World::local, none, mine), left);

        assertThat(plan.problems()).isEmpty();
        assertThat(plan.steps().stream().map(Step::operation)).isNotEmpty().allMatch(Operation::startsContainer);
        assertThat(plan.warnings())
                .contains(
                        "volume shop_data belongs to stack shop of https://git.example/theirs; it is used as it is",
                        "network shop_default belongs to stack shop of https://git.example/theirs; it is used as it"
                                + " is");
    }

    @Test
    void a_repository_that_is_called_otherwise_now_has_what_it_made_before_without_anything_being_replaced() {
        var mine = Optional.of("ssh://git@git.example/mine");
        var before = "https://git.example/mine";
        BindSources none = source -> new BindSources.Source(Path.of("/x"), source);
        var host = World.running(World.desired(SHOP, World::local, none, Optional.of(before)));
        var desired = World.desired(SHOP, World::local, none, mine);

        assertThat(Planner.plan(desired, host, new GivenFacts().facts()).problems())
                .singleElement()
                .asString()
                .contains("belongs to " + before, "formerly: [" + before + "]");

        var plan = Planner.plan(
                desired, host, new GivenFacts().formerly(Set.of(before)).facts());
        assertThat(plan.problems()).isEmpty();
        assertThat(plan.steps().stream().map(Step::operation))
                .isNotEmpty()
                .allMatch(operation -> operation instanceof Operation.UpdateContainer
                        || operation instanceof Operation.UpdateNetwork
                        || operation instanceof Operation.UpdateVolume);
    }

    @Test
    void a_volume_that_the_files_call_external_is_given_away_and_stays_when_its_stack_goes_with_its_data() {
        var url = Optional.of("https://git.example/mine");
        BindSources none = source -> new BindSources.Source(Path.of("/x"), source);
        var host = World.running(World.desired(SHOP, World::local, none, url));
        var external = World.desired(
                SHOP.replace("  data:\n", "  data: {external: true, name: shop_data}\n"), World::local, none, url);
        var given = new Operation.UpdateVolume(
                "shop_data",
                new Owner("web1", "", url),
                host.volumes().getFirst().spec().labels());

        assertThat(World.plan(external, host).steps().stream().map(Step::operation))
                .containsExactly(given);
        assertThat(World.plan(external, World.running(external)).steps()).isEmpty();

        var down = Planner.plan(
                Desired.nothing(new Owner("web1", "shop", Optional.empty()), external.volumes(), external.sources()),
                host,
                new GivenFacts().prune().removeVolumes(true).facts());
        assertThat(down.steps().stream().map(Step::operation))
                .contains(given)
                .noneMatch(Operation.RemoveVolume.class::isInstance)
                .hasAtLeastOneElementOfType(Operation.RemoveContainer.class);
    }

    @Test
    void other_options_of_a_volume_are_a_problem_and_no_reason_to_touch_its_data() {
        var mounted = SHOP.replace(
                "  data:\n", "  data: {driver_opts: {type: cifs, o: \"password=geheim\", device: //nas/data}}\n");
        var host = World.running(World.desired(SHOP));

        var plan = World.plan(World.desired(mounted), host);

        assertThat(plan.steps()).isEmpty();
        assertThat(plan.problems())
                .singleElement()
                .asString()
                .isEqualTo("compose.yaml:14:10: volumes.data.driver_opts: volume shop_data was made with no options,"
                        + " and the file says (type: cifs, device: //nas/data, o: password=***). Its data is not moved:"
                        + " give the new one another name, or remove this one when nothing in it is needed:"
                        + " 'lockstep volume rm shop_data'");
        var same = World.desired(mounted);
        assertThat(World.plan(same, World.running(same)).isEmpty()).isTrue();
        assertThat(World.plan(World.desired(SHOP), World.running(same)).problems())
                .hasSize(1);
    }

    @Test
    void orphans_are_named_and_only_removed_on_request() {
        var host = World.running(World.desired(SHOP));
        var without = World.desired(
                "services: {app: {image: \"app:1\", environment: {LEVEL: info, DB_PASSWORD: hunter2-hunter2},"
                        + " mem_limit: 128m, volumes: [\"data:/data\"]}}\n"
                        + "volumes: {data: }\n");

        assertThat(World.text(World.plan(without, host)))
                .contains("Warning: containers of services that the files do not name: shop-web-1; --remove-orphans")
                .contains("No changes.");
        assertThat(Planner.plan(without, host, new GivenFacts().prune().facts()).steps())
                .singleElement()
                .satisfies(s -> assertThat(s.operation()).isInstanceOf(Operation.RemoveContainer.class));
    }

    @Test
    void an_address_that_another_stacks_container_has_is_a_problem_until_that_is_gone() {
        var theirs = World.running(World.desired("""
                name: theirs
                services: {x: {image: web:1, networks: [lan]}}
                networks: {lan: {ipam: {config: [{subnet: 10.9.0.0/24}]}}}
                """));
        var desired = World.desired("""
                services:
                  db: {image: "db:1", networks: {lan: {ipv4_address: 10.9.0.2}}}
                  out: {image: "db:1", networks: {lan: {ipv4_address: 10.9.1.2}}}
                networks: {lan: {external: true, name: theirs_lan}}
                """);
        var id = theirs.containers().getFirst().id();
        var network = theirs.networks().networks().getFirst();
        var was = network.record();
        var leased = new ObservedNetwork(
                new NetworkRecord(
                        was.id(),
                        was.spec(),
                        was.subnets(),
                        was.bridge(),
                        was.mtu(),
                        was.created(),
                        List.of(),
                        List.of(new Lease(new LeaseKey("theirs", "x", 1), IpAddress.parse("10.9.0.2"), id))),
                true,
                true,
                true,
                false,
                true,
                true);
        var attached = new ObservedAttachment(
                new Attached(id, Path.of("/run/x"), List.of()), true, List.of(), List.of(), List.of());
        var outside = "compose.yaml:3:55: services.out.networks.lan.ipv4_address: address 10.9.1.2 is no free host"
                + " address of network theirs_lan (10.9.0.0/24, gateway 10.9.0.1)";

        var problems = World.plan(
                        desired,
                        new Observed(
                                theirs.containers(),
                                new ObservedNetworks(List.of(leased), Map.of(id, attached)),
                                List.of()))
                .problems();
        assertThat(problems)
                .extracting(Problem::toString)
                .containsExactly(
                        "compose.yaml:2:54: services.db.networks.lan.ipv4_address: address 10.9.0.2 of network"
                                + " theirs_lan belongs to x 1 of stack theirs; ask for another one, or remove the container"
                                + " that has it",
                        outside);
        assertThat(World.plan(
                                desired,
                                new Observed(
                                        theirs.containers(),
                                        new ObservedNetworks(List.of(leased), Map.of()),
                                        List.of()))
                        .problems())
                .extracting(Problem::toString)
                .containsExactly(outside);
    }
}
