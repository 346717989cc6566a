package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.MediaType;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.registry.RegistryClient;
import dev.lockstep.runtime.registry.RegistrySettings;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.RealRegistry;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What one host has built another need not build: caches in registries, in images and in directories. */
class CacheIT {
    private static final String DOCKERFILE = """
            FROM busybox AS other
            RUN cat /proc/sys/kernel/random/uuid > /stamp
            FROM busybox
            WORKDIR /w
            COPY a.txt .
            RUN cat a.txt > b.txt && cat /proc/sys/kernel/random/uuid >> b.txt
            COPY --from=other /stamp .
            """;

    @TempDir
    Path directory;

    private BuildLab here;
    private BuildLab there;

    @BeforeEach
    void open() throws IOException {
        here = new BuildLab(Files.createDirectory(directory.resolve("here")));
        there = new BuildLab(Files.createDirectory(directory.resolve("there")));
        for (var lab : List.of(here, there)) {
            lab.file("a.txt", "hello\n");
        }
    }

    @AfterEach
    void close() throws IOException {
        here.close();
        there.close();
    }

    private static RegistryClient client(BuildLab lab) {
        return new RegistryClient(lab.images, RegistrySettings.anonymous());
    }

    private static Builder builder(BuildLab lab, RegistryClient client) {
        return new Builder(lab.rooms.with(new RegistryCaches(client, lab.images, lab.snapshots)));
    }

    private static BuildRequest request(BuildLab lab, List<CacheFrom> from, boolean inline) {
        return lab.request(DOCKERFILE).with(new BuildRequest.CacheUse(false, Set.of(), from, inline));
    }

    private static Image build(BuildLab lab, BuildRequest request, Builder.Finish further) throws IOException {
        try (var client = client(lab)) {
            lab.events.clear();
            return builder(lab, client).build(request, lab.events::add, new Cancellation(), built -> {
                Builder.Finish.named(lab.images, List.of()).with(built);
                further.with(built);
            });
        }
    }

    private static Builder.Finish write(BuildLab lab, CacheTo.Place place, CacheTo.Mode mode) {
        return built -> {
            try (var client = client(lab)) {
                builder(lab, client).export().write(built, new CacheTo(place, mode, LayerForm.PUSHED, false));
            }
        };
    }

    private static List<String> warnings(BuildLab lab) {
        return lab.events.stream()
                .filter(BuildEvent.Warning.class::isInstance)
                .map(event -> ((BuildEvent.Warning) event).text())
                .toList();
    }

    @Test
    void what_one_host_has_built_another_finds_in_a_registry() throws Exception {
        try (var registry = RealRegistry.start(directory.resolve("registry"))) {
            var reference = ImageReference.parse(registry.host() + "/team/cache:main");
            var place = new CacheTo.Place.Registry(reference);
            var built = build(here, request(here, List.of(), false), write(here, place, CacheTo.Mode.MAX));

            var again = build(there, request(there, List.of(new CacheFrom.Registry(reference)), false), b -> {});
            assertThat(warnings(there)).isEmpty();
            assertThat(there.steps()).hasSize(5).allMatch(step -> step.startsWith("CACHED "));
            assertThat(again.digest()).isEqualTo(built.digest());
            assertThat(there.tree(again).resolve("w/b.txt"))
                    .hasSameTextualContentAs(here.tree(built).resolve("w/b.txt"));

            // It is here now, as if it had been built here.
            build(there, request(there, List.of(), false), b -> {});
            assertThat(there.steps()).allMatch(step -> step.startsWith("CACHED "));

            var raw = new ProcessBuilder("skopeo", "inspect", "--tls-verify=false", "--raw", "docker://" + reference)
                    .start();
            var manifest = here.root.json().readTree(raw.getInputStream().readAllBytes());
            assertThat(manifest.path("config").path("mediaType").asText()).isEqualTo(CacheDocument.TYPE);
            assertThat(manifest.path("layers"))
                    .hasSize(5)
                    .allSatisfy(layer ->
                            assertThat(layer.path("mediaType").asText()).endsWith("+gzip"));
        }
    }

    @Test
    void with_mode_min_there_are_the_steps_of_the_image_alone() throws IOException {
        var cache = directory.resolve("cache");
        var place = new CacheTo.Place.Local(cache, "latest");
        build(here, request(here, List.of(), false), write(here, place, CacheTo.Mode.MIN));
        build(there, request(there, List.of(new CacheFrom.Local(cache, "latest")), false), b -> {});
        assertThat(there.steps())
                .contains("RUN cat /proc/sys/kernel/random/uuid > /stamp", "CACHED WORKDIR /w", "CACHED COPY a.txt .")
                .contains("COPY --from=other /stamp .");
    }

    @Test
    void an_image_can_be_a_cache_itself() throws Exception {
        try (var registry = RealRegistry.start(directory.resolve("registry"))) {
            var reference = ImageReference.parse(registry.host() + "/team/app:1");
            var built = build(here, request(here, List.of(), true), b -> {
                here.images.add(reference, here.images.describe(b.image().digest()));
                try (var client = client(here)) {
                    client.push(reference, Progress.NONE);
                }
            });
            build(there, request(there, List.of(new CacheFrom.Registry(reference)), true), b -> {});
            assertThat(warnings(there)).isEmpty();
            assertThat(there.steps()).contains("CACHED WORKDIR /w", "CACHED COPY a.txt .");
            assertThat(there.steps().stream().filter(step -> step.contains("b.txt")))
                    .singleElement()
                    .asString()
                    .startsWith("CACHED");
            assertThat(built.layers()).isNotEmpty();
        }
    }

