package dev.lockstep.reconciler.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.testing.RealRegistry;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Forms in which {@code build} writes an image, what it attaches to it, and caches that it shares. */
class BuildOutputsIT {
    private static final JsonMapper JSON = new JsonMapper();

    @TempDir
    private Path directory;

    private Console console = Console.in(Path.of("/"));

    @BeforeEach
    void load() throws IOException {
        busybox("root");
        file("Dockerfile", "FROM busybox\nCOPY a.txt /\nRUN --network=none cat /proc/sys/kernel/random/uuid > /o\n");
        file("a.txt", "hello\n");
    }

    @AfterEach
    void leave() throws IOException {
        for (var room : List.of("run/build", "root/build-steps")) {
            if (Files.exists(directory.resolve(room))) {
                assertThat(directory.resolve(room)).isEmptyDirectory();
            }
        }
    }

    private void busybox(String root) throws IOException {
        var file = TestImage.busybox("busybox:latest").dockerArchive(directory.resolve("in.tar"));
        assertThat(runIn(root, "image", "load", "-q", "-i", file.toString())).isZero();
        Files.delete(file);
    }

    private int run(String... words) {
        return runIn("root", words);
    }

    private int runIn(String root, String... words) {
        console = Console.in(directory);
        var args = new ArrayList<>(List.of(
                "--root",
                directory.resolve(root).toString(),
                "--run-root",
                directory.resolve(root.equals("root") ? "run" : "run-" + root).toString()));
        args.addAll(List.of(words));
        return console.run(args.toArray(String[]::new));
    }

    private void built(String... words) {
        assertThat(run(words)).as(console.err()).isZero();
    }

