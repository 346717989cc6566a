package dev.lockstep.spec.check;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.FileTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problem;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each rule over small files: the level that refuses, the place, and what is said. */
class ChecksTest {
    /** One compose file and nothing else. */
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

    private static Project project(String name, String text) {
        var request = LoadRequest.of(new OneFile(text)).withDefaultName(name);
        return switch (new ComposeLoader().load(request)) {
            case Loaded.Valid valid -> valid.project();
            case Loaded.Invalid invalid -> throw new AssertionError(invalid.errors());
        };
    }

    private static Project project(String text) {
        return project("test", text);
    }

    private static List<String> texts(List<Problem> problems) {
        return problems.stream().map(Problem::toString).toList();
    }

    private static Arguments row(String text, String... problems) {
        return Arguments.of(text, List.of(problems));
    }

    static Stream<Arguments> whatComposeRefuses() {
        return Stream.of(
                row(
                        "services: {a: {image: x, networks: [frnt]}}",
                        "compose.yaml:1:37: services.a.networks.frnt: refers to undefined network \"frnt\". Declare it below networks:"),
                row(
                        "services: {a: {image: x, volumes: ['data:/d']}}",
                        "compose.yaml:1:36: services.a.volumes[0]: refers to undefined volume \"data\". Declare it below volumes:"),
                row(
                        "services: {a: {image: x, secrets: [pw], configs: [{source: c}]}}",
                        "compose.yaml:1:36: services.a.secrets[0]: refers to undefined secret \"pw\". Declare it below secrets:",
                        "compose.yaml:1:51: services.a.configs[0]: refers to undefined config \"c\". Declare it below configs:"),
                row(
                        "services: {a: {image: x, models: [llm]}}",
                        "compose.yaml:1:35: services.a.models.llm: refers to undefined model \"llm\". Declare it below models:"),
                row(
                        "services: {a: {build: {context: ., secrets: [pw]}}}",
                        "compose.yaml:1:46: services.a.build.secrets[0]: refers to undefined build secret \"pw\". Declare it below secrets:"),
                row(
                        "services: {a: {build: {context: ., additional_contexts: {base: 'service:b', c: 'service:c'}}}, b: {image: x}}",
                        "compose.yaml:1:64: services.a.build.additional_contexts.base: the service \"b\" is not built here. Write docker-image://NAME to build upon its image",
                        "compose.yaml:1:80: services.a.build.additional_contexts.c: refers to undefined service \"c\""),
                row(
                        "services: {web: {image: x, depends_on: [dbb]}, db: {image: x}}",
                        "compose.yaml:1:41: services.web.depends_on.dbb: refers to undefined service \"dbb\". Did you mean \"db\"?"),
                row("services: {web: {image: x, depends_on: {dbb: {condition: service_started, required: false}}}}"),
                row(
                        "services: {web: {image: x, depends_on: {db: {condition: service_started, required: false}}}, db: {image: x, profiles: [p]}}"),
                row(
                        "services: {a: {image: x, links: ['b:alias'], pid: 'service:c', volumes_from: [d, 'container:e']}}",
                        "compose.yaml:1:34: services.a.links[0]: refers to undefined service \"b\"",
                        "compose.yaml:1:51: services.a.pid: refers to undefined service \"c\"",
                        "compose.yaml:1:79: services.a.volumes_from[0]: refers to undefined service \"d\""),
                row(
                        "services: {a: {image: x, network_mode: 'service:b'}, b: {image: x, ipc: 'service:c'}, c: {image: x, links: [a]}}",
                        "compose.yaml:1:109: services.c.links[0]: dependency cycle detected: a -> b -> c -> a"),
                row(
                        "services: {a: {image: x, volumes_from: [a]}}",
                        "compose.yaml:1:41: services.a.volumes_from[0]: dependency cycle detected: a -> a"),
                row(
                        "services: {a: {image: x, container_name: one}, b: {image: x, container_name: one}}",
                        "compose.yaml:1:78: services.b.container_name: the name \"one\" is already taken by services.a.container_name (compose.yaml:1:42). Write another name, or leave it out"),
                row(
                        "services: {a: {image: x, container_name: one, scale: 2}}",
                        "compose.yaml:1:42: services.a.container_name: 2 containers cannot share the name \"one\". Leave container_name out, or have one container"),
                row(
                        "services: {a: {image: x, network_mode: host, networks: [n]}}\nnetworks: {n: {}}",
                        "compose.yaml:1:40: services.a.network_mode: cannot stand beside networks (compose.yaml:1:46). Write only one of them"),
                row(
                        "services: {a: {image: x, scale: 2, deploy: {replicas: 3}}}",
                        "compose.yaml:1:33: services.a.scale: can't set distinct values on 'scale' and 'deploy.replicas': 2 here and 3 at services.a.deploy.replicas (compose.yaml:1:55). Write only one of them"),
                row("services: {a: {image: x, scale: 2, deploy: {replicas: 2}}}"),
                row(
                        "services: {a: {platform: linux/arm64, build: {context: ., platforms: [linux/amd64]}}}",
                        "compose.yaml:1:59: services.a.build.platforms: must have the service's platform \"linux/arm64\" (compose.yaml:1:26), and has linux/amd64"),
                row(
                        "services: {a: {image: x, volumes: ['/a:/d'], tmpfs: [/d/]}}",
                        "compose.yaml:1:54: services.a.tmpfs[0]: target /d already mounted as services.a.volumes[0] (compose.yaml:1:36)"));
    }

