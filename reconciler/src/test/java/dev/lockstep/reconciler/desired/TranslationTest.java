package dev.lockstep.reconciler.desired;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.RestartPolicy;
import dev.lockstep.runtime.network.AddressFamily;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.Cidr;
import dev.lockstep.runtime.network.EndpointOptions;
import dev.lockstep.runtime.network.IpAddress;
import dev.lockstep.runtime.network.PublishedPort;
import dev.lockstep.runtime.network.SubnetSpec;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.FileTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.yaml.Problem;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What attributes become of which the engine has other words. */
class TranslationTest {
    private record OneFile(String text) implements FileTree {
        @Override
        public Optional<byte[]> read(String path) {
            return path.equals("compose.yaml") ? Optional.of(text.getBytes(StandardCharsets.UTF_8)) : Optional.empty();
        }

        @Override
        public List<Entry> list(String directory) {
            return List.of(new Entry("compose.yaml", false));
        }
    }

    private static Translation.Result translate(String compose) {
        var loaded =
                new ComposeLoader().load(LoadRequest.of(new OneFile(compose)).withDefaultName("shop"));
        if (!(loaded instanceof Loaded.Valid valid)) {
            throw new AssertionError(((Loaded.Invalid) loaded).errors());
        }
        return new Translation(
                        valid.project(),
                        new Owner("web1", "shop", Optional.empty()),
                        source -> new BindSources.Source(Path.of("/src"), source),
                        _ -> new Resolution.Unknown("not asked"))
                .translate(Placement.ONE_HOST, Optional.empty());
    }

    private static ContainerSpec container(String attributes) {
        return switch (translate("services:\n  web: {image: x, " + attributes + "}\n")) {
            case Translation.Result.Translated(var desired) ->
                desired.services().getFirst().slots().getFirst().spec();
            case Translation.Result.Refused(var problems) -> throw new AssertionError(problems);
        };
    }

    private static List<String> problems(String compose) {
        return switch (translate(compose)) {
            case Translation.Result.Translated(var desired) -> throw new AssertionError(desired);
            case Translation.Result.Refused(var problems) ->
                problems.stream().map(Problem::toString).toList();
        };
    }

    @ParameterizedTest
    @CsvSource({
        "none,NO",
        "no,NO",
        "on-failure,ON_FAILURE",
        "any,ALWAYS",
        "always,ALWAYS",
        "unless-stopped,UNLESS_STOPPED"
    })
    void a_restart_policy_means_the_same_in_the_service_and_in_deploy(String word, RestartPolicy.Condition condition) {
        assertThat(container("restart: '" + word + "'").restart().condition()).isEqualTo(condition);
        assertThat(container("deploy: {restart_policy: {condition: '" + word + "'}}")
                        .restart()
                        .condition())
                .isEqualTo(condition);
    }

    @Test
    void a_volume_that_cannot_be_is_refused_in_its_place_beside_all_else() {
        assertThat(problems("""
                services:
                  web: {image: x, volumes: ["far:/far", "odd:/odd"], cpu_count: 2}
                volumes:
                  far: {driver: sshfs, driver_opts: {sshcmd: "host:/x"}}
                  odd: {driver_opts: {colour: red}}
                """))
                .containsExactly(
                        "compose.yaml:2:65: services.web.cpu_count: is of Windows. Write cpus, or cpuset",
                        "compose.yaml:4:17: volumes.far.driver: there is no volume driver \"sshfs\". Write local, which"
                                + " mounts by its driver_opts what the kernel can, such as nfs and cifs",
                        "compose.yaml:5:9: volumes.odd.driver_opts: the local driver has no option \"colour\"; it has"
                                + " type, o, device and size");
    }

    @ParameterizedTest
    @CsvSource({"SIGINT,SIGINT", "int,SIGINT", "2,SIGINT", "SIGRTMIN+3,SIGRTMIN+3", "RTMAX-1,SIGRTMIN+29", "IOT,SIGABRT"
    })
    void a_stop_signal_has_one_name_however_it_is_written(String written, String expected) {
        assertThat(container("stop_signal: '" + written + "'").stopSignal()).contains(expected);
    }

