package dev.lockstep.spec.policy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.FileTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.settings.AgentSettings;
import dev.lockstep.spec.settings.HostPolicy;
import dev.lockstep.spec.settings.RepositorySettings;
import dev.lockstep.spec.yaml.Problem;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a stack of a followed repository may ask of a host, each way that leads there. */
class HostPolicyTest {
    private static final String CLOSED = "closed by default";

    private record OneFile(String text) implements FileTree {
        @Override
        public Optional<byte[]> read(String path) {
            return path.equals("compose.yaml") ? Optional.of(text.getBytes(StandardCharsets.UTF_8)) : Optional.empty();
        }

        @Override
        public List<Entry> list(String directory) {
            return directory.isEmpty() ? List.of(new Entry("compose.yaml", false)) : List.of();
        }
    }

    private static Project project(String text) {
        var request = LoadRequest.of(new OneFile(text)).withDefaultName("shop");
        return switch (new ComposeLoader().load(request)) {
            case Loaded.Valid valid -> valid.project();
            case Loaded.Invalid invalid -> throw new AssertionError(text + invalid.errors());
        };
    }

    private static HostPolicy host(String policy) {
        return switch (AgentSettings.read("agent.yaml", policy.getBytes(StandardCharsets.UTF_8))) {
            case AgentSettings.Read.Valid valid -> valid.settings().policy();
            case AgentSettings.Read.Invalid invalid -> throw new AssertionError(invalid.errors());
        };
    }

    private static RepositorySettings repository(String text) {
        return switch (RepositorySettings.read("lockstep.yaml", text.getBytes(StandardCharsets.UTF_8))) {
            case RepositorySettings.Read.Valid valid -> valid.settings();
            case RepositorySettings.Read.Invalid invalid -> throw new AssertionError(invalid.errors());
        };
    }

    private static List<String> refusals(String compose, boolean ownUsers, List<PolicyLayer> layers) {
        var project = project(compose);
        var demands = Demands.of(project, ownUsers, path -> path.endsWith(".sock"));
        return new Confinement(layers)
                .refusals(demands, project.sources()).stream()
                        .map(Problem::toString)
                        .toList();
    }

    private static List<String> refusals(String compose, String policy) {
        return refusals(compose, false, List.of(host(policy).layer("shop", Optional.of("https://git.example/r.git"))));
    }

    private static String service(String attributes) {
        return "services: {a: {image: x, " + attributes + "}}\n";
    }

