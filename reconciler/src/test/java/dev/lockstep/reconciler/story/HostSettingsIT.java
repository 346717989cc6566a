package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a host's owner decides beside the files: secrets that are not in them, and whose users containers have. */
class HostSettingsIT {
    @TempDir
    Path directory;

    private Host host;
    private Path project;

    @BeforeEach
    void aStack() throws IOException {
        // Users of containers go through it.
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
        host = new Host(directory);
        project = Files.createDirectories(directory.resolve("p"));
        Files.writeString(directory.resolve("agent.yaml"), "");
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        host.close();
    }

    private Host.Said run(String... arguments) throws IOException {
        var command = new ArrayList<>(List.of(
                "env",
                "LOCKSTEP_STACKS=" + directory.resolve("stacks"),
                "LOCKSTEP_CONFIG=" + directory.resolve("agent.yaml")));
        command.addAll(host.command(arguments));
        return host.run(project, command);
    }

    private String says(String... arguments) throws IOException {
        var said = run(arguments);
        assertThat(said.code()).as(said.all()).isZero();
        return said.all();
    }

    private String inside(String script) throws IOException {
        return says("exec", "-T", "a", "sh", "-c", script);
    }

    private static final String SERVICE = """
            services:
              a:
                image: web:1
                command: [sh, -c, 'trap "exit 0" TERM; while :; do sleep 1000 & wait; done']
                network_mode: none
            """;

    @Test
    void a_secret_of_the_host_is_asked_for_kept_used_and_never_shown() throws IOException {
        Files.writeString(project.resolve("compose.yaml"), SERVICE + """
                    secrets: [db]
                    configs: [{source: c, target: /c}]
                secrets: {db: {external: true}}
                configs: {c: {external: true, name: cfg}}
                """);
        var all = new StringBuilder();

        var missing = run("plan");
        assertThat(missing.code()).isEqualTo(1);
        assertThat(missing.all())
                .contains("services.a.secrets[0]: the secret db is not on this host. Create "
                        + directory.resolve("stacks/p/secrets/db") + ", which only root may read, by lockstep -p p"
                        + " secret set db, with its value on standard input")
                .contains("services.a.configs[0]: the config c is not on this host. Create "
                        + directory.resolve("stacks/p/secrets/cfg"));

        Files.writeString(directory.resolve("value"), "canary-4711-first");
        // As the documents write it: lockstep secret set STACK NAME < FILE.
        var words = new ArrayList<>(List.of("sh", "-c", "exec env LOCKSTEP_STACKS=\"$0\" \"$@\" < value"));
        words.add(directory.resolve("stacks").toString());
        words.addAll(host.command("secret", "set", "p", "db"));
        var set = host.run(directory, words);
        assertThat(set.all()).contains("Set secret db of stack p");
        all.append(set.all());
        all.append(says("secret", "set", "cfg", directory.resolve("value").toString()));
        assertThat(says("secret", "ls", "other")).doesNotContain("db");
        assertThat(says("secret", "ls", "p", "-q")).isEqualTo("cfg\ndb\n");
        assertThat(says("secret", "ls")).contains("p       cfg", "p       db").doesNotContain("canary");
        all.append(says("plan")).append(says("apply", "-y"));
        assertThat(inside("cat /run/secrets/db /c")).isEqualTo("canary-4711-first".repeat(2));
        assertThat(says("plan", "--detailed-exitcode")).contains("No changes.");

        Files.writeString(directory.resolve("value"), "canary-4711-second");
        all.append(says("secret", "set", "db", directory.resolve("value").toString()));
        var plan = says("plan");
        assertThat(plan).contains("secrets.db", "content changed");
        all.append(plan).append(says("apply", "-y")).append(says("inspect", "p-a-1"));
        assertThat(inside("cat /run/secrets/db")).isEqualTo("canary-4711-second");
        all.append(says("events", "--since", "1h", "--until", "0s")).append(says("--log-level", "trace", "ps"));

        Files.setPosixFilePermissions(
                directory.resolve("stacks/p/secrets/db"), PosixFilePermissions.fromString("rw-r--r--"));
        var open = run("plan");
        assertThat(open.code()).isEqualTo(1);
        assertThat(open.all()).contains("is open to others than root, so its value is not believed");
        all.append(open.all()).append(says("secret", "rm", "db"));
        assertThat(run("secret", "rm", "db").code()).isEqualTo(1);
        assertThat(all).doesNotContain("canary");
        assertThat(whereIs("canary-4711", host.root())).isEmpty();
        says("down");
    }

