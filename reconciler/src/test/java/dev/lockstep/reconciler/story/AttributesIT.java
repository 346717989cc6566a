package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Attributes of a service, seen from inside its container. */
class AttributesIT {
    private static final String COMPOSE = """
            services:
              a:
                image: web:1
                command:
                  - sh
                  - -c
                  - "trap 'touch /mark/interrupted; exit 0' INT; while :; do sleep 1000 & wait; done"
                volumes: ["./mark:/mark"]
                tmpfs: ["/run:size=1m,mode=0700"]
                network_mode: none
                cpu_quota: 50000
            """;

    @TempDir
    Path directory;

    private Host host;
    private Path project;

    @BeforeEach
    void aStack() throws IOException {
        host = new Host(directory);
        project = Files.createDirectories(directory.resolve("p"));
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        host.close();
    }

    private String apply(String compose) throws IOException {
        Files.writeString(project.resolve("compose.yaml"), compose);
        return says("apply", "-y");
    }

    private String says(String... arguments) throws IOException {
        var said = host.lockstepIn(project, arguments);
        assertThat(said.code()).as(said.all()).isZero();
        return said.all();
    }

    private String inside(String script) throws IOException {
        return says("exec", "-T", "a", "sh", "-c", script);
    }

    @Test
    void memory_at_a_path_no_network_and_a_quota_are_there_and_plan_as_done() throws IOException {
        apply(COMPOSE);

        assertThat(inside("grep ' /run ' /proc/mounts")).contains("tmpfs", "size=1024k", "mode=700", "noexec");
        assertThat(inside("tail -n +3 /proc/net/dev").strip()).startsWith("lo:").doesNotContain("\n");
        assertThat(says("plan", "--detailed-exitcode")).contains("No changes.");
    }

    @Test
    void a_stop_signal_that_comes_later_is_used_and_nothing_is_restarted_for_it() throws IOException {
        apply(COMPOSE);
        var started = inside("cut -d' ' -f22 /proc/1/stat");

        var said = apply(COMPOSE + "    stop_signal: int\n    stop_grace_period: 1m\n");

        assertThat(said)
                .contains("~ container p-a-1  (in place, it keeps running)")
                .contains("stop_signal: SIGINT   [compose.yaml:12:18]")
                .contains("stop_grace_period: 1m   [compose.yaml:13:24]");
        assertThat(inside("cut -d' ' -f22 /proc/1/stat")).isEqualTo(started);
        assertThat(says("plan", "--detailed-exitcode")).contains("No changes.");
        says("down");
        assertThat(project.resolve("mark/interrupted")).exists();
    }

    private static final String SLEEP = "[sh, -c, 'trap \"exit 0\" TERM; while :; do sleep 1000 & wait; done']";

    private String much(String words) {
        return """
            services:
              a:
                image: web:1
                command: %1$s
                network_mode: none
                container_name: own-name
                group_add: ["4321"]
                working_dir: /made/here
                domainname: example.org
                extra_hosts: ["db=192.0.2.7"]
                init: true
                tty: true
                stdin_open: true
                read_only: true
                cap_add: [NET_ADMIN]
                cap_drop: [CHOWN]
                security_opt: ["no-new-privileges:true", "seccomp=profile.json"]
                sysctls: {kernel.msgmax: "4321"}
                ulimits: {nofile: {soft: 1234, hard: 2345}}
                oom_score_adj: 321
                shm_size: 3m
                tmpfs: ["/t:size=1m,uid=7"]
                devices: ["/dev/kmsg:/dev/k:r"]
                device_cgroup_rules: ["c 1:12 rwm"]
                cgroup_parent: /lockstep-test-%2$s
                ipc: shareable
                cpu_shares: 512
                cpuset: "0"
                mem_limit: 64m
                memswap_limit: 80m
                blkio_config: {device_read_bps: [{path: /dev/loop0, rate: 1m}]}
                annotations: {a: b}
                volumes: ["data:/data", "/anonymous"]
                secrets: [password, {source: password, target: /own, uid: "7", gid: "8", mode: 0400}]
                configs: [words]
                post_start: [{command: [sh, -c, "echo $$X > /t/hook"], environment: {X: hooked}}]
              b:
                image: web:1
                command: %1$s
                network_mode: service:a
                pid: service:a
                ipc: service:a
                volumes_from: [a]
            volumes: {data: }
            secrets: {password: {file: password.txt}}
            configs: {words: {content: "%3$s"}}
            """.formatted(SLEEP, directory.getFileName(), words);
    }