    @ParameterizedTest
    @MethodSource("whatComposeRefuses")
    void both_levels_refuse(String text, List<String> problems) {
        assertThat(texts(Checks.compose(project(text)))).isEqualTo(problems);
        assertThat(texts(Checks.strict(project(text)))).containsAll(problems);
    }

    static Stream<Arguments> whatOnlyThePlanRefuses() {
        return Stream.of(
                // ports
                row(
                        "services: {a: {image: x, ports: ['80:80']}, b: {image: x, ports: ['80:81', '80:80/udp']}}",
                        "compose.yaml:1:67: services.b.ports[0]: port 80/tcp of the host is already published by services.a.ports[0] (compose.yaml:1:34)"),
                row(
                        "services: {a: {image: x, ports: ['127.0.0.1:80:80']}, b: {image: x, ports: ['127.0.0.2:80:80', '[::1]:80:80']}}"),
                row(
                        "services: {a: {image: x, ports: ['127.0.0.1:80:80']}, b: {image: x, ports: ['0.0.0.0:80:80']}}",
                        "compose.yaml:1:77: services.b.ports[0]: port 80/tcp of the host is already published by services.a.ports[0] (compose.yaml:1:34)"),
                // where the network says at which address
                row(
                        "services: {a: {image: x, ports: ['80:80'], networks: [n]}, b: {image: x, ports: ['127.0.0.2:80:80']}}\nnetworks: {n: {driver_opts: {com.docker.network.bridge.host_binding_ipv4: 127.0.0.1}}}"),
                row(
                        "services: {a: {image: x, ports: ['80:80'], networks: [n]}, b: {image: x, ports: ['127.0.0.1:80:80']}}\nnetworks: {n: {driver_opts: {com.docker.network.bridge.host_binding_ipv4: 127.0.0.1}}}",
                        "compose.yaml:1:82: services.b.ports[0]: port 80/tcp of the host is already published by services.a.ports[0] (compose.yaml:1:34)"),
                // where nothing of the host's is taken, as docker has it
                row(
                        "services: {a: {image: x, ports: ['80:80'], networks: [r]}, b: {image: x, scale: 2, ports: ['80:80'], networks: [r]}, c: {image: x, ports: ['80:80'], networks: [i]}}\nnetworks: {i: {internal: true}, r: {driver_opts: {com.docker.network.bridge.gateway_mode_ipv4: routed}}}"),
                row(
                        "services: {a: {image: x, ports: ['80:80'], networks: [r]}, b: {image: x, ports: ['80:80'], networks: [r]}}\nnetworks: {r: {enable_ipv6: true, driver_opts: {com.docker.network.bridge.gateway_mode_ipv4: routed}}}",
                        "compose.yaml:1:82: services.b.ports[0]: port 80/tcp of the host is already published by services.a.ports[0] (compose.yaml:1:34)"),
                row(
                        "services: {a: {image: x, ports: ['80-81:80-81']}, b: {image: x, ports: ['80-81:80']}, c: {image: x, ports: ['80-82:80']}}",
                        "compose.yaml:1:73: services.b.ports[0]: every port of 80-81/tcp of the host is already published by services.a.ports[0] (compose.yaml:1:34)"),
                row(
                        "services: {a: {image: x, scale: 3, ports: ['80:80', '90-91:81', '100-102:82', '83']}}",
                        "compose.yaml:1:44: services.a.ports[0]: 3 containers cannot share the published port 80. Publish a range of at least 3 ports, or leave the host port out",
                        "compose.yaml:1:53: services.a.ports[1]: 3 containers cannot share the published port 90-91. Publish a range of at least 3 ports, or leave the host port out"),
                // mounts
                row(
                        "services: {a: {image: x, volumes: ['/a:/'], tmpfs: [tmp, /proc/x]}}",
                        "compose.yaml:1:36: services.a.volumes[0]: the target / would hide everything in the image",
                        "compose.yaml:1:53: services.a.tmpfs[0]: the target \"tmp\" must be an absolute path in the container",
                        "compose.yaml:1:58: services.a.tmpfs[1]: the target /proc/x is the kernel's. Mount somewhere else"),
                row(
                        "services: {a: {image: x, volumes: ['/a:/run/secrets/s'], secrets: [s, {source: s, target: ../x}], configs: [{source: c, target: /run/secrets/s}]}}\nsecrets: {s: {file: s}}\nconfigs: {c: {content: c}}",
                        "compose.yaml:1:68: services.a.secrets[0]: target /run/secrets/s already mounted as services.a.volumes[0] (compose.yaml:1:36)",
                        "compose.yaml:1:71: services.a.secrets[1]: the target \"../x\" leads out of /run/secrets/. Write an absolute path",
                        "compose.yaml:1:109: services.a.configs[0]: target /run/secrets/s already mounted as services.a.volumes[0] (compose.yaml:1:36)"),
                // addresses
                row(
                        """
                        services:
                          a: {image: x, networks: {n: {ipv4_address: 10.1.0.1}}}
                          b: {image: x, networks: {n: {ipv4_address: 10.2.0.1}}}
                          c: {image: x, networks: {n: {ipv6_address: "2001:db8::5"}}}
                          d: {image: x, scale: 2, networks: {n: {ipv4_address: 10.1.0.9}}}
                          e: {image: x, networks: {n: {ipv4_address: 10.1.0.9}}}
                        networks:
                          n: {ipam: {config: [{subnet: 10.1.0.0/24, gateway: 10.1.0.1, aux_addresses: {r: 10.9.0.1}}]}}
                        """,
                        "compose.yaml:2:46: services.a.networks.n.ipv4_address: 10.1.0.1 is already the address of networks.n.ipam.config[0].gateway (compose.yaml:8:54)",
                        "compose.yaml:3:46: services.b.networks.n.ipv4_address: 10.2.0.1 is outside of the subnet 10.1.0.0/24 (compose.yaml:8:32)",
                        "compose.yaml:4:46: services.c.networks.n.ipv6_address: 2001:db8::5 needs a subnet. Write one below networks.n.ipam.config",
                        "compose.yaml:5:56: services.d.networks.n.ipv4_address: 2 containers cannot share the address 10.1.0.9",
                        "compose.yaml:6:46: services.e.networks.n.ipv4_address: 10.1.0.9 is already the address of services.d.networks.n.ipv4_address (compose.yaml:5:56)",
                        "compose.yaml:8:83: networks.n.ipam.config[0].aux_addresses.r: 10.9.0.1 is outside of the subnet 10.1.0.0/24"),
                row(
                        """
                        services:
                          a: {image: x, networks: {n: {ipv4_address: 10.1.2.1, ipv6_address: "fd00::1"}}}
                          b: {image: x, networks: {n: {ipv4_address: 10.1.2.0, ipv6_address: "fd00::"}}}
                          c: {image: x, networks: {n: {ipv4_address: 10.1.3.255, ipv6_address: "fd00::ffff:ffff:ffff:ffff"}}}
                          d: {image: x, networks: {n: {ipv4_address: 10.1.2.255}, m: {ipv4_address: 10.2.0.1}}}
                        networks:
                          n: {enable_ipv6: true, ipam: {config: [{subnet: 10.1.2.0/23}, {subnet: "fd00::/64"}]}}
                          m: {ipam: {config: [{subnet: 10.2.0.0/24, gateway: 10.2.0.254}]}}
                        """,
                        "compose.yaml:2:46: services.a.networks.n.ipv4_address: 10.1.2.1 is the gateway of 10.1.2.0/23 (compose.yaml:7:42), since no other is written. Take another address, or write a gateway there",
                        "compose.yaml:2:70: services.a.networks.n.ipv6_address: fd00::1 is the gateway of fd00::/64 (compose.yaml:7:65), since no other is written. Take another address, or write a gateway there",
                        "compose.yaml:3:46: services.b.networks.n.ipv4_address: 10.1.2.0 is no address of a host in 10.1.2.0/23",
                        "compose.yaml:3:70: services.b.networks.n.ipv6_address: fd00:: is no address of a host in fd00::/64",
                        "compose.yaml:4:46: services.c.networks.n.ipv4_address: 10.1.3.255 is no address of a host in 10.1.2.0/23"),
                row(
                        "services: {a: {image: x, scale: 2, mac_address: '02:00:00:00:00:01'}}",
                        "compose.yaml:1:49: services.a.mac_address: 2 containers cannot share one MAC address. Leave it out, or have one container"),
                row(
                        "services: {a: {image: x, dns: [one.one], extra_hosts: ['db=here', 'gw=host-gateway']}}",
                        "compose.yaml:1:32: services.a.dns[0]: \"one.one\" is no IP address",
                        "compose.yaml:1:42: services.a.extra_hosts: \"here\" is no IP address. Write an address or host-gateway"),
                // rights
                row(
                        "services: {a: {image: x, cap_add: [NET_ADMN, chown], cap_drop: [CAP_CHOWN]}}",
                        "compose.yaml:1:36: services.a.cap_add[0]: Linux has no capability \"NET_ADMN\". Did you mean \"NET_ADMIN\"?",
                        "compose.yaml:1:54: services.a.cap_drop: CHOWN is added and dropped (services.a.cap_add (compose.yaml:1:26)). Write it in one of the two"),
                row(
                        "services: {a: {image: x, network_mode: host, ipc: host, sysctls: {net.core.somaxconn: 1, kernel.shmmax: 1, vm.swappiness: 1, kernel.hostname: h, foo: 1}}}",
                        "compose.yaml:1:87: services.a.sysctls.net.core.somaxconn: belongs to a namespace that the service shares: services.a.network_mode (compose.yaml:1:40). Leave it out",
                        "compose.yaml:1:105: services.a.sysctls.kernel.shmmax: belongs to a namespace that the service shares: services.a.ipc (compose.yaml:1:51). Leave it out",
                        "compose.yaml:1:123: services.a.sysctls.vm.swappiness: belongs to the whole host, and no container can set it. Set it on the host, or leave it out",
                        "compose.yaml:1:143: services.a.sysctls.kernel.hostname: is set by hostname: and domainname:. Write it there",
                        "compose.yaml:1:151: services.a.sysctls.foo: \"foo\" is not the name of a sysctl. Write for example net.core.somaxconn"),
                row("services: {a: {image: x, sysctls: {net.core.somaxconn: 1, kernel.shmmax: 1}}}"),
                row(
                        "services: {a: {image: x, security_opt: ['no-new-privileges:yes', 'secomp=unconfined', apparmor, 'no-new-privileges']}}",
                        "compose.yaml:1:41: services.a.security_opt[0]: no-new-privileges is true or false, not \"yes\"",
                        "compose.yaml:1:66: services.a.security_opt[1]: \"secomp\" is no security option. Did you mean \"seccomp\"?",
                        "compose.yaml:1:87: services.a.security_opt[2]: apparmor has no value. Write apparmor=VALUE"),
                row(
                        "services: {a: {image: x, devices: ['ttyUSB0', '/dev/a:/dev/b:rr', '/dev/c:/dev/d', 'vendor.com/gpu=0']}}",
                        "compose.yaml:1:36: services.a.devices[0]: \"ttyUSB0\" is no device. Write a path such as /dev/ttyUSB0, or vendor.com/class=name",
                        "compose.yaml:1:47: services.a.devices[1]: \"rr\" are no permissions. Write letters of rwm: read, write, mknod"),
                // values
                row(
                        "services: {a: {image: 'UPPER:1', restart: sometimes, stop_signal: SIGFOO, cpuset: 3-1, hostname: -a}}",
                        "compose.yaml:1:23: services.a.image: \"UPPER:1\" is not an image reference. Write [HOST/]NAME[:TAG][@DIGEST], the name in lower case",
                        "compose.yaml:1:43: services.a.restart: \"sometimes\" is no restart policy. Write \"no\", \"always\", \"on-failure\", \"on-failure:N\" or \"unless-stopped\"",
                        "compose.yaml:1:67: services.a.stop_signal: \"SIGFOO\" is no signal. Write a name such as SIGTERM, or a number from 1 to 64",
                        "compose.yaml:1:83: services.a.cpuset: \"3-1\" is no list of CPUs. Write numbers and ranges, such as 0-3 or 0,2",
                        "compose.yaml:1:98: services.a.hostname: \"-a\" is not a host name. Write letters, digits, \"-\", \"_\" and \".\", at most 64 of them"),
                row(
                        "services: {a: {image: x, logging: {driver: jsonfile, options: {max-size: 10x, max-file: '0'}}}}",
                        "compose.yaml:1:44: services.a.logging.driver: there is no log driver \"jsonfile\". Did you mean \"json-file\"?",
                        "compose.yaml:1:74: services.a.logging.options.max-size: \"10x\" is not a size. Write a number and a unit: b, k, m, g, t or p, such as 512m",
                        "compose.yaml:1:89: services.a.logging.options.max-file: must be a number of files from 1, not \"0\""),
                row(
                        "services: {a: {image: x, logging: {driver: local, options: {max-sice: 1m, tag: x}}}}",
                        "compose.yaml:1:71: services.a.logging.options.max-sice: the log driver local has no such option. Did you mean \"max-size\"?",
                        "compose.yaml:1:80: services.a.logging.options.tag: the log driver local has no such option. It has compress, max-buffer-size, max-file, max-size, mode"),
                row(
                        "services: {a: {image: x, logging: {options: {mode: fast, compress: y, labels-regex: '[', tag: '{{.Nam}} {{ .ID }}'}}}}",
                        "compose.yaml:1:52: services.a.logging.options.mode: must be blocking or non-blocking, not \"fast\"",
                        "compose.yaml:1:68: services.a.logging.options.compress: must be true or false, not \"y\"",
                        "compose.yaml:1:85: services.a.logging.options.labels-regex: \"[\" is no regular expression: Unclosed character class",
                        "compose.yaml:1:95: services.a.logging.options.tag: \"{{.Nam}}\" is none of {{.DaemonName}}, {{.FullID}}, {{.ID}}, {{.ImageFullID}}, {{.ImageID}}, {{.ImageName}}, {{.Name}}"),
                row(
                        "services: {a: {image: x, logging: {driver: none, options: {tag: x}}}, b: {image: x, logging: {options: {max-size: '-1', max-file: 2}}}}",
                        "compose.yaml:1:65: services.a.logging.options.tag: the log driver none has no options. Remove it",
                        "compose.yaml:1:131: services.b.logging.options.max-file: one file without an end is never followed by another. Give max-size a size, or remove this"),
                row(
                        "services: {a: {image: x, mem_limit: 64m, mem_reservation: 128m, memswap_limit: 32m, cpus: 1, cpu_quota: 50000, cpu_period: 10, ulimits: {nofle: 3, nproc: {soft: 9, hard: 3}}}}",
                        "compose.yaml:1:59: services.a.mem_reservation: reserves 134217728 bytes, more than the limit of 67108864",
                        "compose.yaml:1:80: services.a.memswap_limit: is memory and swap together, and less than the memory alone (67108864 bytes)",
                        "compose.yaml:1:91: services.a.cpus: is quota and period in one, and services.a.cpu_quota (compose.yaml:1:105) is written too. Write only one of them",
                        "compose.yaml:1:124: services.a.cpu_period: must be between 1000 and 1000000, not 10",
                        "compose.yaml:1:138: services.a.ulimits.nofle: Linux has no limit \"nofle\". Did you mean \"nofile\"?",
                        "compose.yaml:1:148: services.a.ulimits.nproc: the soft limit is above the hard one (3)"),
                row(
                        "services: {a: {image: x, deploy: {mode: global, replicas: 2}}}",
                        "compose.yaml:1:59: services.a.deploy.replicas: cannot stand beside mode: global, which means one on each host (compose.yaml:1:41)"),
                row(
                        "services: {a: {image: x, links: ['b:my db'], external_links: ['c:d.example'], networks: {n: {aliases: [ok, 'a b', 'a,b']}}}, b: {image: x, networks: [n]}}\nnetworks: {n: {}}",
                        "compose.yaml:1:34: services.a.links[0]: \"my db\" cannot be a DNS name. Write one without blanks and commas",
                        "compose.yaml:1:94: services.a.networks.n.aliases: \"a b\" cannot be a DNS name. Write one without blanks and commas",
                        "compose.yaml:1:94: services.a.networks.n.aliases: \"a,b\" cannot be a DNS name. Write one without blanks and commas"),
                row(
                        "services: {a: {image: x, scale: 2, deploy: {mode: global}}}",
                        "compose.yaml:1:33: services.a.scale: cannot stand beside mode: global, which means one on each host (compose.yaml:1:51)"));
    }