    @Test
    void a_grace_period_is_kept_also_when_it_is_none() {
        assertThat(container("stop_grace_period: 1m30s").stopGrace()).contains(Duration.ofSeconds(90));
        assertThat(container("stop_grace_period: 0s").stopGrace()).contains(Duration.ZERO);
        assertThat(container("user: a").stopGrace()).isEmpty();
    }

    @Test
    void memory_at_a_path_in_the_short_form() {
        assertThat(container("tmpfs: ['/a', '/b:size=64m,mode=0700,ro', '/c:rw,noexec,nosuid,nodev']")
                        .mounts())
                .containsExactly(
                        new MountSpec.Tmpfs("/a", Optional.empty(), Optional.empty(), false),
                        new MountSpec.Tmpfs("/b", Optional.of(64L << 20), Optional.of(0700), true),
                        new MountSpec.Tmpfs("/c", Optional.empty(), Optional.empty(), false));
    }

    @Test
    void an_option_that_memory_does_not_have_is_refused_where_it_stands() {
        assertThat(container("tmpfs: ['/a:exec,uid=7,size=50%']").mounts())
                .containsExactly(new MountSpec.Tmpfs(
                        "/a", Optional.empty(), Optional.empty(), false, List.of("exec", "uid=7", "size=50%")));
        assertThat(problems("services:\n  web:\n    image: x\n    tmpfs:\n      - /a\n      - /b:bind\n"))
                .singleElement()
                .asString()
                .startsWith(
                        "compose.yaml:6:9: services.web.tmpfs[1]: \"bind\" is no option of memory at a path. Write");
        assertThat(problems("services:\n  web:\n    image: x\n    tmpfs: ['/a:size=big']\n"))
                .singleElement()
                .asString()
                .startsWith("compose.yaml:4:13: services.web.tmpfs[0]: \"big\" is not a size");
    }

    @Test
    void without_a_network_there_is_none_also_not_the_stacks_own() {
        assertThat(container("network_mode: none").networks()).isEmpty();
        assertThat(container("user: a").networks()).hasSize(1);
    }

    @Test
    void a_quota_alone_is_a_number_of_cpus() {
        assertThat(container("cpu_quota: 50000").resources().nanoCpus()).contains(500_000_000L);
        assertThat(container("cpu_quota: -1").resources().nanoCpus()).isEmpty();
        var both = container("cpu_quota: 25000, cpu_period: 50000").resources();
        assertThat(both.nanoCpus()).isEmpty();
        assertThat(both.cpuQuota()).contains(25_000L);
        assertThat(both.cpuPeriod()).contains(50_000L);
    }