    private String inside(String service, String script) throws IOException {
        return says("exec", "-T", service, "sh", "-c", script);
    }

    @Test
    void a_service_that_asks_for_nearly_everything_gets_it_and_plans_as_done() throws IOException {
        Files.writeString(project.resolve("profile.json"), "{\"defaultAction\": \"SCMP_ACT_ALLOW\"}");
        Files.writeString(project.resolve("password.txt"), "canary-0815-first");
        apply(much("some words"));

        assertThat(inside("a", "cat /run/secrets/password /own /words /t/hook; stat -c '%u:%g %a' /own; pwd"))
                .isEqualTo("canary-0815-firstcanary-0815-firstsome wordshooked\n7:8 400\n/made/here\n");
        assertThat(inside("a", "cat /proc/sys/kernel/domainname /proc/sys/kernel/msgmax; ulimit -n"))
                .isEqualTo("example.org\n4321\n1234\n");
        assertThat(inside("b", "for n in net ipc pid; do readlink /proc/self/ns/$n; done"))
                .isEqualTo(inside("a", "for n in net ipc pid; do readlink /proc/self/ns/$n; done"));
        assertThat(inside("a", "echo shared > /data/x; echo also > /anonymous/x; cat /etc/hosts"))
                .contains("192.0.2.7\tdb");
        assertThat(inside("b", "cat /data/x /anonymous/x")).isEqualTo("shared\nalso\n");
        assertThat(says("plan", "--detailed-exitcode")).contains("No changes.");

        // A limit by hand is drift; what the files ask for in place keeps the process.
        var started = inside("a", "cut -d' ' -f22 /proc/1/stat");
        var changed = much("some words")
                .replace("cpu_shares: 512", "cpu_shares: 256")
                .replace("db=192.0.2.7", "db=192.0.2.8")
                .replace("memswap_limit: 80m", "memswap_limit: 96m")
                .replace("rate: 1m", "rate: 2m");
        var said = apply(changed);
        assertThat(said)
                .contains("~ container own-name  (in place, it keeps running)")
                .contains(
                        "cpu_shares: 512 → 256",
                        "memswap_limit: 80 MiB → 96 MiB",
                        "extra_hosts.db: 192.0.2.7 → 192.0.2.8")
                .contains("blkio_config.device_read_bps: /dev/loop0 1048576 → /dev/loop0 2097152");
        assertThat(inside("a", "cut -d' ' -f22 /proc/1/stat")).isEqualTo(started);
        assertThat(says("plan", "--detailed-exitcode")).contains("No changes.");

        // Another secret is another container, and so is what shares with it; its text is nowhere.
        Files.writeString(project.resolve("password.txt"), "canary-0815-second");
        said = apply(changed);
        assertThat(said)
                .containsPattern("-/\\+ container own-name")
                .contains("secrets.password", "content changed")
                .containsPattern("-/\\+ container p-b-1")
                .contains("shares with container own-name, which is replaced")
                .doesNotContain("canary-0815");
        assertThat(inside("a", "cat /run/secrets/password")).isEqualTo("canary-0815-second");
        assertThat(inside("b", "cat /anonymous/x")).isEqualTo("also\n");
        assertThat(says("plan", "--detailed-exitcode")).contains("No changes.");
        try (var files = Files.walk(host.root())) {
            assertThat(files.filter(Files::isRegularFile).filter(f -> {
                        try {
                            return new String(Files.readAllBytes(f), StandardCharsets.ISO_8859_1)
                                    .contains("canary-0815");
                        } catch (IOException e) {
                            return false;
                        }
                    }))
                    .isEmpty();
        }
    }