    @ParameterizedTest
    @MethodSource("whatOnlyThePlanRefuses")
    void config_is_silent_and_the_plan_refuses(String text, List<String> problems) {
        assertThat(texts(Checks.compose(project(text)))).isEmpty();
        assertThat(texts(Checks.strict(project(text)))).isEqualTo(problems);
    }

    @Test
    void what_is_strong_and_may_be_meant_is_a_warning() {
        var project = project("""
                services:
                  a:
                    image: x
                    privileged: true
                    cap_add: [SYS_ADMIN]
                    network_mode: host
                    pid: host
                    ports: ["80:80"]
                    security_opt: ["seccomp=unconfined"]
                    volumes: ["/var/run/docker.sock:/s:ro", "/etc:/e", "/usr:/u:ro", "/srv:/v"]
                """);

        assertThat(Checks.strict(project)).isEmpty();
        assertThat(Checks.all(project)).noneMatch(Finding::isError);
        assertThat(Checks.all(project))
                .extracting(finding ->
                        finding.problem().at().line() + " " + finding.problem().path())
                .containsExactly(
                        "4 services.a.privileged",
                        "5 services.a.cap_add",
                        "5 services.a.cap_add[0]",
                        "6 services.a.network_mode",
                        "7 services.a.pid",
                        "8 services.a.ports",
                        "9 services.a.security_opt[0]",
                        "10 services.a.volumes[0]",
                        "10 services.a.volumes[1]");
    }

