package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The host decides what a repository may ask for, remembers what ran, and goes back to it. */
class PolicyStoryIT {
    @TempDir
    Path directory;

    private Host host;
    private Repository repository;

    @BeforeEach
    void aHostAndARepository() throws IOException {
        host = new Host(directory);
        repository = new Repository(directory.resolve("infra"));
        settings("");
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        repository.close();
        host.close();
    }

    private void settings(String more) throws IOException {
        Files.writeString(directory.resolve("agent.yaml"), """
                host: test
                repositories: [{url: %s, report: true}]
                %s
                """.formatted(repository.directory(), more));
    }

    private Host.Said run(String... arguments) throws IOException {
        var command = new ArrayList<>(List.of(
                "env",
                "LOCKSTEP_STACKS=" + directory.resolve("stacks"),
                "LOCKSTEP_CONFIG=" + directory.resolve("agent.yaml")));
        command.addAll(host.command(arguments));
        return host.run(directory, command);
    }

    private String says(int code, String... arguments) throws IOException {
        var said = run(arguments);
        assertThat(said.code()).as(said.all()).isEqualTo(code);
        return said.all();
    }

    private String inside(String file) throws IOException {
        return says(0, "container", "exec", "shop-a-1", "cat", file);
    }

    /** The limit that the kernel has; with version 1 of cgroups it is a directory further down. */
    private String pids() throws IOException {
        var file = "cat $(ls pids.max pids/pids.max 2>/dev/null)";
        return says(0, "container", "exec", "-w", "/sys/fs/cgroup", "shop-a-1", "sh", "-c", file);
    }

    private void commit(String title, String attributes) throws IOException {
        repository.commit(title, Map.of("stacks/shop/title", title, "stacks/shop/compose.yaml", """
                services:
                  a:
                    image: web:1
                    command: sleep 100000
                    stop_grace_period: 0s
                    network_mode: none
                    secrets: [db]
                    volumes:
                      - ./title:/title:ro
                %s
                secrets: {db: {file: ./title}}
                """.formatted(
                        attributes.indent(6).stripTrailing())));
    }

    @Test
    void what_the_host_does_not_allow_changes_nothing_until_it_does() throws IOException {
        var shared = Files.createDirectories(directory.resolve("shared/data"));
        Files.writeString(shared.resolve("file"), "of the host");
        commit("First", "");
        says(0, "agent", "--once");
        var before = host.pids();

        try (var engine = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            // Its name says nothing; the socket is known by what it is.
            engine.bind(UnixDomainSocketAddress.of(directory.resolve("shared/data/engine")));
            commit("Second", """
                    - %1$s:/shared:ro
                    - %1$s/engine:/engine
                    """.formatted(shared));
            assertThat(says(5, "agent", "--once"))
                    .contains(
                            "stacks/shop/compose.yaml:10:9: services.a.volumes[1]: asks for " + shared
                                    + " of the host, to read. This host does not allow it: closed by default. To allow"
                                    + " it, write bind-sources: [" + shared + ":ro] below policy.stacks.shop in "
                                    + directory.resolve("agent.yaml"),
                            "stacks/shop/compose.yaml:11:9: services.a.volumes[2]: asks for the host's socket " + shared
                                    + "/engine");
            assertThat(says(5, "agent", "--once", "--dry-run")).contains("services.a.volumes[1]: asks for");
            assertThat(host.pids()).isEqualTo(before);
            assertThat(says(0, "status")).contains("refused", "compose.yaml:11:9");

            settings("policy: {bind-sources: ['" + shared + ":ro'], sockets: []}");
            assertThat(says(5, "agent", "--once"))
                    .doesNotContain("volumes[1]")
                    .contains("it is not in policy.sockets at " + directory.resolve("agent.yaml") + ":3:");
        }

        // Whoever may write below what is allowed cannot lead elsewhere by a link.
        Files.createSymbolicLink(directory.resolve("shared/away"), Path.of("/etc"));
        settings("policy: {bind-sources: [" + directory.resolve("shared") + "]}");
        commit("Away", "- " + directory.resolve("shared/away") + ":/away\n");
        assertThat(says(1, "agent", "--once")).contains(directory.resolve("shared/away") + " is a link");
        assertThat(says(1, "agent", "--once", "--dry-run")).contains(directory.resolve("shared/away") + " is a link");
        assertThat(host.pids()).isEqualTo(before);

        commit("Third", "- " + shared + ":/shared\n");
        says(0, "agent", "--once");
        assertThat(inside("/shared/file")).isEqualTo("of the host");
    }

