package dev.lockstep.reconciler.desired;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.image.Platform;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.FileTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problem;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EngineLimitsTest {
    private static final String LIMIT = ": the engine cannot do this yet. Remove it";

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

    private static Project project(String compose) {
        return switch (new ComposeLoader()
                .load(LoadRequest.of(new OneFile(compose)).withDefaultName("shop"))) {
            case Loaded.Valid valid -> valid.project();
            case Loaded.Invalid invalid -> throw new AssertionError(invalid.errors());
        };
    }

    private static List<String> limits(String compose) {
        return EngineLimits.of(project(compose)).stream().map(Problem::toString).toList();
    }

    private static String service(String attribute) {
        return "services:\n  db: {image: y}\n  web:\n    image: x\n    " + attribute + "\n"
                + "secrets: {s: {file: ./s}}\nconfigs: {c: {file: ./c}}\nmodels: {m: {model: ai/m}}\n";
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "models: [m]",
                "provider: {type: x}",
            })
    void what_the_engine_cannot_do_is_refused_where_it_stands(String attribute) {
        var key = attribute.substring(0, attribute.indexOf(':'));
        assertThat(limits(service(attribute)))
                .singleElement()
                .asString()
                .matches("compose\\.yaml:5:\\d+: services\\.web\\." + key + LIMIT);
    }

    @Test
    void what_runs_before_a_container_is_refused_with_what_does_the_same() {
        assertThat(limits(service("pre_start: [{command: [x]}]")))
                .containsExactly("compose.yaml:5:5: services.web.pre_start: is not done. Write it as a service of its"
                        + " own, and depend on that with condition: service_completed_successfully: it runs before this"
                        + " one and whenever it changes");
    }

    @ParameterizedTest
    @ValueSource(strings = {"syslog", "fluentd", "gelf", "splunk", "awslogs", "gcplogs", "logentries", "etwlogs"})
    void logs_that_go_elsewhere_are_refused_with_the_drivers_name(String driver) {
        assertThat(limits(service("logging: {driver: " + driver + ", options: {x: y}}")))
                .containsExactly(
                        "compose.yaml:5:23: services.web.logging.driver: logs are not sent to other places yet,"
                                + " and " + driver
                                + " is one. Write journald, or json-file, and let a collector read from there");
    }

    @Test
    void options_of_logs_that_promise_what_is_not_done_are_refused() {
        assertThat(limits(service("logging: {options: {mode: non-blocking, compress: 'true', max-buffer-size: 4m}}")))
                .containsExactly(
                        "compose.yaml:5:31: services.web.logging.options.mode: a program waits until its line is"
                                + " written; lines are never thrown away. Write blocking, or remove it",
                        "compose.yaml:5:55: services.web.logging.options.compress: files of logs are not compressed"
                                + " yet. Write \"false\", or remove it",
                        "compose.yaml:5:80: services.web.logging.options.max-buffer-size: belongs to mode non-blocking,"
                                + " which there is not. Remove it");
        assertThat(limits(service(
                        "logging: {driver: json-file, options: {mode: blocking, compress: 'false', max-size: 1m}}")))
                .isEmpty();
    }

    @Test
    void a_section_that_no_build_makes_is_refused_and_it_is_said_who_builds() {
        assertThat(limits(service("build: {context: .}")))
                .singleElement()
                .asString()
                .contains(
                        "services.web.build: no build of lockstep.yaml makes this image on this host",
                        "'lockstep up --build'");
    }

    @Test
    void an_image_that_must_be_built_is_refused_with_what_to_do_instead() {
        assertThat(limits(service("pull_policy: build")))
                .singleElement()
                .asString()
                .matches("compose\\.yaml:5:\\d+: services\\.web\\.pull_policy: nothing is built here\\. Write build: as"
                        + " well, or take this line out");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "attach: false",
                "annotations: {a: b}",
                "blkio_config: {weight: 300}",
                "cap_add: [NET_ADMIN]",
                "cap_drop: [ALL]",
                "cgroup: host",
                "cgroup_parent: /x",
                "configs: [c]",
                "container_name: web",
                "cpu_period: 100000",
                "cpu_rt_period: 1000",
                "cpu_rt_runtime: 1000",
                "cpu_shares: 512",
                "cpuset: '0'",
                "device_cgroup_rules: ['c 1:3 mr']",
                "devices: [/dev/null]",
                "domainname: example.com",
                "extra_hosts: ['h=1.2.3.4']",
                "gpus: all",
                "group_add: [1000]",
                "init: true",
                "ipc: host",
                "mem_swappiness: 10",
                "memswap_limit: 1g",
                "network_mode: host",
                "oom_kill_disable: true",
                "oom_score_adj: 100",
                "pid: host",
                "post_start: [{command: [x]}]",
                "pre_stop: [{command: [x]}]",
                "privileged: true",
                "read_only: true",
                "runtime: crun",
                "secrets: [s]",
                "security_opt: ['no-new-privileges:true']",
                "shm_size: 64m",
                "stdin_open: true",
                "sysctls: {net.core.somaxconn: 1024}",
                "tty: true",
                "ulimits: {nofile: 1024}",
                "userns_mode: host",
                "uts: host",
                "volumes_from: [db]",
                "cpu_quota: 50000",
                "network_mode: none",
                "network_mode: bridge",
                "userns_mode: private",
                "stop_grace_period: 5s",
                "stop_signal: SIGINT",
                "tmpfs: /run",
                "cpus: 0.5",
                "deploy: {replicas: 2, mode: replicated, endpoint_mode: vip, labels: {a: b}, placement: {constraints:"
                        + " [x]}}",
                "develop: {watch: [{path: ., action: rebuild}]}",
                "expose: [80]",
                "init: false",
                "mem_reservation: 64m",
                "pids_limit: 100",
                "privileged: false",
                "profiles: []",
                "pull_policy: always",
                "pull_policy: daily",
                "pull_policy: every_1w2d3h",
                "pull_policy: if_not_present",
                "pull_policy: never",
                "pull_policy: refresh",
                "pull_policy: weekly",
                "pull_refresh_after: 1h",
                "scale: 2",
                "volumes: [{type: tmpfs, target: /t, tmpfs: {size: 1m, mode: 0700}}]",
            })
    void what_it_does_and_what_one_host_has_no_use_for_is_not(String attribute) {
        assertThat(limits(service(attribute))).isEmpty();
    }

    @Test
    void what_storage_would_need_is_said() {
        assertThat(limits(service("storage_opt: {size: 1g, other: 1}")))
                .containsExactly(
                        "compose.yaml:5:36: services.web.storage_opt.other: is no option of overlayfs, which has"
                                + " size alone. Remove it");
    }

    @Test
    void a_platform_is_the_hosts_own_or_refused() {
        var here = Platform.current();
        assertThat(limits(service("platform: " + here))).isEmpty();
        var kernels = here.architecture().equals("arm64") ? "linux/aarch64" : "linux/x86_64";
        assertThat(limits(service("platform: " + kernels))).isEmpty();
        for (var brief : List.of("linux", here.architecture())) {
            assertThat(limits(service("platform: " + brief))).isEmpty();
        }
        var other = here.architecture().equals("arm64") ? "linux/amd64" : "linux/arm64";
        assertThat(limits(service("platform: " + other)))
                .containsExactly("compose.yaml:5:15: services.web.platform: this host runs " + here
                        + " and nothing else. Place the service on another host, or take this line out");
        assertThat(limits(service("use_api_socket: true")))
                .singleElement()
                .asString()
                .endsWith("there is no engine with a socket here. Remove it");
    }

    @ParameterizedTest
    @ValueSource(strings = {"cpu_count: 2", "cpu_percent: 50", "credential_spec: {file: x.json}", "isolation: hyperv"})
    void what_is_of_windows_says_so(String attribute) {
        var key = attribute.substring(0, attribute.indexOf(':'));
        assertThat(limits(service(attribute)))
                .singleElement()
                .asString()
                .matches("compose\\.yaml:5:\\d+: services\\.web\\." + key + ": is of Windows.*");
    }

    @Test
    void a_service_with_a_schedule_is_one_container_that_ends_and_that_nobody_waits_for() {
        assertThat(limits("services: {web: {image: x, x-lockstep: {schedule: \"0 0 2 ? * *\"}}}\n"))
                .isEmpty();
        assertThat(limits("""
            services:
              job:
                image: x
                restart: always
                deploy: {replicas: 2}
                x-lockstep: {schedule: "0 0 2 ? * *"}
              web: {image: x, depends_on: [job]}
            """))
                .containsExactly(
                        "compose.yaml:4:14: services.job.restart: a service with a schedule starts at its next time and"
                                + " not before. Remove it",
                        "compose.yaml:5:24: services.job.deploy.replicas: a service with a schedule is one container."
                                + " Write 1, or nothing",
                        "compose.yaml:7:32: services.web.depends_on.job: a service with a schedule runs at times, so"
                                + " nothing can depend on it. Remove it");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "x-lockstep: {drift: repair}",
                "x-lockstep: {drift: {mode: report, ignore: [services.web.mem_limit]}}",
                "x-lockstep: {}",
                "volumes: {v: {x-lockstep: {single_writer: true}}}",
                "x-of-others: {drift: report}",
            })
    void what_is_done_is_not(String key) {
        assertThat(limits("services: {web: {image: x}}\n" + key + "\n")).isEmpty();
    }

    @Test
    void a_network_knows_no_key_of_ours() {
        var loaded = new ComposeLoader()
                .load(LoadRequest.of(
                                new OneFile(
                                        "services: {web: {image: x, networks: [n]}}\nnetworks:\n  n:\n    x-lockstep: {mtu: 1}\n"))
                        .withDefaultName("shop"));

        assertThat(((Loaded.Invalid) loaded).errors())
                .singleElement()
                .asString()
                .startsWith("compose.yaml:4:18: networks.n.x-lockstep.mtu: unknown key");
    }

    @ParameterizedTest(name = "start-first with {0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "container_name: one | the container_name one",
                "networks: {n: {ipv4_address: 10.9.0.5}} | a fixed address on network n",
                "networks: {n: {mac_address: '02:42:ac:11:00:05'}} | a fixed mac_address on network n",
                "mac_address: '02:42:ac:11:00:05' | a fixed mac_address",
                "network_mode: host | the network of the host",
            })
    void start_first_is_refused_with_what_only_one_container_can_have(String key, String what) {
        assertThat(limits("""
                        services:
                          web:
                            image: x
                            %s
                            deploy: {%s: {order: start-first}}
                        networks:
                          n: {ipam: {config: [{subnet: 10.9.0.0/24}]}}
                        """.formatted(key, "rollback_config")))
                .singleElement()
                .asString()
                .contains(
                        "services.web.deploy.rollback_config.order: the old container and the new one run side by side")
                .contains("can have " + what + ". Write stop-first");
    }

    @Test
    void every_limit_below_a_services_own_keys_has_its_place() {
        assertThat(limits("""
            services:
              web:
                image: x
                labels: {a: b}
                networks: [n]
                volumes:
                  - {type: volume, source: v, target: /v, volume: {subpath: a}}
                  - {type: volume, target: /w, volume: {subpath: a, labels: {c: d}}}
                deploy:
                  mode: replicated-job
                  restart_policy: {condition: any}
                  update_config: {order: start-first}
            networks:
              n: {ipam: {driver: null-driver, options: {a: b}}}
              e: {external: true}
            volumes:
              v: {driver_opts: {type: nfs}, x-lockstep: {single_writer: true}}
            """))
                .containsExactly(
                        "compose.yaml:8:54: services.web.volumes[1].volume.subpath: a volume without a name is made with"
                                + " its container, so there is no part of it that could be mounted. Give the volume a"
                                + " name, or remove this",
                        "compose.yaml:11:35: services.web.deploy.restart_policy.condition: starts a job that is done over"
                                + " and over again; write on-failure, or nothing",
                        "compose.yaml:12:30: services.web.deploy.update_config.order: the old container and the new one"
                                + " run side by side for a while, and only one of them can have volume v, which is"
                                + " single_writer. Write stop-first, or take that out",
                        "compose.yaml:14:22: networks.n.ipam.driver: addresses are given out by Lockstep itself. Write"
                                + " default, or nothing",
                        "compose.yaml:14:48: networks.n.ipam.options.a: addresses are given out by Lockstep itself,"
                                + " which has no options. Remove it",
                        "compose.yaml:17:7: volumes.v.driver_opts: the local driver's option device is missing");
    }
}