    @Test
    void a_name_that_is_empty_is_a_warning_since_docker_takes_it() {
        var project = project("""
                services:
                  a:
                    image: x
                    links: ["b:"]
                    networks:
                      front: {aliases: [""]}
                  b: {image: x, networks: [front]}
                networks: {front: {}}
                """);

        assertThat(Checks.strict(project)).isEmpty();
        assertThat(Checks.warnings(project))
                .extracting(problem -> problem.at().line() + " " + problem.path() + ": " + problem.message())
                .containsExactly(
                        "4 services.a.links[0]: the name is empty, so nobody is found by it. Write one, or leave it out",
                        "6 services.a.networks.front.aliases: the name is empty, so nobody is found by it. Write one,"
                                + " or leave it out");
    }

    @Test
    void a_restart_that_deploy_overrides_is_a_warning_since_docker_takes_it() {
        var project = project("""
                services:
                  a: {image: x, restart: always, deploy: {restart_policy: {condition: none}}}
                  b: {image: x, restart: "on-failure:3", deploy: {restart_policy: {condition: on-failure, max_attempts: 5}}}
                  c: {image: x, restart: unless-stopped, deploy: {restart_policy: {condition: any, delay: 5s}}}
                """);

        assertThat(Checks.strict(project)).isEmpty();
        assertThat(texts(Checks.warnings(project)))
                .containsExactly(
                        "compose.yaml:2:26: services.a.restart: \"always\" does not count:"
                                + " services.a.deploy.restart_policy.condition (compose.yaml:2:71) says otherwise."
                                + " Remove one of them",
                        "compose.yaml:3:26: services.b.restart: the number of its retries does not count:"
                                + " services.b.deploy.restart_policy.max_attempts (compose.yaml:3:105) is another one."
                                + " Remove one of them");
    }