    @Test
    void a_host_orders_what_containers_are_without() throws IOException {
        var settings = directory.resolve("agent.yaml");
        commit("First", "");
        says(0, "agent", "--once");
        assertThat(inside("/proc/1/status")).contains("CapBnd:\t00000000a80425fb", "NoNewPrivs:\t0");
        assertThat(pids()).isEqualTo("max\n");

        // A limit of processes needs no other container, nor a commit.
        var before = host.pids();
        settings("policy:\n  pids-limit: 100");
        assertThat(says(0, "agent", "--once", "--dry-run"))
                .contains("~ container shop-a-1", "pids_limit: 100   [" + settings + ":4:3]");
        says(0, "agent", "--once");
        assertThat(pids()).isEqualTo("100\n");
        assertThat(host.pids()).isEqualTo(before);

        settings("policy:\n  pids-limit: 100\n  drop-capabilities: [NET_RAW, MKNOD]\n  no-new-privileges: true");
        assertThat(says(0, "agent", "--once", "--dry-run"))
                .contains(
                        "-/+ container shop-a-1",
                        "cap_drop: [MKNOD NET_RAW]   [" + settings + ":5:3]",
                        "security_opt.no-new-privileges: true   [" + settings + ":6:3]");
        says(0, "agent", "--once");
        assertThat(inside("/proc/1/status")).contains("CapBnd:\t00000000a00405fb", "NoNewPrivs:\t1");
        assertThat(says(0, "container", "inspect", "shop-a-1"))
                .contains("\"PidsLimit\": 100", "\"no-new-privileges\"")
                .containsPattern("\"CapDrop\": \\[\\s*\"MKNOD\",\\s*\"NET_RAW\"\\s*]");
        assertThat(says(0, "agent", "--once")).doesNotContain("container shop-a-1");

        // Root's own hand on a directory is ordered nothing, unless it asks what an agent would do.
        Files.writeString(
                directory.resolve("compose.yaml"), "name: other\nservices: {b: {image: 'web:1', pids_limit: -1}}");
        assertThat(says(0, "plan")).doesNotContain("agent.yaml");
        assertThat(says(1, "plan", "--host-policy"))
                .contains("services.b.pids_limit: asks for any number of processes. This host does not allow it:"
                        + " policy.pids-limit at " + settings + ":4:3 allows 100");
        assertThat(says(1, "validate", "--host-policy")).contains("services.b.pids_limit: asks for any number");
    }

    @Test
    void a_host_keeps_secrets_history_and_a_way_back() throws IOException {
        commit("First", "");
        says(0, "agent", "--once");
        assertThat(inside("/run/secrets/db")).isEqualTo("First");

        // What the host keeps is stronger than the file, and a change of it is planned like a commit's.
        Files.writeString(directory.resolve("value"), "canary-0815");
        says(0, "-p", "shop", "secret", "set", "db", directory.resolve("value").toString());
        assertThat(says(0, "agent", "--once"))
                .contains("secrets.db", "content changed")
                .doesNotContain("canary");
        assertThat(inside("/run/secrets/db")).isEqualTo("canary-0815");

        var variables = Files.writeString(directory.resolve("stacks/shop/env"), "A=1\n");
        Files.setPosixFilePermissions(variables, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(says(1, "agent", "--once")).contains(variables + " is open to others than root");
        Files.delete(variables);

        commit("Second", "");
        says(0, "agent", "--once");
        assertThat(inside("/title")).isEqualTo("Second");
        commit("Third", "- /etc:/host\n");
        says(5, "agent", "--once");

        var back = says(0, "rollback", "shop", "-y");
        assertThat(back).contains("\"First\". It is suspended: new commits wait until 'lockstep resume shop'.");
        assertThat(inside("/title")).isEqualTo("First");
        says(5, "agent", "--once");
        assertThat(inside("/title")).isEqualTo("First");

        var history = says(0, "history", "shop");
        assertThat(history).contains("drift-corrected", "refused", "rollback").doesNotContain("canary");
        var numbers = Pattern.compile("(?m)^shop +(\\d+) .* rollback ").matcher(history);
        assertThat(numbers.find()).isTrue();
        assertThat(says(0, "history", "show", "shop", numbers.group(1)))
                .contains("\"First\"", "Author:   Test", "container shop-a-1: done in", "web:1 sha256:");
        assertThat(says(0, "history", "show", "shop", numbers.group(1), "-o", "json"))
                .contains("\"trigger\": \"rollback\"");

        commit("Fourth", "");
        says(0, "resume", "shop");
        says(0, "agent", "--once");
        assertThat(inside("/title")).isEqualTo("Fourth");
        assertThat(says(0, "status", "--repository", repository.directory().toString()))
                .contains("test   shop", "converged")
                .doesNotContain("canary");
    }
}
