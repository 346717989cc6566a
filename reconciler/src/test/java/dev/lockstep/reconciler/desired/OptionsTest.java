package dev.lockstep.reconciler.desired;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.lockstep.runtime.container.BlockIo;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.DeviceOptions;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.container.NamespaceMode;
import dev.lockstep.runtime.container.Naming;
import dev.lockstep.runtime.container.StorageOptions;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.oci.Rlimit;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.FileTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.yaml.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What attributes that only some services have become in the engine's words. */
class OptionsTest {
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

    /** Every content is named by its length. */
    private static final FileContents FILES = new FileContents() {
        @Override
        public byte[] read(String path) throws IOException {
            if (path.contains("missing")) {
                throw new IOException("there is no file " + path);
            }
            return path.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public boolean isExecutable(String path) {
            return path.endsWith(".sh");
        }

        @Override
        public byte[] external(String what, String name) throws IOException {
            if (!name.equals("kept")) {
                throw new IOException("the " + what + " is not on this host");
            }
            return name.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public String identity(byte[] content) {
            return "%064x".formatted(content.length);
        }
    };

    private static final String OTHERS = """
              db: {image: x}
              cache: {image: x, ipc: shareable, container_name: the-cache}
            secrets: {s: {file: ./file}, r: {file: ./run.sh}, e: {environment: NOT_SET}, x: {external: true}, k: {external: true, name: kept}, m: {file: ./missing}}
            configs: {c: {content: "inline"}, r: {file: ./run.sh}}
            """;

    private static Translation.Result translate(String attributes) {
        var loaded = new ComposeLoader()
                .load(LoadRequest.of(new OneFile("services:\n  web: {image: x, " + attributes + "}\n" + OTHERS))
                        .withDefaultName("shop"));
        if (!(loaded instanceof Loaded.Valid valid)) {
            throw new AssertionError(((Loaded.Invalid) loaded).errors());
        }
        return new Translation(
                        valid.project(),
                        new Owner("web1", "shop", Optional.empty()),
                        source -> new BindSources.Source(Path.of("/src"), source),
                        FILES,
                        false,
                        _ -> new Resolution.Unknown("not asked"))
                .translate(Placement.ONE_HOST, Optional.empty());
    }

    private static ContainerSpec web(String attributes) {
        return switch (translate(attributes)) {
            case Translation.Result.Translated(var desired) ->
                desired.services().stream()
                        .filter(s -> s.name().equals("web"))
                        .findFirst()
                        .orElseThrow()
                        .slots()
                        .getFirst()
                        .spec();
            case Translation.Result.Refused(var problems) -> throw new AssertionError(problems);
        };
    }

    private static List<String> problems(String attributes) {
        return switch (translate(attributes)) {
            case Translation.Result.Translated(var desired) -> throw new AssertionError(desired);
            case Translation.Result.Refused(var problems) ->
                problems.stream().map(Problem::toString).toList();
        };
    }

    /** As docker compose 2.26, whose containers with each of these lines are as without any by {@code inspect}. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "cgroup_parent: ''",
                "working_dir: ''",
                "user: ''",
                "hostname: ''",
                "domainname: ''",
                "stop_signal: ''",
                "runtime: ''",
                "pid: ''",
                "ipc: ''",
                "uts: ''",
                "platform: ''",
                "mac_address: ''",
                "cpuset: ''",
                "restart: ''",
                "shm_size: 0",
                "mem_limit: 0",
                "memswap_limit: 0",
                "mem_reservation: 0",
                "pids_limit: 0",
                "cpu_shares: 0",
                "cpu_quota: 0",
                "cpu_period: 0",
                "cpus: 0",
                "blkio_config: {weight: 0}",
                "logging: {driver: ''}",
                "userns_mode: ''",
                "isolation: ''",
                "storage_opt: {}",
                "ulimits: {}",
                "sysctls: []",
                "group_add: []",
                "cap_add: []",
                "dns: []",
                "extra_hosts: []",
                "devices: []",
                "security_opt: []",
                "tmpfs: []"
            })
    void what_is_empty_asks_for_nothing(String attribute) {
        assertThat(web(attribute)).isEqualTo(web("init: false"));
    }

    @Test
    void a_size_of_memory_is_not_negative() {
        assertThat(problems("shm_size: -1")).singleElement().asString().contains("shm_size: is a size, not -1");
    }

    @Test
    void process_options() {
        var process = web("group_add: [docker, 7], tty: true, stdin_open: true, init: true, oom_score_adj: -5,"
                        + " ulimits: {nofile: {soft: 1, hard: 2}, core: -1}")
                .options()
                .process();
        assertThat(process.groups()).containsExactly("docker", "7");
        assertThat(process.tty() && process.stdinOpen() && process.init()).isTrue();
        assertThat(process.oomScoreAdj()).contains(-5);
        assertThat(process.ulimits()).isEqualTo(Map.of("nofile", new Rlimit(1, 2), "core", new Rlimit(-1, -1)));
    }

    @Test
    void isolation() {
        var isolation = web("privileged: true, read_only: true, cap_add: [net_admin, CAP_CHOWN], cap_drop: [ALL],"
                        + " cgroup_parent: slice/, runtime: crun, sysctls: {net/core/somaxconn: 7}")
                .options()
                .isolation();
        assertThat(isolation.privileged() && isolation.readOnly()).isTrue();
        assertThat(isolation.capAdd()).containsExactly("CAP_CHOWN", "CAP_NET_ADMIN");
        assertThat(isolation.capDrop()).containsExactly("ALL");
        assertThat(isolation.cgroupParent()).contains("/slice");
        assertThat(isolation.runtime()).contains("crun");
        assertThat(isolation.sysctls()).isEqualTo(Map.of("net.core.somaxconn", "7"));
        assertThat(problems("cap_add: [fly]")).singleElement().asString().contains("cap_add[0]", "FLY");
        assertThat(problems("cgroup_parent: /a/../b"))
                .singleElement()
                .asString()
                .contains("cgroup_parent");
    }

    @Test
    void capabilities_in_another_order_or_twice_are_the_same() {
        assertThat(web("cap_add: [NET_ADMIN, CHOWN, net_admin], cap_drop: [MKNOD, KILL]"))
                .isEqualTo(web("cap_add: [CHOWN, NET_ADMIN], cap_drop: [KILL, MKNOD]"));
    }

    @Test
    void security_options_with_either_sign() {
        var security = web("security_opt: ['no-new-privileges:true', seccomp=./profile.json, 'apparmor:web',"
                        + " 'label=type:web_t', 'systempaths=unconfined']")
                .options()
                .isolation()
                .security();
        assertThat(security.noNewPrivileges()).contains(true);
        assertThat(security.seccomp()).contains("./profile.json");
        assertThat(security.apparmor()).contains("web");
        assertThat(security.labels()).containsExactly("type:web_t");
        assertThat(security.openSystemPaths()).isTrue();
        assertThat(web("security_opt: ['seccomp:unconfined', no-new-privileges]")
                        .options()
                        .isolation()
                        .security()
                        .seccomp())
                .contains("unconfined");
        assertThat(problems("security_opt: ['seccomp:missing.json']"))
                .containsExactly("compose.yaml:2:34: services.web.security_opt[0]: there is no file missing.json");
    }

    @ParameterizedTest
    @CsvSource({
        "network_mode: host, network, host",
        "'network_mode: service:db', network, container:shop-db-1",
        "'network_mode: service:cache', network, container:the-cache",
        "'network_mode: container:other', network, container:other",
        "pid: host, pid, host",
        "'pid: service:db', pid, container:shop-db-1",
        "ipc: none, ipc, none",
        "'ipc: service:cache', ipc, container:the-cache",
        "uts: host, uts, host",
        "cgroup: private, cgroup, private"
    })
    void namespaces(String attribute, String which, String mode) {
        var namespaces = web(attribute).options().isolation().namespaces();
        var found = Map.<String, Optional<NamespaceMode>>of(
                        "network", namespaces.network(),
                        "pid", namespaces.pid(),
                        "ipc", namespaces.ipc(),
                        "uts", namespaces.uts(),
                        "cgroup", namespaces.cgroup())
                .get(which);
        assertThat(found).map(NamespaceMode::toString).contains(mode);
    }

    @Test
    void who_shares_no_memory_is_named_and_who_has_no_network_publishes_nothing() {
        assertThat(problems("ipc: 'service:db'"))
                .singleElement()
                .asString()
                .contains("services.web.ipc: service db shares its memory with nobody. Write ipc: shareable there");
        assertThat(web("network_mode: host, ports: ['80:80']").ports()).isEmpty();
        assertThat(problems("network_mode: 'service:db', ports: ['80:80']"))
                .singleElement()
                .asString()
                .contains("services.web.ports[0]", "publishes nothing");
    }

    @Test
    void devices_and_cards() {
        assertThat(web("devices: ['/dev/fuse', '/dev/a:/dev/b:r'], device_cgroup_rules: ['c 1:3 mr']")
                        .options()
                        .devices())
                .isEqualTo(new DeviceOptions(
                        List.of(
                                new DeviceOptions.Mapping("/dev/fuse", "/dev/fuse", "rwm"),
                                new DeviceOptions.Mapping("/dev/a", "/dev/b", "r")),
                        List.of("c 1:3 mr"),
                        List.of()));
        assertThat(web("devices: ['acme.com/card=0'], gpus: all")
                        .options()
                        .devices()
                        .cdi())
                .containsExactly("acme.com/card=0", "nvidia.com/gpu=all");
        assertThat(web("deploy: {resources: {reservations: {devices: [{capabilities: [gpu], count: 2}]}}}")
                        .options()
                        .devices()
                        .cdi())
                .containsExactly("nvidia.com/gpu=0", "nvidia.com/gpu=1");
        assertThat(web("gpus: [{driver: amd, device_ids: ['3'], capabilities: [gpu]}]")
                        .options()
                        .devices()
                        .cdi())
                .containsExactly("amd.com/gpu=3");
        assertThat(problems("gpus: [{driver: voodoo, count: 1, capabilities: [gpu]}]"))
                .singleElement()
                .asString()
                .contains("there is no driver \"voodoo\"");
    }

    @Test
    void names_storage_and_hooks() {
        var options = web("domainname: example.org, extra_hosts: ['a=1.2.3.4', 'b:host-gateway'],"
                        + " annotations: {k: v}, shm_size: 1m, storage_opt: {size: 2g}, volumes_from: ['db:ro', 'container:c'],"
                        + " post_start: [{command: [x, y], user: root, privileged: true, environment: {A: b}}],"
                        + " pre_stop: [{command: z}]")
                .options();
        assertThat(options.naming())
                .isEqualTo(new Naming(
                        Optional.of("example.org"),
                        List.of(new Naming.ExtraHost("a", "1.2.3.4"), new Naming.ExtraHost("b", "host-gateway")),
                        Map.of("k", "v")));
        assertThat(options.storage())
                .isEqualTo(new StorageOptions(
                        Optional.of(1L << 20),
                        List.of(
                                new StorageOptions.VolumesFrom("shop-db-1", Optional.of(true)),
                                new StorageOptions.VolumesFrom("c", Optional.empty())),
                        Optional.of(2L << 30)));
        assertThat(options.hooks().postStart())
                .extracting(hook -> hook.command(), hook -> hook.privileged(), hook -> hook.environment())
                .containsExactly(tuple(List.of("x", "y"), true, Map.of("A", "b")));
        assertThat(options.hooks().preStop()).hasSize(1);
        assertThat(web("container_name: own").name()).isEqualTo("own");
    }

    @Test
    void limits() {
        var resources = web("cpu_shares: 512, cpuset: '0,1', mem_limit: 64m, memswap_limit: -1, mem_swappiness: 0,"
                        + " oom_kill_disable: true, cpu_rt_runtime: 5, cpu_rt_period: 10,"
                        + " blkio_config: {weight: 300, device_read_bps: [{path: /dev/sda, rate: 1m}]}")
                .resources();
        assertThat(resources.cpuShares()).contains(512L);
        assertThat(resources.cpuset()).contains("0-1");
        assertThat(resources.memorySwap()).contains(-1L);
        assertThat(resources.swappiness()).contains(0L);
        assertThat(resources.oomKillDisable()).isTrue();
        assertThat(resources.blockIo())
                .isEqualTo(new BlockIo(
                        Optional.of(300L), Map.of(), Map.of("/dev/sda", 1L << 20), Map.of(), Map.of(), Map.of()));
        assertThat(problems("mem_limit: 1m")).singleElement().asString().contains("at least 6 MiB");
    }

    @Test
    void a_config_from_a_file_that_can_be_run_can_be_run() {
        assertThat(web("configs: [c, r, {source: r, target: /q, mode: 0440}], secrets: [r]")
                        .mounts())
                .extracting(m -> m.target() + " " + Integer.toOctalString(((MountSpec.Content) m).mode()))
                .containsExactlyInAnyOrder("/c 444", "/r 555", "/q 440", "/run/secrets/r 444");
    }

    @Test
    void mounts_with_options_images_secrets_and_configs() {
        assertThat(web("volumes: [{type: bind, source: ./a, target: /a, read_only: true,"
                                + " bind: {propagation: rslave, recursive: writable, selinux: z}}]")
                        .mounts())
                .containsExactly(new MountSpec.Bind(
                        Path.of("/src"),
                        "a",
                        "/a",
                        true,
                        true,
                        Optional.empty(),
                        new MountSpec.BindOptions("rslave", MountSpec.Recursion.WRITABLE, Optional.of("z"))));
        assertThat(web("volumes: [{type: image, source: files:1, target: /i, image: {subpath: a}}]")
                        .mounts())
                .singleElement()
                .isInstanceOfSatisfying(MountSpec.OfImage.class, image -> {
                    assertThat(image.subpath()).contains("a");
                    assertThat(image.digest()).isEqualTo(DesiredContainer.NOT_KNOWN);
                });
        assertThat(web("secrets: [s, {source: s, target: other, uid: '7', gid: '8', mode: 0400}], configs: [c]")
                        .mounts())
                .containsExactly(
                        new MountSpec.Content("secret s", "%064x".formatted(4), "/run/secrets/s", "0", "0", 0444),
                        new MountSpec.Content("secret s", "%064x".formatted(4), "/run/secrets/other", "7", "8", 0400),
                        new MountSpec.Content("config c", "%064x".formatted(6), "/c", "0", "0", 0444));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "secrets: [e] | services.web.secrets[0]: the secret e is the value of the variable NOT_SET",
                "secrets: [x] | services.web.secrets[0]: the secret x is not on this host",
                "secrets: [m] | services.web.secrets[0]: there is no file missing",
            })
    void a_secret_that_has_no_content_here_is_refused(String attribute, String message) {
        assertThat(problems(attribute)).singleElement().asString().contains(message);
    }

    @Test
    void users_are_those_of_the_service_else_of_the_stack_else_of_the_host() {
        assertThat(web("x-a: 1").options().isolation().namespaces().user()).isEmpty();
        assertThat(web("userns_mode: ''").options().isolation().namespaces().user())
                .isEmpty();
        assertThat(web("userns_mode: host").options().isolation().namespaces().user())
                .contains(new NamespaceMode.Host());
        assertThat(web("userns_mode: private")
                        .options()
                        .isolation()
                        .namespaces()
                        .user())
                .contains(new NamespaceMode.Own());
        assertThat(problems("userns_mode: shareable"))
                .singleElement()
                .asString()
                .endsWith("services.web.userns_mode: \"shareable\" says nothing of users. Write private or host");
    }

    @Test
    void what_is_the_hosts_cannot_be_had_with_users_of_its_own() {
        for (var attribute : List.of("privileged: true", "network_mode: host", "pid: host", "ipc: host")) {
            assertThat(problems("userns_mode: private, " + attribute))
                    .as(attribute)
                    .singleElement()
                    .asString()
                    .endsWith("services.web." + attribute.replaceFirst(":.*", "")
                            + ": cannot be had with users of its own. Write userns_mode: host, or take this line out");
            assertThat(web("userns_mode: host, " + attribute)).isNotNull();
        }
    }

    @Test
    void what_is_external_comes_from_the_host_by_its_own_name() {
        assertThat(web("secrets: [k]").mounts())
                .containsExactly(
                        new MountSpec.Content("secret k", "%064x".formatted(4), "/run/secrets/k", "0", "0", 0444));
    }

    @Test
    void a_bridge_is_one_of_the_stacks_own() {
        assertThat(web("network_mode: bridge").networks())
                .containsExactly(new AttachmentSpec("shop_bridge", List.of(), List.of(), 0));
    }
}