    @Test
    void what_a_network_cannot_do_is_a_warning() {
        var project = project("""
                services:
                  hidden: {image: x, ports: ["80:80"], networks: [vault]}
                  seen: {image: x, ports: ["81:80"], networks: [vault, front]}
                  unknown: {image: x, ports: ["82:80"], networks: [theirs, six]}
                  shares: {image: x, ports: ["83:80"], networks: [lan, vault]}
                  alone: {image: x, networks: [lan]}
                  single: {image: x, networks: [far]}
                networks:
                  far: {driver: ipvlan, driver_opts: {parent: eth1}}
                  vault: {internal: true}
                  theirs: {external: true}
                  lan: {driver: macvlan, driver_opts: {parent: eth0}}
                  front: {ipam: {config: [{subnet: 10.1.0.0/24}, {subnet: "fd00::/64"}]}}
                  six: {enable_ipv6: true, enable_ipv4: false, ipam: {config: [{subnet: 10.2.0.0/24}, {subnet: "fd01::/64"}]}}
                """);

        assertThat(Checks.strict(project)).isEmpty();
        assertThat(Checks.warnings(project))
                .extracting(problem -> problem.at().line() + " " + problem.path() + ": " + problem.message())
                .containsExactly(
                        "2 services.hidden.ports: nothing is published, since all networks of the service are internal",
                        "5 services.shares.ports: nothing is published, since no network of the service is a bridge that"
                                + " leads out; of macvlan and ipvlan its containers are reached at their own addresses",
                        "13 networks.front.ipam.config[1].subnet: fd00::/64 has no effect without enable_ipv6: true",
                        "14 networks.six.ipam.config[0].subnet: 10.2.0.0/24 has no effect with enable_ipv4: false");
    }

