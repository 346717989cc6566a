package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.lockstep.runtime.attest.Attestation;
import dev.lockstep.runtime.attest.Attestations;
import dev.lockstep.runtime.image.Attachments;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.registry.RegistryClient;
import dev.lockstep.runtime.registry.RegistrySettings;
import dev.lockstep.runtime.testing.RealRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is said of images that were built, here and in a registry. */
class AttestationIT {
    private static final List<Attestation> BOTH =
            List.of(new Attestation.Sbom(), new Attestation.Provenance(true, Optional.empty()));

    private static final String DOCKERFILE = """
            FROM busybox
            ARG TOKEN_URL
            ARG A
            COPY . /
            """;

    @TempDir
    Path directory;

    private BuildLab lab;

    @BeforeEach
    void open() throws IOException {
        lab = new BuildLab(directory);
    }

    @AfterEach
    void close() throws IOException {
        lab.close();
    }

    private Image build(String name, Map<String, String> arguments) throws IOException {
        return build(DOCKERFILE, name, arguments);
    }

    private Image build(String dockerfile, String name, Map<String, String> arguments) throws IOException {
        return build(dockerfile, name, arguments, lab.request(dockerfile).platform());
    }

    private Image build(String dockerfile, String name, Map<String, String> arguments, Platform platform)
            throws IOException {
        var request = lab.request(dockerfile);
        var asked = new BuildRequest(
                request.dockerfile(),
                request.target(),
                request.context(),
                request.contexts(),
                arguments,
                request.labels(),
                request.cache(),
                request.pull(),
                Map.of("key", new BuildRequest.Secret("swordfish".getBytes(StandardCharsets.UTF_8))),
                request.agents(),
                request.steps(),
                platform,
                request.epoch());
        return new Builder(lab.rooms).build(asked, lab.events::add, new Cancellation(), built -> {
            new Attestations(lab.images, lab.snapshots, "test-host", Clock.systemUTC())
                    .attach(
                            built,
                            BOTH,
                            name,
                            Map.of(
                                    "org.opencontainers.image.source", "https://me:pw@example.org/a.git",
                                    "org.opencontainers.image.revision", "0123456789012345678901234567890123456789"));
            Builder.Finish.named(lab.images, List.of(ImageReference.parse(name)))
                    .with(built);
        });
    }

    private Map<String, JsonNode> statements(Image image) throws IOException {
        var all = new HashMap<String, JsonNode>();
        for (var attached : lab.images.attachments().of(image.digest())) {
            var statement = lab.root
                    .json()
                    .readTree(
                            lab.images.blobs().read(attached.content().getLast().digest()));
            all.put(statement.path("predicateType").asText(), statement);
        }
        return all;
    }

    @Test
    void a_base_of_another_platform_is_among_what_an_image_was_made_of() throws IOException {
        lab.file("a", "1");
        var arm = Platform.parse("linux/arm64");
        var base = build("FROM scratch\nCOPY a /\n", "localhost/arm:1", Map.of(), arm);
        var image = build("FROM --platform=linux/arm64 localhost/arm:1\nCOPY a /b\n", "localhost/armed:1", Map.of());
        var made = Objects.requireNonNull(statements(image).get("https://slsa.dev/provenance/v1"));
        assertThat(made.at("/predicate/buildDefinition/resolvedDependencies").findValuesAsText("sha256"))
                .contains(base.digest().hex());
    }

    private void packages() throws IOException {
        lab.file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n");
        lab.file("var/lib/dpkg/status", """
                Package: bash
                Status: install ok installed
                Architecture: amd64
                Version: 5.2.15-2+b2
                Description: a shell
                 with a second line: of it

                Package: gone
                Status: deinstall ok config-files
                Architecture: amd64
                Version: 1
                """);
        lab.file("lib/apk/db/installed", "C:Q1\nP:musl\nV:1.2.4-r2\nA:x86_64\nL:MIT\n\nP:zlib\nV:1.3\nA:x86_64\n");
        lab.file(
                "app/node_modules/@scope/left-pad/package.json",
                "{\"name\": \"@scope/left-pad\", \"version\": \"1.3.0\", \"license\": \"WTFPL\"}");
        lab.file("app/node_modules/broken/package.json", "{");
        lab.file(
                "app/package-lock.json",
                "{\"lockfileVersion\": 3, \"packages\": {\"\": {\"name\": \"app\"}, \"node_modules/ms\": {\"version\":"
                        + " \"2.1.3\"}, \"node_modules/test\": {\"version\": \"1.0.0\", \"dev\": true}}}");
        lab.file(
                "usr/lib/python3/site-packages/Flask_Thing-3.0.dist-info/METADATA",
                "Metadata-Version: 2.1\nName: Flask_Thing\nVersion: 3.0\nLicense: BSD-3-Clause\n\nVersion: 9\n");
        var inner = new ByteArrayOutputStream();
        jar(inner, "org.inner", "lib", Optional.empty());
        var outer = new ByteArrayOutputStream();
        jar(outer, "org.outer", "app", Optional.of(inner.toByteArray()));
        Files.write(lab.context().resolve("app/app.jar"), outer.toByteArray());
        // Leads out of the image, to what is there on every host.
        Files.createSymbolicLink(lab.context().resolve("app/node_modules/out"), Path.of("/usr"));
    }