    @Test
    void networks_and_addresses_of_both_families_are_taken_as_they_are_written() {
        var result = translate("""
                services:
                  web:
                    image: x
                    networks: {n: {ipv4_address: 10.1.0.7, ipv6_address: "fd00:1::7"}, six: {}}
                    ports: ["8080:80", "[::]:8081:80", "0.0.0.0:8082:80/udp", "[2001:db8::1]:8083:80", "8084:80/sctp"]
                networks:
                  n:
                    enable_ipv6: true
                    ipam:
                      config:
                        - {subnet: 10.1.0.0/24, ip_range: 10.1.0.128/25, aux_addresses: {router: 10.1.0.2}}
                        - {subnet: "fd00:1::/64", gateway: "fd00:1::fe"}
                        - {subnet: 10.2.0.0/24}
                  six: {enable_ipv4: false, enable_ipv6: true}
                """);
        var desired = ((Translation.Result.Translated) result).desired();
        var n = desired.networks().getFirst().spec();
        assertThat(n.subnets())
                .containsExactly(
                        new SubnetSpec(
                                Cidr.parse("10.1.0.0/24"),
                                Optional.empty(),
                                Optional.of(Cidr.parse("10.1.0.128/25")),
                                Map.of("router", IpAddress.parse("10.1.0.2"))),
                        new SubnetSpec(
                                Cidr.parse("fd00:1::/64"),
                                Optional.of(IpAddress.parse("fd00:1::fe")),
                                Optional.empty(),
                                Map.of()),
                        SubnetSpec.of(Cidr.parse("10.2.0.0/24")));
        assertThat(desired.networks().getLast().spec().families()).containsExactly(AddressFamily.IPV6);
        var web = desired.services().getFirst().slots().getFirst().spec();
        assertThat(web.networks().getFirst().addresses())
                .containsExactly(IpAddress.parse("10.1.0.7"), IpAddress.parse("fd00:1::7"));
        assertThat(web.ports())
                .extracting(PublishedPort::toString)
                .containsExactly(
                        "0.0.0.0:8080->80/tcp",
                        "[::]:8081->80/tcp",
                        "0.0.0.0:8082->80/udp",
                        "[2001:db8::1]:8083->80/tcp",
                        "0.0.0.0:8084->80/sctp");
    }

    @Test
    void what_the_kernel_cannot_translate_is_refused_where_it_stands() {
        assertThat(problems("services:\n  web: {image: x, ports: ['[::1]:80:80', '[::]:81:80']}\n"))
                .containsExactly(
                        "compose.yaml:2:27: services.web.ports[0]: nothing can be published on ::1, since the kernel does"
                                + " not lead packets from there anywhere else. Publish on 127.0.0.1",
                        "compose.yaml:2:42: services.web.ports[1]: no network of the service has IPv6 addresses, and the"
                                + " kernel does not translate from one family to the other. Write enable_ipv6: true at a"
                                + " network, or leave the address out");
        assertThat(problems("services:\n  web: {image: x}\nnetworks:\n  default: {enable_ipv4: false}\n"))
                .singleElement()
                .asString()
                .contains("networks.default: network shop_default has addresses of neither family");
    }

    @Test
    void of_networks_without_a_way_in_nothing_is_published_as_with_docker() {
        var result = translate("""
                services:
                  hidden: {image: x, ports: ["80:80"], networks: [vault]}
                  shares: {image: x, ports: ["80:80"], networks: [lan, vault]}
                  seen: {image: x, ports: ["81:80"], networks: [vault, lan, front]}
                networks: {vault: {internal: true}, lan: {driver: macvlan, driver_opts: {parent: eth0}}, front: {}}
                """);
        var services = ((Translation.Result.Translated) result).desired().services();
        assertThat(services)
                .extracting(
                        DesiredService::name,
                        s -> s.slots().getFirst().spec().ports().size())
                .containsExactly(tuple("hidden", 0), tuple("shares", 0), tuple("seen", 1));
    }

    @Test
    void of_a_range_replicas_wish_one_each_that_nobody_asks_for_alone() {
        var result = translate("""
                services:
                  web: {image: x, scale: 2, ports: ["8000-8010:80"]}
                  one: {image: x, ports: ["8001:80", "8000:53/udp"]}
                """);
        var services = ((Translation.Result.Translated) result).desired().services();
        assertThat(services.stream()
                        .filter(service -> service.name().equals("web"))
                        .flatMap(service -> service.slots().stream())
                        .flatMap(slot -> slot.spec().ports().stream()))
                .allMatch(port -> port.hostPort().isEmpty())
                .extracting(port -> port.choice().orElseThrow())
                .containsExactly(
                        new PublishedPort.Choice(8000, 8010, 8000), new PublishedPort.Choice(8000, 8010, 8002));
    }

    private static List<AttachmentSpec> attachments(String compose) {
        return switch (translate(compose)) {
            case Translation.Result.Translated(var desired) ->
                desired.services().stream()
                        .filter(service -> service.name().equals("web"))
                        .findFirst()
                        .orElseThrow()
                        .slots()
                        .getFirst()
                        .spec()
                        .networks();
            case Translation.Result.Refused(var problems) -> throw new AssertionError(problems);
        };
    }