    @Test
    void what_is_wrong_beside_errors_of_reading_is_found_and_nothing_that_may_follow_from_them() {
        var text = """
                x-lockstep: {drft: repair}
                services:
                  web: {image: x, ports: ["80:80", "80:81"], depends_on: {db: {condition: service_healthy}}}
                  db: {image: y, healthcheck: {test: [CMD, true], interval: soon}, networks: [nowhere]}
                  job: {image: z, volumes: ["scratch:/s"], networks: [nowhere]}
                  app: {image: z, helthcheck: {test: [CMD, true]}, depends_on: [cron], cap_add: [FLY]}
                  cron: {depends_on: {app: {condition: service_healthy}}, imge: y, volumes: ["/a:/a", 7, "/b:/a"]}
                """;
        var loaded = new ComposeLoader().load(LoadRequest.of(new OneFile(text)).withDefaultName("shop"));
        var invalid = (Loaded.Invalid) loaded;

        assertThat(texts(invalid.errors()))
                .extracting(error -> error.split(": ", 3)[1])
                .containsExactly(
                        "x-lockstep.drft",
                        "services.db.healthcheck.test[1]",
                        "services.db.healthcheck.interval",
                        "services.app.helthcheck",
                        "services.cron.imge",
                        "services.cron.volumes[1]");
        // Not that web and cron wait for the health of what has a health check that only could not be read, that cron
        // has no image, or what is in a list of which one item is wrong.
        assertThat(Checks.beside(invalid.readable().orElseThrow(), invalid.errors()))
                .extracting(finding -> finding.problem().path())
                .containsExactly(
                        "services.web.ports[1]",
                        "services.db.networks.nowhere",
                        "services.job.volumes[0]",
                        "services.job.networks.nowhere",
                        "services.app.cap_add[0]",
                        "services.cron.depends_on.app");
    }

