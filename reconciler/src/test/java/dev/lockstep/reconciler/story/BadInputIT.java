package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each kind of bad input: one clear sentence, exit code 1, and nothing on the host. */
class BadInputIT {
    @TempDir
    Path directory;

    private Host host;
    private Path project;

    @BeforeEach
    void aHost() throws IOException {
        host = new Host(directory);
        project = Files.createDirectories(directory.resolve("p"));
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        host.close();
    }

    private Host.Said apply(String compose) throws IOException {
        Files.writeString(project.resolve("compose.yaml"), compose);
        return host.lockstepIn(project, "apply", "-y");
    }

    private void refuses(Host.Said said, String... sentence) throws IOException {
        assertThat(said.code()).as(said.all()).isEqualTo(1);
        assertThat(said.all()).contains(sentence).doesNotContain("Exception", "\tat ");
        assertThat(host.pids()).isEmpty();
    }

    @Test
    void a_port_of_another_process_names_the_process() throws IOException {
        try (var taken = new ServerSocket()) {
            taken.bind(new InetSocketAddress(0));
            var said = apply("services: {a: {image: \"web:1\", command: sleep 60, ports: [\"" + taken.getLocalPort()
                    + ":80\"]}}\n");

            refuses(
                    said,
                    "compose.yaml:1:",
                    "port 0.0.0.0:" + taken.getLocalPort() + "/tcp is in use by process "
                            + ProcessHandle.current().pid() + " (java");
        }
    }

    @Test
    void an_address_that_the_host_does_not_have_is_named_with_its_place() throws IOException {
        refuses(
                apply("services: {a: {image: \"web:1\", command: sleep 60, ports: [\"198.51.100.7:8080:80\"]}}\n"),
                "compose.yaml:1:",
                "services.a.ports: port 198.51.100.7:8080/tcp cannot be published: this host has no address 198.51.100.7");
    }

    @Test
    void a_subnet_that_overlaps_another_network_names_it() throws IOException {
        var compose = """
                services: {a: {image: "web:1", command: sleep 60, networks: [n]}}
                networks: {n: {ipam: {config: [{subnet: %s}]}}}
                """;
        assertThat(apply(compose.formatted("10.211.77.0/24")).code()).isZero();
        try {
            Files.writeString(directory.resolve("q.yaml"), compose.formatted("10.211.0.0/16"));
            var said =
                    host.lockstep("-p", "q", "-f", directory.resolve("q.yaml").toString(), "apply", "-y");

            assertThat(said.code()).as(said.all()).isEqualTo(1);
            assertThat(said.all()).contains("q.yaml:2:", "subnet 10.211.0.0/16 overlaps", "p_n");
        } finally {
            host.lockstepIn(project, "down", "-t", "0");
        }
    }

    @Test
    void a_subnet_that_overlaps_an_address_of_the_host_names_it() throws IOException {
        var said = apply("""
                services: {a: {image: "web:1", command: sleep 60, networks: [n]}}
                networks: {n: {ipam: {config: [{subnet: 127.0.0.0/24}]}}}
                """);

        refuses(said, "subnet 127.0.0.0/24 overlaps", "lo");
    }

    @Test
    void an_image_reference_that_cannot_be_parsed_is_quoted() throws IOException {
        refuses(
                apply("services: {a: {image: \"Web:1\"}}\n"),
                "compose.yaml:1:",
                "services.a.image: \"Web:1\" is not an image reference",
                "lower case");
    }

    @Test
    void a_registry_that_is_down_is_named() throws IOException {
        refuses(apply("services: {a: {image: \"127.0.0.1:1/none:1\"}}\n"), "127.0.0.1:1", "not reachable");
    }

    @Test
    void a_registry_that_goes_away_in_the_middle_is_named() throws IOException {
        try (var registry = FakeRegistry.start()) {
            var reference = registry.serve("shop", "1", TestImage.busybox("shop:1"));
            registry.when("/blobs/", Integer.MAX_VALUE, exchange -> {
                exchange.sendResponseHeaders(200, 0);
                exchange.getResponseBody().write(new byte[100]);
                exchange.getResponseBody().flush();
                registry.goAway();
            });

            saysOnce(
                    apply("services: {a: {image: \"" + reference + "\", command: sleep 60}}\n"),
                    "registry " + registry.host() + " is not reachable");
        }
    }

    @Test
    void a_manifest_whose_digest_does_not_match_is_refused() throws IOException {
        try (var registry = FakeRegistry.start()) {
            var other = TestImage.busybox("shop:1").label("version", "other");
            registry.serve("shop", "1", other);
            var asked = TestImage.busybox("shop:1").manifest().digest();
            registry.manifest("shop", asked.toString(), other.manifest());

            saysOnce(
                    apply("services: {a: {image: \"" + registry.host() + "/shop@" + asked
                            + "\", command: sleep 60}}\n"),
                    "shop@" + asked,
                    other.manifest().digest().toString());
        }
    }