    private static void jar(ByteArrayOutputStream out, String group, String name, Optional<byte[]> nested)
            throws IOException {
        try (var zip = new ZipOutputStream(out)) {
            zip.putNextEntry(new ZipEntry("META-INF/maven/" + group + "/" + name + "/pom.properties"));
            zip.write(("groupId=" + group + "\nartifactId=" + name + "\nversion=1.0\n")
                    .getBytes(StandardCharsets.ISO_8859_1));
            if (nested.isPresent()) {
                zip.putNextEntry(new ZipEntry("BOOT-INF/lib/lib.jar"));
                zip.write(nested.get());
            }
        }
    }

    @Test
    void the_packages_of_all_sorts_are_listed_and_what_is_said_of_a_build_has_no_secret() throws IOException {
        packages();
        var image = build(
                "app:1",
                Map.of("A", "x", "TOKEN_URL", "https://me:pw@example.org/", "HTTP_PROXY", "http://p:pw@proxy/"));
        var statements = statements(image);
        var sbom = statements.getOrDefault("https://spdx.dev/Document", MissingNode.getInstance());
        assertThat(sbom.path("subject").path(0).path("digest").path("sha256").asText())
                .isEqualTo(image.digest().hex());
        assertThat(sbom.path("predicate").path("spdxVersion").asText()).isEqualTo("SPDX-2.3");
        assertThat(sbom.path("predicate").path("packages").findValuesAsText("referenceLocator"))
                .containsExactlyInAnyOrder(
                        "pkg:deb/debian/bash@5.2.15-2%2Bb2?arch=amd64&distro=debian-12",
                        "pkg:apk/debian/musl@1.2.4-r2?arch=x86_64&distro=debian-12",
                        "pkg:apk/debian/zlib@1.3?arch=x86_64&distro=debian-12",
                        "pkg:npm/%40scope/left-pad@1.3.0",
                        "pkg:npm/ms@2.1.3",
                        "pkg:pypi/flask-thing@3.0",
                        "pkg:maven/org.inner/lib@1.0",
                        "pkg:maven/org.outer/app@1.0");
        assertThat(sbom.path("predicate").path("creationInfo").path("comment").asText())
                .startsWith("1 files");

        var provenance = statements.getOrDefault("https://slsa.dev/provenance/v1", MissingNode.getInstance());
        assertThat(provenance.toString())
                .doesNotContain("pw", "swordfish", "proxy")
                .contains("https://example.org/a.git", "urn:lockstep:builder:test-host", "\"secrets\":[\"key\"]");
        var base = provenance
                .path("predicate")
                .path("buildDefinition")
                .path("resolvedDependencies")
                .findValuesAsText("sha256");
        assertThat(base).containsExactly(lab.busybox.digest().hex());

        // Said again of the same image, it replaces what was said.
        build("app:1", Map.of("A", "x"));
        assertThat(lab.images.attachments().of(image.digest())).hasSize(2);
    }

    @Test
    @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void what_is_no_file_is_neither_waited_for_nor_opened() throws IOException {
        var image = build("""
                FROM busybox
                RUN mkdir -p /etc /usr/lib /lib/apk/db && rm -f /etc/os-release /usr/lib/os-release \\
                    && mkfifo /etc/os-release /usr/lib/os-release /lib/apk/db/installed
                """, "odd:1", Map.of());

        var sbom = statements(image).getOrDefault("https://spdx.dev/Document", MissingNode.getInstance());
        assertThat(sbom.path("predicate").path("packages").findValuesAsText("referenceLocator"))
                .isEmpty();
    }

    @Test
    void a_registry_lists_what_was_pushed_with_an_image() throws Exception {
        lab.file("a.txt", "hello\n");
        try (var registry = RealRegistry.start(directory.resolve("registry"));
                var client = new RegistryClient(lab.images, RegistrySettings.anonymous());
                var http = HttpClient.newHttpClient()) {
            var name = registry.host() + "/team/app:1";
            var image = build(name, Map.of());
            client.push(ImageReference.parse(name), Progress.NONE);

            // This registry keeps no list of its own: the specification's tag for that case.
            var index = get(http, registry, "manifests/sha256-" + image.digest().hex());
            var attached = lab.images.attachments().of(image.digest());
            assertThat(index.path("manifests").findValuesAsText("digest"))
                    .containsExactlyInAnyOrderElementsOf(
                            attached.stream().map(AttestationIT::digest).toList());
            for (var entry : index.path("manifests")) {
                assertThat(entry.path("artifactType").asText()).isEqualTo(Attestations.TYPE);
                var manifest =
                        get(http, registry, "manifests/" + entry.path("digest").asText());
                assertThat(manifest.path("subject").path("digest").asText())
                        .isEqualTo(image.digest().toString());
                var statement = get(
                        http,
                        registry,
                        "blobs/"
                                + manifest.path("layers").path(0).path("digest").asText());
                assertThat(statement.path("predicateType").asText())
                        .isEqualTo(entry.path("annotations")
                                .path(Attestations.PREDICATE_TYPE)
                                .asText());
            }
        }
    }

    private static String digest(Attachments.Attached attached) {
        return attached.manifest().digest().toString();
    }

    private JsonNode get(HttpClient http, RealRegistry registry, String path) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("http://" + registry.host() + "/v2/team/app/" + path))
                .header(
                        "Accept",
                        "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, */*")
                .build();
        var answer = http.send(request, HttpResponse.BodyHandlers.ofByteArray());
        assertThat(answer.statusCode()).as(path).isEqualTo(200);
        return lab.root.json().readTree(answer.body());
    }
}