    @Test
    void stacks_of_one_host_cannot_have_one_port_or_one_name() {
        var shop = project("shop", "services: {web: {image: x, ports: ['80:80', '80:80']}, db: {image: x}}");
        var blog = project(
                "blog", "services: {web: {image: x, ports: ['80:8080']}, db: {image: x, container_name: shop-db-1}}");

        assertThat(texts(HostConflicts.check("host web1", List.of(shop, blog))))
                .containsExactly(
                        "compose.yaml:1:36: services.web.ports[0]: port 80/tcp of host web1 is already published by stack"
                                + " shop, services.web.ports[0] (compose.yaml:1:45). Publish another port, or place the"
                                + " stacks on different hosts",
                        "compose.yaml:1:80: services.db.container_name: the container name \"shop-db-1\" is already taken"
                                + " on host web1 by stack shop, services.db (compose.yaml:1:56)");
        assertThat(HostConflicts.check("host web1", List.of(shop))).isEmpty();
    }

    @Test
    @Timeout(20)
    void a_dense_graph_takes_time_in_proportion_to_its_edges() {
        var text = new StringBuilder("services:\n");
        for (var i = 0; i < 2000; i++) {
            text.append("  s").append(i).append(": {image: x, depends_on: [");
            for (var j = 1; j <= 5 && i + j < 2000; j++) {
                text.append("s").append(i + j).append(", ");
            }
            text.append("]}\n");
        }
        var project = project(text.toString());
        var began = System.nanoTime();

        assertThat(Checks.compose(project)).isEmpty();
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(60));
    }
}