    /** Attribute of a service; where it is refused; the policy that allows it, and no more than it. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            privileged: true                                  | privileged            | privileged: true
            post_start: [{command: x, privileged: true}]      | post_start[0].privileged | privileged: true
            pre_stop: [{command: x, privileged: true}]        | pre_stop[0].privileged | privileged: true
            cap_add: [CHOWN, net_admin]                       | cap_add[1]            | capabilities: [CAP_NET_ADMIN]
            cap_add: [ALL]                                    | cap_add[0]            | capabilities: [all]
            cap_add: [SYS_ADMIN]                              | cap_add[0]            | capabilities: [ALL]
            network_mode: host                                | network_mode          | host-namespaces: network
            network_mode: "container:victim"                  | network_mode          | external: ["container:victim"]
            pid: host                                         | pid                   | host-namespaces: [pid]
            pid: "container:victim"                           | pid                   | external: ["container:*"]
            ipc: host                                         | ipc                   | host-namespaces: [ipc]
            ipc: "container:victim"                           | ipc                   | external: ["container:v*"]
            uts: host                                         | uts                   | host-namespaces: [uts]
            cgroup: host                                      | cgroup                | host-namespaces: [cgroup]
            volumes_from: ["container:victim:ro"]             | volumes_from[0]       | external: ["container:victim"]
            volumes: [/srv/data:/d]                           | volumes[0]            | bind-sources: [/srv]
            volumes: [/srv/data:/d:ro]                        | volumes[0]            | bind-sources: ["/srv:ro"]
            volumes: [{type: bind, source: /srv, target: /s}] | volumes[0]            | bind-sources: [/srv/]
            volumes: [/srv/../etc:/d]                         | volumes[0]            | bind-sources: [/etc]
            volumes: [{type: bind, source: ./d, target: /s, bind: {propagation: rshared}}] | volumes[0] | host-namespaces: [mount]
            volumes: [/run/docker.sock:/run/docker.sock]      | volumes[0]            | sockets: [/run/docker.sock]
            devices: [/dev/ttyUSB0]                           | devices[0]            | devices: [/dev/ttyUSB*]
            devices: ["/dev/ttyUSB0/../sda:/dev/x"]           | devices[0]            | devices: [/dev/sda]
            devices: [vendor.com/class=one]                   | devices[0]            | devices: [vendor.com/class=*]
            device_cgroup_rules: ["c 188:* rmw"]              | device_cgroup_rules[0] | devices: ["c 188:* rmw"]
            gpus: all                                         | gpus[0]               | devices: [nvidia.com/gpu=all]
            deploy: {resources: {reservations: {devices: [{driver: amd, count: 1, capabilities: [gpu]}]}}} | deploy.resources.reservations.devices[0] | devices: [amd.com/gpu=0]
            security_opt: [seccomp=unconfined]                | security_opt[0]       | security-options: [seccomp=unconfined]
            security_opt: ["seccomp:unconfined"]              | security_opt[0]       | security-options: [seccomp=*]
            security_opt: [seccomp=./mine.json]               | security_opt[0]       | security-options: [seccomp=*]
            security_opt: [apparmor=unconfined]               | security_opt[0]       | security-options: ["apparmor:unconfined"]
            security_opt: ["label:disable"]                   | security_opt[0]       | security-options: [label=disable]
            security_opt: [systempaths=unconfined]            | security_opt[0]       | security-options: [systempaths=unconfined]
            security_opt: ["unmask=ALL"]                      | security_opt[0]       | security-options: [unmask=ALL]
            runtime: kata                                     | runtime               | runtimes: [kata]
            runtime: /usr/bin/env                             | runtime               | runtimes: [/usr/bin/env]
            annotations: {run.oci.hooks.stdout: /etc/passwd}  | annotations.run.oci.hooks.stdout | annotations: [run.oci.*]
            cgroup_parent: system.slice                       | cgroup_parent         | host-resources: [cgroup-parent]
            oom_kill_disable: true                            | oom_kill_disable      | host-resources: oom
            oom_score_adj: -500                               | oom_score_adj         | host-resources: [oom]
            cpu_rt_runtime: 1000                              | cpu_rt_runtime        | host-resources: [realtime]
            ulimits: {rtprio: 99}                             | ulimits.rtprio        | host-resources: [realtime]
            ulimits: {rtprio: {soft: 0, hard: -1}}            | ulimits.rtprio        | host-resources: [realtime]
            """)
    void a_service_asks_and_is_refused_until_the_host_allows_it(String attribute, String path, String policy) {
        assertThat(refusals(service(attribute), ""))
                .singleElement()
                .asString()
                .startsWith("compose.yaml:1:")
                .contains(" services.a." + path + ": asks for ", CLOSED)
                .endsWith(" below policy.stacks.shop in /etc/lockstep/agent.yaml");
        assertThat(refusals(service(attribute), "policy: {" + policy + "}")).isEmpty();
        assertThat(refusals(service(attribute), "policy: {stacks: {shop: {" + policy + "}}}"))
                .isEmpty();
        assertThat(refusals(service(attribute), "policy: {stacks: {other: {" + policy + "}}}"))
                .hasSize(1);
        var key = policy.substring(0, policy.indexOf(':'));
        var nothing = key.equals("privileged") ? "privileged: false" : key + ": []";
        assertThat(refusals(service(attribute), "policy: {" + nothing + "}"))
                .singleElement()
                .asString()
                .endsWith("it is not in policy." + key + " at agent.yaml:1:10");
    }

    /** The same of a volume or network of the project. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            volumes: {v: {driver: local, driver_opts: {type: none, o: bind, device: /srv/x}}} | volumes.v.driver_opts.device | bind-sources: [/srv]
            volumes: {v: {driver_opts: {type: none, o: "ro,bind", device: /srv/x}}}           | volumes.v.driver_opts.device | bind-sources: ["/srv:ro"]
            volumes: {v: {driver_opts: {type: none, o: "ro,rbind", device: /srv/x}}}          | volumes.v.driver_opts.device | bind-sources: [/srv]
            volumes: {v: {driver_opts: {type: tmpfs, o: bind, device: /etc}}}                 | volumes.v.driver_opts.device | bind-sources: [/etc]
            volumes: {v: {driver_opts: {type: tmpfs, o: bind, device: /run/docker.sock}}}     | volumes.v.driver_opts.device | sockets: [/run/docker.sock]
            volumes: {v: {driver_opts: {type: nfs4, o: "addr=nas", device: ":/x"}}}           | volumes.v.driver_opts.type | volume-types: [nfs4]
            volumes: {v: {driver_opts: {type: overlay, o: "lowerdir=/", device: overlay}}}    | volumes.v.driver_opts.type | volume-types: [overlay]
            volumes: {v: {driver_opts: {type: ramfs, device: ramfs}}}                         | volumes.v.driver_opts.type | volume-types: [ramfs]
            volumes: {v: {external: true, name: other_data}}                                  | volumes.v | external: ["volume:other_*"]
            """)
    void a_volume_is_no_way_around(String volume, String path, String policy) {
        var compose = service("volumes: [v:/v]") + volume + "\n";
        assertThat(refusals(compose, ""))
                .singleElement()
                .asString()
                .startsWith("compose.yaml:2:")
                .contains(" " + path + ": asks for ", CLOSED);
        assertThat(refusals(compose, "policy: {" + policy + "}")).isEmpty();
    }

    @Test
    void a_disk_needs_its_device_and_its_file_system() {
        var compose = service("volumes: [v:/v]") + "volumes: {v: {driver_opts: {type: ext4, device: /dev/sdb1}}}\n";
        assertThat(refusals(compose, "")).hasSize(2);
        assertThat(refusals(compose, "policy: {volume-types: [ext4]}"))
                .singleElement()
                .asString()
                .contains("the device /dev/sdb1");
        assertThat(refusals(compose, "policy: {volume-types: [ext4], devices: [/dev/sdb*]}"))
                .isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"//dev/sda1", "dev/sda1", "../dev/sda1", "./dev//sda1", "/dev/sdb/../sda1"})
    void a_disk_is_the_same_however_its_path_is_written(String device) {
        var compose =
                service("volumes: [v:/v]") + "volumes: {v: {driver_opts: {type: ext4, device: " + device + "}}}\n";
        assertThat(refusals(compose, "policy: {volume-types: [ext4], devices: [/dev/sdb*]}"))
                .singleElement()
                .asString()
                .contains("the device /dev/sda1");
    }

    @ParameterizedTest
    @CsvSource({
        "nfs4, ':/x'",
        "nfs4, 'nas:/x'",
        "nfs4, '[fe80::1]:/x'",
        "cifs, //nas/x",
        "smb3, //nas/x",
        "zfs, pool/x",
        "9p, tag",
        "ramfs, ramfs"
    })
    void what_is_no_disk_needs_no_device(String type, String device) {
        var compose = service("volumes: [v:/v]") + "volumes: {v: {driver_opts: {type: " + type + ", device: '" + device
                + "'}}}\n";
        assertThat(refusals(compose, "policy: {volume-types: [" + type + "]}")).isEmpty();
    }

    @Test
    void a_relative_directory_that_no_stack_has_is_never_allowed() {
        var compose =
                service("volumes: [v:/v]") + "volumes: {v: {driver_opts: {type: none, o: \"bind,ro\", device: etc}}}\n";
        assertThat(refusals(compose, "policy: {bind-sources: [/]}")).hasSize(1);
    }

    @Test
    void networks_of_the_host_and_of_others_are_asked_for() {
        var compose = service("networks: [lan, theirs]")
                + "networks: {lan: {driver: macvlan, driver_opts: {parent: eth0.10}}, theirs: {external: true}}\n";
        assertThat(refusals(compose, ""))
                .satisfiesExactly(
                        lan -> assertThat(lan).contains("networks.lan.driver_opts.parent", "link eth0.10"),
                        theirs ->
                                assertThat(theirs).contains("networks.theirs", "network theirs, which is not its own"));
        assertThat(refusals(compose, "policy: {network-parents: [eth0.*], external: ['network:theirs']}"))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "169.254.169.252/30, true",
        "169.254.0.0/15, true",
        "168.63.129.0/24, true",
        "fd00:ec2::/64, true",
        "10.1.0.0/16, false",
        "100.64.0.0/24, false",
        "fd00:ec3::/64, false"
    })
    void no_container_answers_the_host_in_the_place_of_its_cloud(String subnet, boolean asked) {
        var compose = service("networks: [n]") + "networks: {n: {enable_ipv6: true, ipam: {config: [{subnet: '" + subnet
                + "'}]}}}\n";
        var policy = "policy: {published-addresses: ['0.0.0.0', '::']";
        assertThat(refusals(compose, policy + "}"))
                .hasSize(asked ? 1 : 0)
                .allSatisfy(refusal ->
                        assertThat(refusal).contains("networks.n.ipam.config[0].subnet", "host-resources: [metadata]"));
        assertThat(refusals(compose, policy + ", host-resources: [metadata]}")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cap_add: [CHOWN], cap_drop: [ALL]",
                "volumes: [./data:/d, v:/v]",
                "security_opt: ['no-new-privileges:true', 'mask=/proc/x', seccomp=builtin, no-new-privileges]",
                "sysctls: {net.core.somaxconn: 1, kernel.shmmax: 2}",
                "ports: ['80:80', '127.0.0.1:81:80']",
                "runtime: crun",
                "network_mode: none",
                "ipc: shareable, cgroup: private",
                "userns_mode: host",
                "oom_score_adj: 500, mem_limit: 1g, cpus: 2, pids_limit: -1",
                "ulimits: {nofile: 65536, rtprio: 0}",
                "tmpfs: /x, read_only: true, user: root, labels: {a: b}",
                "post_start: [{command: x, user: root}]",
            })
    void what_every_container_gets_is_open(String attributes) {
        assertThat(refusals(service(attributes) + "volumes: {v: {driver_opts: {type: tmpfs, device: t}}}\n", ""))
                .isEmpty();
    }

    @Test
    void a_container_of_the_stack_itself_is_its_own() {
        var compose = "services: {a: {image: x, network_mode: 'container:shop-b-2', pid: 'container:mine'},"
                + " b: {image: x}, c: {image: x, container_name: mine}}\n";
        assertThat(refusals(compose, "")).isEmpty();
        assertThat(refusals(compose.replace("shop-b-2", "shop-b-x"), "")).hasSize(1);
    }

    @Test
    void the_hosts_users_are_something_to_ask_for_only_where_containers_have_their_own() {
        var layers = List.of(host("").layer("shop", Optional.empty()));
        assertThat(refusals(service("userns_mode: host"), false, layers)).isEmpty();
        assertThat(refusals(service("userns_mode: host"), true, layers)).hasSize(1);
        assertThat(refusals("x-lockstep: {userns: host}\n" + service("user: root"), true, layers))
                .hasSize(1);
    }

    @Test
    void what_is_open_is_narrowed_by_a_list() {
        var policy = "policy: {published-addresses: [127.0.0.1, 10.0.0.0/8], sysctls: [net.ipv4.*]}";
        assertThat(refusals(service("ports: ['127.0.0.1:1:1', '10.1.2.3:2:2', '3:3', '192.0.2.1:4:4']"), policy))
                .satisfiesExactly(
                        every -> assertThat(every).contains("services.a.ports[2]", "ports at 0.0.0.0"),
                        other -> assertThat(other).contains("services.a.ports[3]", "ports at 192.0.2.1"));
        assertThat(refusals(service("sysctls: {net.ipv4.ip_forward: 1, net/core/somaxconn: 2}"), policy))
                .singleElement()
                .asString()
                .contains("the sysctl net.core.somaxconn");
        var ofInterface = service("networks: {n: {driver_opts: {com.docker.network.endpoint.sysctls:"
                        + " 'net.ipv4.conf.IFNAME.log_martians=1,net.ipv6.conf.IFNAME.accept_ra=2'}}}")
                + "networks: {n: {}}\n";
        assertThat(refusals(ofInterface, policy))
                .singleElement()
                .asString()
                .contains(
                        "services.a.networks.n.driver_opts.com.docker.network.endpoint.sysctls",
                        "the sysctl net.ipv6.conf.IFNAME.accept_ra");
        assertThat(refusals(service("ports: ['3:3']"), "policy: {published-addresses: [0.0.0.0]}"))
                .isEmpty();
        var bound = service("ports: ['3:3'], networks: [n]")
                + "networks: {n: {driver_opts: {com.docker.network.bridge.host_binding_ipv4: 10.0.0.1}}}\n";
        assertThat(refusals(bound, policy)).isEmpty();
    }

    @Test
    void to_read_is_not_to_write_and_a_name_beside_is_not_below() {
        assertThat(refusals(service("volumes: [/srv/a:/d]"), "policy: {bind-sources: ['/srv:ro']}"))
                .hasSize(1);
        for (var recursive : List.of("disabled", "enabled", "readonly", "writable")) {
            var bind = "volumes: [{type: bind, source: /, target: /host, read_only: true, bind: {recursive: "
                    + recursive + "}}]";
            assertThat(refusals(service(bind), "policy: {bind-sources: ['/:ro']}"))
                    .as(recursive)
                    .hasSize(recursive.equals("writable") ? 1 : 0);
        }
        for (var words : List.of("bind,ro,rw", "ro,rbind")) {
            var volume = service("volumes: [v:/v]") + "volumes: {v: {driver_opts: {type: none, o: '" + words
                    + "', device: /srv}}}\n";
            assertThat(refusals(volume, "policy: {bind-sources: ['/srv:ro']}"))
                    .as(words)
                    .hasSize(1);
        }
        assertThat(refusals(service("volumes: [/srvx:/d]"), "policy: {bind-sources: [/srv]}"))
                .hasSize(1);
        assertThat(refusals(service("volumes: [/srv/../etc:/d]"), "policy: {bind-sources: [/srv]}"))
                .hasSize(1);
        assertThat(refusals(service("volumes: [/run/a.sock:/d]"), "policy: {bind-sources: [/run]}"))
                .singleElement()
                .asString()
                .contains("sockets: [/run/a.sock]");
    }

    @Test
    void everything_is_told_at_once_by_place() {
        assertThat(refusals("""
                services:
                  a:
                    image: x
                    privileged: true
                    cap_add: [SYS_ADMIN]
                    volumes:
                      - /:/host:ro
                """, "policy:\n  capabilities: [NET_ADMIN]\n"))
                .containsExactly(
                        "compose.yaml:4:17: services.a.privileged: asks for all rights of the host. This host does not"
                                + " allow it: closed by default. To allow it, write privileged: true below"
                                + " policy.stacks.shop in agent.yaml",
                        "compose.yaml:5:15: services.a.cap_add[0]: asks for the capability SYS_ADMIN. This host does"
                                + " not allow it: it is not in policy.capabilities at agent.yaml:2:3",
                        "compose.yaml:7:9: services.a.volumes[0]: asks for / of the host, to read. This host does not"
                                + " allow it: closed by default. To allow it, write bind-sources: [/:ro] below"
                                + " policy.stacks.shop in agent.yaml");
    }

    @Test
    void a_repository_takes_away_and_never_gives() {
        var settings = repository("""
                policy: {capabilities: [NET_ADMIN], privileged: true, published-addresses: [127.0.0.1]}
                stacks: {shop: {policy: {capabilities: []}}}
                """);
        var layers = new ArrayList<PolicyLayer>();
        layers.add(host("policy: {capabilities: [NET_ADMIN, SYS_TIME]}").layer("shop", Optional.empty()));
        layers.addAll(settings.policies("shop"));
        assertThat(refusals(service("cap_add: [NET_ADMIN], privileged: true, ports: ['80:80']"), false, layers))
                .satisfiesExactlyInAnyOrder(
                        privileged -> assertThat(privileged).contains("privileged: true below policy.stacks.shop"),
                        capability ->
                                assertThat(capability).contains("stacks.shop.policy.capabilities at lockstep.yaml:2:"),
                        port -> assertThat(port).contains("policy.published-addresses at lockstep.yaml:1:"));
        layers.removeLast();
        assertThat(refusals(service("cap_add: [NET_ADMIN, SYS_TIME]"), false, layers))
                .singleElement()
                .asString()
                .contains("SYS_TIME", "lockstep.yaml:1:");
    }

    @Test
    void a_grant_of_one_repository_is_not_that_of_another() {
        var policy = host("policy: {stacks: {shop: {repository: 'https://git.example/r.git', privileged: true}}}");
        var asks = service("privileged: true");
        assertThat(refusals(asks, false, List.of(policy.layer("shop", Optional.of("https://git.example/r.git")))))
                .isEmpty();
        assertThat(refusals(asks, false, List.of(policy.layer("shop", Optional.of("https://evil.example/r.git")))))
                .hasSize(1);
    }

    /** Attribute of a service; where it is refused; the order; the policy beside it that allows it. */
    @ParameterizedTest(name = "{0} under {2}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            cap_add: [CHOWN, net_raw]               | cap_add[1]      | drop-capabilities: [CAP_NET_RAW, mknod] | capabilities: [NET_RAW]
            cap_add: [CHOWN]                        | cap_add[0]      | drop-capabilities: all                  | capabilities: [CHOWN]
            security_opt: ["no-new-privileges:false"] | security_opt[0] | no-new-privileges: true               | security-options: ["no-new-privileges:false"]
            """)
    void what_every_container_gets_can_be_ordered_away(String attribute, String path, String order, String beside) {
        var key = order.substring(0, order.indexOf(':'));
        var allowing = beside.substring(0, beside.indexOf(':'));
        assertThat(refusals(service(attribute), "policy: {" + order + "}"))
                .singleElement()
                .asString()
                .startsWith("compose.yaml:1:")
                .contains(
                        " services.a." + path + ": asks for ",
                        ". This host does not allow it: policy." + key + " at agent.yaml:1:10. To allow it, write "
                                + allowing + ": [")
                .endsWith("] below policy.stacks.shop in agent.yaml");
        assertThat(refusals(service(attribute), "policy: {" + order + ", " + beside + "}"))
                .isEmpty();
        assertThat(refusals(service(attribute), "policy: {" + order + ", stacks: {shop: {" + beside + "}}}"))
                .isEmpty();
        // Of one stack it holds in place of the one above.
        var off = key.equals("no-new-privileges") ? key + ": false" : key + ": []";
        assertThat(refusals(service(attribute), "policy: {" + order + ", stacks: {shop: {" + off + "}}}"))
                .isEmpty();
        assertThat(refusals(service(attribute), "policy: {" + off + ", stacks: {shop: {" + order + "}}}"))
                .hasSize(1);
        assertThat(refusals(service(attribute), "policy: {stacks: {other: {" + order + "}}}"))
                .isEmpty();
        // A list of what may be asked for is no order.
        assertThat(refusals(service(attribute), "policy: {" + allowing + ": []}"))
                .isEmpty();
        var layers = new ArrayList<>(List.of(host("").layer("shop", Optional.empty())));
        layers.addAll(repository("policy: {" + order + "}").policies("shop"));
        assertThat(refusals(service(attribute), false, layers))
                .singleElement()
                .asString()
                .contains("The repository's lockstep.yaml does not allow it: policy." + key + " at lockstep.yaml:1:10")
                .endsWith("] beside it");
    }

    @Test
    void no_container_may_have_more_processes_than_that() {
        var policy = "policy: {pids-limit: 100, stacks: {big: {pids-limit: -1}}}";
        for (var fits : List.of("pids_limit: 100", "pids_limit: 0", "user: root")) {
            assertThat(refusals(service(fits), policy)).isEmpty();
        }
        assertThat(refusals(service("pids_limit: 101"), policy))
                .containsExactly("compose.yaml:1:38: services.a.pids_limit: asks for 101 processes. This host does not"
                        + " allow it: policy.pids-limit at agent.yaml:1:10 allows 100");
        assertThat(refusals(service("pids_limit: -1"), policy))
                .singleElement()
                .asString()
                .contains("services.a.pids_limit: asks for any number of processes. This host does not allow it");
        assertThat(refusals(service("deploy: {resources: {limits: {pids: 2000}}}"), policy))
                .singleElement()
                .asString()
                .contains("services.a.deploy.resources.limits.pids: asks for 2000 processes");
        assertThat(refusals(
                        service("pids_limit: -1"), false, List.of(host(policy).layer("big", Optional.empty()))))
                .isEmpty();
    }

    @Test
    void links_are_not_trusted_below_the_outermost_directory_that_the_host_allows() {
        var confinement =
                new Confinement(List.of(host("policy: {bind-sources: [/, /srv/app/data, /srv, '/etc/localtime:ro']}")
                        .layer("shop", Optional.empty())));
        assertThat(confinement.base(Path.of("/srv/app/data/x"))).contains(Path.of("/srv"));
        assertThat(confinement.base(Path.of("/srv"))).isEmpty();
        assertThat(confinement.base(Path.of("/etc/localtime"))).isEmpty();
        assertThat(confinement.base(Path.of("/opt"))).isEmpty();
    }
}