    private void file(String name, String content) throws IOException {
        var file = directory.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, content);
    }

    private static String skopeo(String... arguments) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("skopeo"));
        command.addAll(List.of(arguments));
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }

    private static JsonNode manifest(String name) throws Exception {
        return JSON.readTree(skopeo("inspect", "--tls-verify=false", "--raw", name));
    }

    private static List<String> types(JsonNode manifest) {
        return StreamSupport.stream(manifest.path("layers").spliterator(), false)
                .map(layer -> layer.path("mediaType").asText().replaceFirst(".*[.+/]", ""))
                .toList();
    }

    @Test
    void what_is_pushed_is_compressed_and_its_name_means_the_same_here_and_there() throws Exception {
        try (var registry = RealRegistry.start(directory.resolve("registry"))) {
            var name = registry.host() + "/app:1";
            built(
                    "build",
                    "-t",
                    name,
                    "--push",
                    "--annotation",
                    "org.example.who=me",
                    "--metadata-file",
                    "m.json",
                    ".");
            var manifest = manifest("docker://" + name);
            assertThat(types(manifest)).hasSize(3).endsWith("gzip", "gzip");
            assertThat(manifest.path("annotations").path("org.example.who").asText())
                    .isEqualTo("me");
            var digest = JSON.readTree(Files.readAllBytes(directory.resolve("m.json")))
                    .path("containerimage.digest")
                    .asText();
            assertThat(skopeo("inspect", "--tls-verify=false", "--format", "{{.Digest}}", "docker://" + name)
                            .strip())
                    .isEqualTo(digest);
            built("image", "inspect", "-f", "{{json .RepoDigests}}", name);
            assertThat(console.out()).contains(digest);

            built("build", "-o", "type=registry,compression=zstd,compression-level=9,\"name=" + name + "z\"", ".");
            assertThat(types(manifest("docker://" + name + "z"))).endsWith("zstd", "zstd");
            built("build", "-o", "type=image,push=true,oci-mediatypes=false,name=" + name + "d", ".");
            assertThat(manifest("docker://" + name + "d").path("mediaType").asText())
                    .isEqualTo("application/vnd.docker.distribution.manifest.v2+json");
        }
    }

    @Test
    void an_archive_or_a_directory_has_the_form_that_is_asked_for() throws Exception {
        built("build", "-t", "app:1", "-o", "type=oci,dest=o.tar,compression=zstd,force-compression=true", ".");
        assertThat(types(manifest("oci-archive:" + directory.resolve("o.tar"))))
                .hasSize(3)
                .containsOnly("zstd");
        built("build", "-o", "type=oci,dest=layout,tar=false,annotation.a=b", ".");
        var manifest = manifest("oci:" + directory.resolve("layout"));
        assertThat(manifest.path("annotations").path("a").asText()).isEqualTo("b");
        assertThat(run("build", "-o", "type=oci,dest=layout,tar=false", ".")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("is not empty");
    }

    @Test
    void attributes_that_mean_nothing_are_refused_by_name() {
        for (var wrong : List.of(
                "type=oci,dest=x,compression=lzma",
                "type=oci,dest=x,compression=gzip,compression-level=10",
                "type=image,compression-level=3",
                "type=image,store=false",
                "type=image,oci-mediatypes=false,annotation.a=b",
                "type=image,annotation-index.a=b",
                "type=local,dest=x,compression=gzip",
                "type=image,push=maybe")) {
            assertThat(run("build", "-o", wrong, ".")).as(wrong).isEqualTo(ExitCodes.ERROR);
            assertThat(console.err()).as(wrong).contains("-o " + wrong);
        }
        assertThat(run("build", "--annotation", "index:a=b", ".")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("has no index to annotate");
    }

    @Test
    void what_is_attached_is_listed_shown_and_written_with_the_image() throws Exception {
        file("status", "Package: bash\nStatus: install ok installed\nVersion: 5\nArchitecture: amd64\n");
        file("Dockerfile", "FROM busybox\nARG A\nCOPY status /var/lib/dpkg/status\n");
        built("build", "-t", "app:1", "--sbom", "true", "--provenance", "mode=max", "--build-arg", "A=x", ".");
        built("image", "referrers", "app:1");
        assertThat(console.out()).contains("https://spdx.dev/Document", "https://slsa.dev/provenance/v1");
        built("image", "referrers", "--show", "spdx", "app:1");
        assertThat(console.out()).contains("pkg:deb/debian/bash@5?arch=amd64");
        built("image", "referrers", "--show", "provenance", "app:1");
        assertThat(console.out()).contains("\"A\": \"x\"", "pkg:docker/library/busybox@latest");
        assertThat(new JsonMapper().readTree(console.out()).isObject()).isTrue();
        built("image", "inspect", "app:1");
        assertThat(console.out()).contains("\"Referrers\"");

        built("build", "-t", "app:2", "--attest", "type=sbom", "-o", "type=oci,dest=o.tar", ".");
        // Another store takes the image and passes over what is about it.
        assertThat(runIn(
                        "other",
                        "image",
                        "load",
                        "-i",
                        directory.resolve("o.tar").toString()))
                .as(console.err())
                .isZero();
        assertThat(runIn("other", "image", "ls", "-q")).isZero();
        assertThat(console.out().lines()).hasSize(1);

        // It stays as long as its image, and goes with it.
        built("image", "prune", "-f");
        built("image", "referrers", "--show", "spdx", "app:1");
        built("system", "prune", "-a", "-f");
        built("image", "prune", "-a", "-f");
        assertThat(directory.resolve("root/images/roots").toFile().list()).isEmpty();
    }

    @Test
    void another_host_builds_with_the_cache_of_this_one() throws Exception {
        busybox("other");
        try (var registry = RealRegistry.start(directory.resolve("registry"))) {
            var cache = registry.host() + "/cache:main";
            built("build", "-t", "app:1", "--cache-to", "type=registry,ref=" + cache + ",mode=max", ".");
            built("image", "inspect", "-f", "{{.Descriptor.digest}}", "app:1");
            var digest = console.out();
            assertThat(runIn("other", "build", "-t", "app:1", "--cache-from", cache, "."))
                    .isZero();
            assertThat(console.err()).contains("CACHED").doesNotContain("DONE", "WARN");
            assertThat(runIn("other", "image", "inspect", "-f", "{{.Descriptor.digest}}", "app:1"))
                    .isZero();
            assertThat(console.out()).isEqualTo(digest);
        }
        assertThat(run("build", "--cache-to", "type=gcs", ".")).isEqualTo(ExitCodes.ERROR);
        assertThat(console.err()).contains("there are registry and local, and inline");
    }

    @Test
    void a_cache_that_only_others_have_is_a_warning() {
        built("build", "--cache-from", "type=gha,scope=main", "--cache-to", "type=gha,mode=max", ".");
        assertThat(console.err())
                .contains("Warning: --cache-from type=gha is left out, since there is no such cache here; there are"
                        + " registry and local\n")
                .contains("Warning: --cache-to type=gha is left out");
    }

    @Test
    void a_build_section_has_caches_and_attestations_of_its_own() throws IOException {
        busybox("other");
        file("compose.yaml", """
                services:
                  web:
                    image: web:1
                    build:
                      context: .
                      cache_from: ["type=local,src=cache"]
                      cache_to: ["type=local,dest=cache,mode=max"]
                      sbom: true
                      provenance: mode=max
                """);
        built("build");
        assertThat(console.err()).contains("the build cache ", "cache is not used: there is no index.json");
        built("image", "referrers", "web:1");
        assertThat(console.out()).contains("https://spdx.dev/Document", "https://slsa.dev/provenance/v1");
        assertThat(runIn("other", "build")).as(console.err()).isZero();
        assertThat(console.err()).contains("CACHED").doesNotContain("DONE", "WARN");
    }

    @Test
    void an_image_that_is_here_is_compressed_for_its_push_when_that_is_asked_for() throws Exception {
        try (var registry = RealRegistry.start(directory.resolve("registry"))) {
            var name = registry.host() + "/app:1";
            built("build", "-t", name, ".");
            built("image", "push", name);
            assertThat(types(manifest("docker://" + name))).endsWith("tar", "tar");
            built("image", "push", "--compression", "gzip", "-q", name);
            assertThat(types(manifest("docker://" + name))).endsWith("gzip", "gzip");
            var digest = skopeo("inspect", "--tls-verify=false", "--format", "{{.Digest}}", "docker://" + name);
            built("image", "inspect", "-f", "{{.Descriptor.digest}}", name);
            assertThat(console.out().strip()).isEqualTo(digest.strip());
            assertThat(run("image", "push", "--compression", "rar", name)).isEqualTo(ExitCodes.ERROR);
            assertThat(console.err()).contains("gzip, zstd or uncompressed");
        }
    }

    @Test
    void services_are_built_side_by_side_and_the_first_failure_calls_the_others_off() throws IOException {
        file("compose.yaml", """
                services:
                  a:
                    build:
                      dockerfile_inline: |
                        FROM busybox
                        RUN --network=none --mount=type=cache,target=/c \\
                          touch /c/a && i=0; while [ ! -e /c/b ] && [ $$i -lt 600 ]; do i=$$((i+1)); sleep 0.1; done; ls /c/b
                  b:
                    build:
                      dockerfile_inline: |
                        FROM busybox
                        RUN --network=none --mount=type=cache,target=/c \\
                          touch /c/b && i=0; while [ ! -e /c/a ] && [ $$i -lt 600 ]; do i=$$((i+1)); sleep 0.1; done; ls /c/a
                  c:
                    build:
                      additional_contexts: {base: "service:a"}
                      dockerfile_inline: |
                        FROM base
                        RUN --network=none echo of-a > /c.txt
                """);
        built("build");
        assertThat(console.err())
                .contains("[a 2/2] RUN", "[b 2/2] RUN", "[c 2/2] RUN", " a Built", " b Built", " c Built");
        file("compose.yaml", """
                services:
                  bad: {build: {dockerfile_inline: "FROM busybox\\nRUN --network=none sleep 1; exit 3"}}
                  slow: {build: {dockerfile_inline: "FROM busybox\\nRUN --network=none sleep 600"}}
                """);
        assertThat(run("build")).isEqualTo(ExitCodes.COMPOSE_BUILD);
        assertThat(console.err()).contains("service \"bad\": failed to build: ", "exit code: 3");
    }

    @Test
    void steps_have_the_memory_and_the_caches_the_content_that_is_said() throws Exception {
        file("seed/x.txt", "seed\n");
        file("Dockerfile", """
                FROM busybox AS seed
                COPY seed /seed
                FROM busybox
                RUN --network=none --mount=type=cache,target=/c,from=seed,source=/seed cat /c/x.txt && echo more >> /c/x.txt
                RUN --network=none --mount=type=cache,target=/c,from=seed,source=/seed cat /c/x.txt > /o
                """);
        built("build", "-o", "out", ".");
        assertThat(directory.resolve("out/o")).hasContent("seed\nmore");
        file(
                "Dockerfile",
                "FROM busybox\nRUN --network=none cat /sys/fs/cgroup/memory.max > /o 2> /dev/null || cat"
                        + " /sys/fs/cgroup/memory/memory.limit_in_bytes > /o\n");
        built("build", "-m", "64m", "-o", "out2", ".");
        assertThat(directory.resolve("out2/o")).hasContent("67108864");
    }
}