    @Test
    void a_service_is_on_its_networks_as_it_asks() {
        var attachments = attachments("""
                services:
                  web:
                    image: x
                    mac_address: 02:00:5E:10:00:01
                    links: [db:database, db, "db:"]
                    external_links: [legacy:old]
                    networks:
                      front: {priority: 5, gw_priority: 1, interface_name: wan0, link_local_ips: [169.254.7.7], aliases: ["", www]}
                      back: {driver_opts: {com.docker.network.endpoint.sysctls: net.ipv4.conf.IFNAME.log_martians=1}}
                  db: {image: x, networks: [back]}
                networks: {front: {}, back: {}}
                """);

        // What is empty names nothing.
        assertThat(attachments.getFirst().aliases()).containsExactly("www");
        var front = attachments.getFirst().options();
        assertThat(front.macAddress()).contains("02:00:5e:10:00:01");
        assertThat(front.gatewayPriority()).isEqualTo(1);
        assertThat(front.interfaceName()).contains("wan0");
        assertThat(front.linkLocal()).containsExactly("169.254.7.7");
        assertThat(front.links()).containsExactly(new EndpointOptions.Link("legacy", "old"));
        var back = attachments.getLast().options();
        assertThat(back.macAddress()).isEmpty();
        assertThat(back.sysctls()).containsEntry("ipv4.conf.IFNAME.log_martians", "1");
        assertThat(back.links())
                .containsExactly(new EndpointOptions.Link("db", "database"), new EndpointOptions.Link("legacy", "old"));
    }

    @Test
    void what_networks_cannot_give_is_refused_where_it_stands() {
        assertThat(problems("""
                services:
                  web:
                    image: x
                    links: [db]
                    networks:
                      front: {mac_address: 02:00:5e:10:00:01, driver_opts: {a: b}}
                  app:
                    image: x
                    scale: 2
                    networks:
                      front: {mac_address: 02:00:5e:10:00:01, link_local_ips: ["fe80::1"]}
                  db: {image: x, networks: [back, all]}
                  side: {image: x, network_mode: "service:db", dns: 1.1.1.1}
                networks:
                  front: {driver_opts: {com.docker.network.bridge.nmae: br0}}
                  back: {driver: macvlan}
                  all: {driver_opts: {com.docker.network.bridge.name: all}}
                """))
                .anyMatch(p -> p.contains("services.web.links[0]: service db is on none of this service's networks"))
                .anyMatch(p -> p.contains("services.web.networks.front: a network's attachment has no option \"a\""))
                .anyMatch(p -> p.contains("services.app.networks.front.mac_address: 2 containers cannot share"))
                .anyMatch(p -> p.contains("is already the hardware address of service"))
                .anyMatch(p -> p.contains("services.app.networks.front.link_local_ips: fe80::1: the kernel gives"))
                .anyMatch(p -> p.contains("services.side.dns: a container in another one's network asks for names"))
                .anyMatch(p -> p.contains("Did you mean \"com.docker.network.bridge.name\"?"))
                .anyMatch(p -> p.contains("networks.back: network shop_back: a network of the driver macvlan needs"))
                .anyMatch(p -> p.contains("networks.all: network shop_all:")
                        && p.contains("a bridge cannot be called \"all\""));
    }

    @Test
    void name_servers_and_what_goes_with_them_are_asked_of_the_container() {
        var resolver = container("dns: [1.1.1.1, '2606:4700::1111'], dns_search: a.test, dns_opt: ['ndots:2']")
                .options()
                .naming()
                .resolver();

        assertThat(resolver.servers()).containsExactly("1.1.1.1", "2606:4700::1111");
        assertThat(resolver.search()).containsExactly("a.test");
        assertThat(resolver.options()).containsExactly("ndots:2");
    }
}