    @Test
    void a_missing_program_is_named_with_the_package_that_has_it() throws IOException {
        Files.writeString(project.resolve("compose.yaml"), "services: {a: {image: \"web:1\", command: sleep 60}}\n");
        // In a mount namespace of its own, where what is called conmon is nothing that can be run.
        var script = """
                for file in $(which -a conmon) /usr/libexec/podman/conmon; do
                    [ ! -e "$file" ] || mount --bind /dev/null "$file" || exit 9
                done
                exec "$@"
                """;

        var said = inMountNamespace(script, host.command("apply", "-y"));

        saysOnce(said, "conmon is missing", "install conmon");
        // Nothing was begun: there is no network either.
        assertThat(said.all()).doesNotContain("created");
        assertThat(host.lockstepIn(project, "plan").out()).contains("+ network p_default");
    }

    @Test
    void a_disk_that_is_full_during_unpack_leaves_nothing_half_unpacked() throws IOException {
        // A few kilobytes of archive that become 32 MB.
        var image = TestImage.busybox("big:1")
                .gzipLayer(new TarBuilder()
                        .file("first", 0644, new byte[16_000_000])
                        .file("second", 0644, new byte[16_000_000])
                        .build());
        var archive = image.ociArchive(directory.resolve("big.tar")).toString();
        Files.writeString(project.resolve("compose.yaml"), """
                services: {a: {image: "big:1", command: sh -c "test $$(stat -c %s /second) = 16000000 && sleep 60"}}
                """);
        var script = """
                mount -t tmpfs -o size=24m small "$0" || exit 9
                "$@" image import ARCHIVE && "$@" apply -y
                echo "full: $?"
                ls "$0/snapshots" | sed 's/^/unpacked: /'
                "$@" ps -a
                mount -o remount,size=200m "$0"
                "$@" image import ARCHIVE && "$@" apply -y && "$@" plan --detailed-exitcode
                echo "with room: $?"
                "$@" ps
                "$@" down -t 0
                """.replace("ARCHIVE", archive);

        var said = inMountNamespace(script, host.command());

        assertThat(said.all()).as(said.all()).contains("full: 1\n", "with room: 0\n", "p-a-1");
    }

    /** Runs a script as {@code sh -c SCRIPT ROOT COMMAND…}; what it mounts nobody else sees, and is gone with it. */
    private Host.Said inMountNamespace(String script, List<String> command) throws IOException {
        var words = new ArrayList<>(
                List.of("unshare", "-m", "sh", "-c", script, host.root().toString()));
        words.addAll(command);
        return host.run(project, words);
    }

    /** Exit code 1, one line that says what is wrong, and no container. */
    private void saysOnce(Host.Said said, String... sentence) throws IOException {
        refuses(said, sentence);
        assertThat(said.all().lines().filter(line -> line.startsWith("Error: ") || line.contains(" failed: ")))
                .as(said.all())
                .singleElement()
                .asString()
                .contains(sentence);
    }

    @Test
    void an_ordinary_user_is_told_to_become_root() throws Exception {
        var process = new ProcessBuilder(
                        "setpriv", "--reuid", "65534", "--clear-groups", Host.PROGRAM.toString(), "plan")
                .directory(Path.of("/").toFile())
                .redirectErrorStream(true)
                .start();
        var text = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);

        assertThat(process.waitFor()).as(text).isEqualTo(1);
        assertThat(text).contains("root").doesNotContain("Exception");
    }

    @Test
    void repositories_that_cannot_be_followed_say_why() throws IOException {
        try (var empty = new Repository(directory.resolve("empty"));
                var full = new Repository(directory.resolve("full"))) {
            full.commit("First", Map.of("compose.yaml", "services: {}\n"));

            refuses(once(empty.directory().toString(), "main"), "is empty");
            refuses(once(full.directory().toString(), "release"), "has no ref \"release\"", "main");
            refuses(
                    once(directory.resolve("nothing").toString(), "main"),
                    directory.resolve("nothing").toString());
        }
    }

    @Test
    void a_repository_that_asks_for_credentials_says_so() throws IOException {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            exchange.getResponseHeaders().add("WWW-Authenticate", "Basic realm=\"git\"");
            exchange.sendResponseHeaders(401, -1);
            exchange.close();
        });
        server.start();
        try {
            refuses(
                    once("http://127.0.0.1:" + server.getAddress().getPort() + "/shop.git", "main"),
                    "127.0.0.1",
                    "credentials");
        } finally {
            server.stop(0);
        }
    }

    private Host.Said once(String repository, String ref) throws IOException {
        return host.lockstep("agent", "--once", "--repository", repository, "--ref", ref, "--host", "test");
    }
}