    @Test
    void what_a_service_asks_for_is_what_inspect_shows_by_dockers_names() throws IOException {
        Files.writeString(project.resolve("password.txt"), "canary-0815");
        Files.writeString(project.resolve("compose.yaml"), """
                services:
                  a:
                    image: web:1
                    container_name: own-name
                    command: sleep 1000
                    hostname: h
                    domainname: d
                    group_add: ["44"]
                    init: true
                    read_only: true
                    cap_add: [NET_ADMIN]
                    cap_drop: [CHOWN]
                    security_opt:
                      [label=disable, no-new-privileges, "seccomp=unconfined", "systempaths=unconfined"]
                    sysctls: {kernel.msgmax: "5"}
                    ulimits: {nofile: {soft: 1, hard: 2}}
                    oom_score_adj: 5
                    oom_kill_disable: true
                    shm_size: 1m
                    tmpfs: ["/t:size=1m"]
                    devices: ["/dev/null:/dev/x:r"]
                    device_cgroup_rules: ["c 1:3 r"]
                    cgroup_parent: /x
                    cgroup: private
                    pid: host
                    ipc: shareable
                    uts: private
                    cpus: 1.5
                    cpu_shares: 5
                    cpuset: "0"
                    mem_limit: 64m
                    mem_reservation: 32m
                    mem_swappiness: 5
                    pids_limit: 5
                    blkio_config:
                      weight: 300
                      weight_device: [{path: /dev/loop0, weight: 20}]
                      device_read_bps: [{path: /dev/loop0, rate: 1m}]
                      device_write_bps: [{path: /dev/loop0, rate: 2m}]
                      device_read_iops: [{path: /dev/loop0, rate: 6}]
                      device_write_iops: [{path: /dev/loop0, rate: 7}]
                    dns: [1.1.1.1]
                    dns_search: [s]
                    dns_opt: [o]
                    extra_hosts: ["a:1.2.3.4"]
                    annotations: {a: b}
                    logging: {driver: json-file, options: {max-size: 1m, max-file: "3", labels: x}}
                    restart: on-failure:3
                    ports: ["127.0.0.1:48123:80"]
                    healthcheck: {test: [CMD, "true"], interval: 7s, retries: 4}
                    post_start: [{command: [sh, -c, "true"], user: "7", environment: {K: v}}]
                    pre_stop: [{command: ["true"], privileged: true, working_dir: /tmp}]
                    volumes: [{type: volume, source: data, target: /data}]
                    secrets: [{source: password, uid: "7", gid: "8", mode: 0400}]
                  b: {image: "web:1", container_name: other, command: sleep 1000, network_mode: "service:a",
                    privileged: true, volumes_from: ["a:ro"]}
                volumes: {data: }
                secrets: {password: {file: password.txt}}
                """);
        says("create");

        var json = new ObjectMapper();
        var shown = json.readTree(says("inspect", "own-name")).get(0);
        var host = shown.get("HostConfig");
        // What docker 26.1 shows for the same, and below it what is ours or was not asked of it.
        var docker = json.readTree("""
                {"Annotations": {"a": "b"}, "CapAdd": ["NET_ADMIN"], "CapDrop": ["CHOWN"], "Dns": ["1.1.1.1"],
                 "DnsOptions": ["o"], "DnsSearch": ["s"], "ExtraHosts": ["a:1.2.3.4"], "GroupAdd": ["44"],
                 "IpcMode": "shareable", "OomScoreAdj": 5, "PidMode": "host", "Privileged": false,
                 "ReadonlyRootfs": true, "Tmpfs": {"/t": "size=1048576"}, "ShmSize": 1048576,
                 "Sysctls": {"kernel.msgmax": "5"}, "CpuShares": 5, "Memory": 67108864,
                 "NanoCpus": 1500000000, "CgroupParent": "/x", "CpusetCpus": "0",
                 "Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/x", "CgroupPermissions": "r"}],
                 "DeviceCgroupRules": ["c 1:3 r"], "MemorySwap": 134217728, "MemorySwappiness": 5,
                 "OomKillDisable": true, "PidsLimit": 5, "Ulimits": [{"Name": "nofile", "Hard": 2, "Soft": 1}],
                 "Init": true,

                 "SecurityOpt":
                    ["no-new-privileges", "seccomp=unconfined", "label=disable", "systempaths=unconfined"],
                 "MemoryReservation": 33554432, "CgroupnsMode": "private", "UTSMode": "private", "BlkioWeight": 300,
                 "BlkioWeightDevice": [{"Path": "/dev/loop0", "Weight": 20}],
                 "BlkioDeviceReadBps": [{"Path": "/dev/loop0", "Rate": 1048576}],
                 "BlkioDeviceWriteBps": [{"Path": "/dev/loop0", "Rate": 2097152}],
                 "BlkioDeviceReadIOps": [{"Path": "/dev/loop0", "Rate": 6}],
                 "BlkioDeviceWriteIOps": [{"Path": "/dev/loop0", "Rate": 7}],
                 "RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 3},
                 "PortBindings": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "48123"}]},
                 "LogConfig":
                    {"Type": "json-file", "Config": {"labels": "x", "max-file": "3", "max-size": "1048576"}}}
                """);
        docker.properties()
                .forEach(f -> assertThat(host.get(f.getKey())).as(f.getKey()).isEqualTo(f.getValue()));
        assertThat(host.get("EffectiveCaps").toString())
                .contains("CAP_NET_ADMIN")
                .doesNotContain("CAP_CHOWN");
        var config = shown.get("Config");
        assertThat(config.get("Domainname").asText()).isEqualTo("d");
        assertThat(config.get("Healthcheck").toString())
                .contains("\"Test\":[\"CMD\",\"true\"]", "\"Interval\":7000000000", "\"Retries\":4");
        assertThat(config.get("PostStart").toString()).contains("\"User\":\"7\"", "\"K=v\"");
        assertThat(config.get("PreStop").toString()).contains("\"Privileged\":true", "\"WorkingDir\":\"/tmp\"");
        assertThat(shown.get("Mounts").toString())
                .contains("\"UID\":\"7\",\"GID\":\"8\",\"FileMode\":\"400\"")
                .doesNotContain("canary");
        var other = json.readTree(says("inspect", "other")).get(0).get("HostConfig");
        assertThat(other.get("NetworkMode").asText()).isEqualTo("container:own-name");
        assertThat(other.get("Privileged").asBoolean()).isTrue();
        assertThat(other.get("VolumesFrom").toString()).isEqualTo("[\"own-name:ro\"]");
    }