    /** Files below that have the text in them. */
    private static List<Path> whereIs(String text, Path below) throws IOException {
        try (var files = Files.walk(below)) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> {
                        try {
                            return Files.readString(file, StandardCharsets.ISO_8859_1)
                                    .contains(text);
                        } catch (IOException e) {
                            return false;
                        }
                    })
                    .toList();
        }
    }

    @Test
    void users_of_their_own_are_asked_for_by_the_service_the_stack_or_the_host() throws IOException {
        var compose = project.resolve("compose.yaml");
        Files.writeString(compose, SERVICE + "    volumes: [v:/v]\nvolumes: {v: {}}\n");
        says("apply", "-y");
        assertThat(inside("cat /proc/self/uid_map")).contains("4294967295");
        inside("echo x > /v/f; chown 33 /v/f");

        // The host's owner wants it for all that say nothing.
        Files.writeString(
                directory.resolve("agent.yaml"), "user-namespaces: {default: private, range: 400000000-400196607}\n");
        assertThat(says("plan")).contains("-/+ container p-a-1", "userns_mode: private");
        says("apply", "-y");
        assertThat(inside("cat /proc/self/uid_map").strip()).matches("0 +4000[0-9]{5,} +65536|0 +400\\d+ +65536");
        assertThat(inside("stat -c %u /v/f")).isEqualTo("33\n");
        assertThat(says("plan", "--detailed-exitcode")).contains("No changes.");
        assertThat(says("inspect", "p-a-1")).contains("\"UsernsMode\": \"private\"", "\"Size\": 65536");
        assertThat(says("top", "a")).contains("400");

        // A service is asked first, then its stack.
        Files.writeString(
                compose, "x-lockstep: {userns: host}\n" + SERVICE + "    volumes: [v:/v]\nvolumes: {v: {}}\n");
        says("apply", "-y");
        assertThat(inside("cat /proc/self/uid_map")).contains("4294967295");
        Files.writeString(
                compose,
                "x-lockstep: {userns: host}\n" + SERVICE
                        + "    userns_mode: private\n    volumes: [v:/v]\nvolumes: {v: {}}\n");
        says("apply", "-y");
        assertThat(inside("id -u; stat -c %u /v/f; cat /proc/self/uid_map")).contains("65536");
        says("down", "-v");
    }

    @Test
    void a_bridge_is_a_network_of_the_stack() throws IOException {
        Files.writeString(
                project.resolve("compose.yaml"), SERVICE.replace("network_mode: none", "network_mode: bridge"));
        assertThat(says("plan")).contains("network p_bridge");
        says("apply", "-y");
        assertThat(inside("ip -4 addr show eth0")).contains("inet ");
        assertThat(says("plan", "--detailed-exitcode")).contains("No changes.");
        says("down");
    }

    /** On hosts with both versions of cgroups crun works where it does not see version 2. */
    private String crun() throws IOException {
        if (Files.notExists(Path.of("/sys/fs/cgroup/unified"))) {
            return "crun";
        }
        var program = directory.resolve("crun-1");
        Files.writeString(program, """
                #!/bin/sh
                exec unshare -m sh -c 'umount /sys/fs/cgroup/unified && exec crun "$@"' sh "$@"
                """);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return program.toString();
    }

    @Test
    void users_of_their_own_with_crun_take_nothing_from_the_host() throws IOException {
        Files.writeString(
                project.resolve("compose.yaml"),
                SERVICE.replace("network_mode: none", "ports: ['80']") + "    runtime: " + crun()
                        + "\n    userns_mode: private\n    volumes: [v:/v, ./d:/d]\n    domainname: example.test\n"
                        + "    secrets: [s]\nvolumes: {v: {}}\nsecrets: {s: {file: ./s}}\n");
        Files.writeString(project.resolve("s"), "secret");
        says("apply", "-y");
        assertThat(inside("cat /proc/self/uid_map")).contains("65536");
        assertThat(inside("stat -c %u / /v /d /etc/hosts /dev/shm /run/secrets/s"))
                .matches("(0\n)+");
        assertThat(inside("cat /proc/sys/kernel/domainname; cat /run/secrets/s"))
                .isEqualTo("example.test\nsecret");
        assertThat(inside("echo x > /v/f; echo again > /dev/stdout")).contains("again");
        for (var device : List.of("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty")) {
            assertThat((Integer) Files.getAttribute(Path.of(device), "unix:uid"))
                    .as(device)
                    .isLessThan(65_536);
        }
        assertThat(run("exec", "-T", "a", "chmod", "000", "/dev/null").code()).isNotZero();
        says("down", "-v");
    }
}