    @Test
    void of_a_list_of_either_kind_the_image_for_this_host_is_the_cache() throws Exception {
        var image = TestImage.named("app");
        var list = (ObjectNode) here.root.json().readTree(TestImage.index(image).content());
        try (var registry = FakeRegistry.start();
                var client = client(here)) {
            registry.serve("app", "1", image);
            var caches = new RegistryCaches(client, here.images, here.snapshots);
            for (var type : List.of(MediaType.OCI_INDEX, MediaType.DOCKER_LIST)) {
                var bytes = here.root.json().writeValueAsBytes(list.put("mediaType", type));
                registry.manifest("app", "list", new TestImage.Blob(type, BlobStore.digest(bytes), bytes));
                var from = new CacheFrom.Registry(ImageReference.parse(registry.host() + "/app:list"));

                assertThat(caches.open(from).manifest())
                        .as(type)
                        .isEqualTo(image.manifest().content());
            }
        }
    }

    @Test
    void what_is_not_there_or_no_cache_is_one_warning() throws Exception {
        try (var registry = RealRegistry.start(directory.resolve("registry"))) {
            var image = ImageReference.parse(registry.host() + "/plain:1");
            there.images.add(image, there.images.describe(there.busybox.digest()));
            try (var client = client(there)) {
                client.push(image, Progress.NONE);
            }
            var missing = new CacheFrom.Registry(ImageReference.parse(registry.host() + "/none:1"));
            var nowhere = new CacheFrom.Local(directory.resolve("nowhere"), "latest");
            build(there, request(there, List.of(missing, nowhere, new CacheFrom.Registry(image)), false), b -> {});
            assertThat(there.steps()).hasSize(5).noneMatch(step -> step.startsWith("CACHED"));
            assertThat(warnings(there))
                    .hasSize(3)
                    .anyMatch(text -> text.contains("/none:1 is not used: there is no "))
                    .anyMatch(text -> text.contains("nowhere is not used: there is no index.json"))
                    .anyMatch(text -> text.contains("without a build cache in it"));
        }
    }

    /** A cache whose every record has the layer of another step: keys and digests fit, content does not. */
    @Test
    void a_cache_that_lies_about_its_layers_is_not_believed() throws IOException {
        var cache = directory.resolve("cache");
        build(
                here,
                request(here, List.of(), false),
                write(here, new CacheTo.Place.Local(cache, "latest"), CacheTo.Mode.MAX));
        var json = here.root.json();
        var index = (ObjectNode) json.readTree(cache.resolve("index.json").toFile());
        var entry = (ObjectNode) index.path("manifests").path(0);
        var blobs = cache.resolve("blobs/sha256");
        var manifest = (ObjectNode) json.readTree(
                blobs.resolve(entry.path("digest").asText().substring(7)).toFile());
        var layers = manifest.withArrayProperty("layers");
        layers.add(layers.remove(0));
        var bytes = json.writeValueAsBytes(manifest);
        Files.write(blobs.resolve(BlobStore.digest(bytes).hex()), bytes);
        entry.put("digest", BlobStore.digest(bytes).toString()).put("size", bytes.length);
        json.writeValue(cache.resolve("index.json").toFile(), index);

        var image = build(there, request(there, List.of(new CacheFrom.Local(cache, "latest")), false), b -> {});
        assertThat(warnings(there)).singleElement().asString().contains("cache is not used: ");
        assertThat(there.steps()).noneMatch(step -> step.startsWith("CACHED"));
        assertThat(there.tree(image).resolve("w/a.txt")).hasContent("hello");
    }

    @Test
    void a_layer_is_compressed_once_and_always_to_the_same_bytes() throws IOException {
        var packed = new AtomicReference<Image>();
        var built = build(
                here,
                request(here, List.of(), false),
                b -> packed.set(new Builder(here.rooms).packing().pack(b.image(), LayerForm.PUSHED)));
        var layers = packed.get().layers();
        assertThat(layers).allMatch(layer -> layer.mediaType().endsWith("gzip"));
        assertThat(layers.stream().map(Layer::diffId))
                .isEqualTo(built.layers().stream().map(Layer::diffId).toList());
        assertThat(packed.get().id()).isEqualTo(built.id());
        var compressed = new AtomicInteger();
        var counting = new Builder(here.rooms, maker -> {
            compressed.incrementAndGet();
            return maker;
        });
        assertThat(counting.packing().pack(built, LayerForm.PUSHED)).isEqualTo(packed.get());
        assertThat(compressed).hasValue(0);
        assertThat(packed.get().layers()).hasSize(built.layers().size());
        // gzip: no name, no time, "unknown" system.
        for (var layer : layers) {
            assertThat(Files.readAllBytes(here.images.blobs().path(layer.blob())))
                    .startsWith(0x1f, 0x8b, 8, 0, 0, 0, 0, 0);
        }
    }
}