    @Test
    void what_has_begun_anew_takes_what_shared_with_it_along() throws IOException {
        apply("""
                services:
                  a: {image: "web:1", command: %1$s, network_mode: none, init: true}
                  b: {image: "web:1", command: %1$s, network_mode: "service:a", init: true}
                """.formatted(SLEEP));
        // The program of the first ends; the second is in what is nobody's now.
        host.lockstepIn(project, "exec", "-T", "a", "sh", "-c", "kill -9 -1");
        await().atMost(Duration.ofSeconds(60))
                .untilAsserted(() -> assertThat(host.pids()).doesNotContainKey("p-a-1"));

        var said = says("apply", "-y");

        assertThat(said).contains("in a namespace of an earlier run of container p-a-1");
        assertThat(inside("b", "readlink /proc/self/ns/net")).isEqualTo(inside("a", "readlink /proc/self/ns/net"));
        assertThat(says("plan", "--detailed-exitcode")).contains("No changes.");
    }

    @Test
    void what_a_person_does_by_hand_finds_the_container_as_its_attributes_made_it() throws IOException {
        Files.writeString(project.resolve("password.txt"), "canary-0815");
        apply("""
                services:
                  a:
                    image: web:1
                    command: %1$s
                    stop_grace_period: 0s
                    network_mode: none
                    container_name: own-name
                    tty: true
                    oom_score_adj: 321
                    cgroup_parent: /lockstep-test-%2$s
                    secrets: [password]
                    post_start: [{command: [touch, /data/hooked]}]
                    volumes: ["data:/data"]
                  b:
                    image: web:1
                    command: %1$s
                    network_mode: none
                    depends_on: [a]
                    volumes: [{type: volume, source: data, target: /part, volume: {subpath: hooked}}]
                volumes: {data: }
                secrets: {password: {file: password.txt}}
                """.formatted(SLEEP, directory.getFileName()));
        // Its cgroup is where it asked for, and one that stands still there can be ended.
        says("pause", "a");
        assertThat(says("ps")).contains("(Paused)");
        says("unpause", "a");
        assertThat(says("stats", "--no-stream", "--format", "json", "a"))
                .containsPattern("\"Name\":\"own-name\".*\"PIDs\":\"[1-9]");
        says("pause", "a");
        says("restart", "a");
        assertThat(says("ps")).doesNotContain("(Paused)");

        // Another program in a container made like it: with its secret and its rank, without its terminal and hooks.
        inside("rm /data/hooked; echo part > /data/part");
        assertThat(says(
                        "run",
                        "--rm",
                        "-T",
                        "--no-deps",
                        "a",
                        "sh",
                        "-c",
                        "cat /run/secrets/password /proc/self/oom_score_adj; ls /data; test -t 1 || echo pipe"))
                .isEqualTo("canary-0815321\npart\npipe\n");

        // Of a volume that is mounted in part, the part is what a stopped container has there, too.
        inside("mv /data/part /data/hooked");
        says("stop", "b");
        says("cp", "b:/part", "out");
        assertThat(project.resolve("out")).hasContent("part");
        says("start", "b");
        assertThat(says("plan", "--detailed-exitcode")).contains("No changes.");
    }
}
