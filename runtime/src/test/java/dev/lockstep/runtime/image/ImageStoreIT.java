package dev.lockstep.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ImageStoreIT {
    @TempDir
    Path directory;

    private ImageStore store;

    @BeforeEach
    void open() throws IOException {
        store = open(InstantSource.system());
    }

    private ImageStore open(InstantSource clock) throws IOException {
        return new ImageStore(
                Root.open(directory.resolve("state"), directory.resolve("run")), Platform.current(), clock);
    }

    @Test
    void every_form_of_an_archive_imports_the_same_image() throws IOException {
        var image = TestImage.named("example.test/app:1")
                .file("a", "1")
                .gzipLayer(tar("b"))
                .command("x");
        var oci = image.ociArchive(directory.resolve("oci.tar"));
        var zipped = Files.write(directory.resolve("oci.tgz"), TarBuilder.gzip(Files.readAllBytes(oci)));
        var sources = List.of(
                oci,
                zipped,
                image.ociLayout(Files.createDirectory(directory.resolve("layout"))),
                image.dockerArchive(directory.resolve("docker.tar")));

        for (var source : sources) {
            var imported = store.importArchive(source, Optional.empty(), Progress.NONE);

            assertThat(imported)
                    .as("%s", source)
                    .containsExactly(new TaggedImage(
                            Optional.of(ImageReference.parse("example.test/app:1")),
                            image.manifest().digest()));
        }
        var found = store.find(ImageReference.parse("example.test/app:1")).orElseThrow();
        assertThat(found.id()).isEqualTo(image.configBlob().digest());
        assertThat(found.config().command()).containsExactly("x");
        assertThat(found.layers())
                .extracting(Layer::mediaType)
                .containsExactly(MediaType.OCI_LAYER, MediaType.OCI_LAYER_GZIP);
        assertThat(store.find(found.digest())).contains(found);
        assertThat(store.list()).hasSize(1);
        assertNothingUnfinished();
    }

    @Test
    void an_archive_of_several_images_brings_all_names() throws IOException {
        var shared = tar("shared");
        var archive = TestImage.dockerArchive(List.of(
                        TestImage.named("one:1").layer(shared),
                        TestImage.named("two:2").layer(shared).file("x", ""),
                        TestImage.unnamed().file("y", "")))
                .build();

        var imported = importTar(archive);

        assertThat(imported)
                .extracting(i -> i.reference().map(ImageReference::familiar).orElse("-"))
                .containsExactly("one:1", "two:2", "-");
        assertThat(imported).allSatisfy(i -> assertThat(store.find(i.digest())).isPresent());
        assertThatThrownBy(() -> store.importArchive(
                        new ByteArrayInputStream(archive), Optional.of(ImageReference.parse("n")), Progress.NONE))
                .hasMessageContaining("3 images");
    }

    @Test
    void links_between_the_files_of_an_archive_are_followed_inside_it() throws IOException {
        var image = TestImage.named("linked").file("a", "1");
        var config = image.configBlob();
        var layer = image.blobs().get(1);
        var archive = new TarBuilder()
                .symlink("top/layer.tar", "../real/layer.tar")
                .file("real/layer.tar", 0644, layer.content())
                .file(config.digest().hex() + ".json", 0644, config.content())
                .file(
                        "manifest.json",
                        "[{\"Config\": \"" + config.digest().hex()
                                + ".json\", \"RepoTags\": null, \"Layers\": [\"top/layer.tar\"]}]");

        assertThat(importTar(archive.build())).hasSize(1);
    }

    @Test
    void a_name_can_be_given_at_the_import() throws IOException {
        var name = ImageReference.parse("given:1");
        store.importArchive(
                TestImage.unnamed().file("a", "").ociArchive(directory.resolve("a.tar")),
                Optional.of(name),
                Progress.NONE);

        assertThat(store.find(name)).isPresent();
    }

    @Test
    void a_tag_alone_in_a_layout_is_no_name() throws IOException {
        var imported = store.importArchive(
                TestImage.named("latest").file("a", "").ociArchive(directory.resolve("a.tar")),
                Optional.empty(),
                Progress.NONE);

        assertThat(imported).extracting(TaggedImage::reference).containsExactly(Optional.empty());
    }

    static Stream<Arguments> broken() {
        var image = TestImage.named("example.test/broken").file("a", "1");
        var layer = "blobs/sha256/" + image.blobs().get(1).digest().hex();
        var config = "blobs/sha256/" + image.configBlob().digest().hex();
        var manifest = "blobs/sha256/" + image.manifest().digest().hex();
        return Stream.of(
                arguments("an empty file", change(image, Map::clear), "no image archive"),
                arguments("a missing layer", change(image, f -> f.remove(layer)), "lacks " + layer),
                arguments("a missing configuration", change(image, f -> f.remove(config)), "lacks " + config),
                arguments("a missing manifest", change(image, f -> f.remove(manifest)), "lacks " + manifest),
                arguments(
                        "a changed layer",
                        change(image, f -> f.put(layer, new byte[3])),
                        layer + " of the archive has digest"),
                arguments("a changed configuration", change(image, f -> f.put(config, new byte[3])), "has digest"),
                arguments(
                        "another layout",
                        change(image, f -> f.put("oci-layout", bytes("{\"imageLayoutVersion\":\"9\"}"))),
                        "imageLayoutVersion"),
                arguments(
                        "an index that is none",
                        change(image, f -> f.put("index.json", bytes("[]"))),
                        "must be an object"),
                arguments(
                        "an index of nothing",
                        change(image, f -> f.put("index.json", bytes("{\"schemaVersion\":2}"))),
                        "no image"),
                arguments(
                        "an empty index",
                        change(image, f -> f.put("index.json", bytes("{\"schemaVersion\":2,\"manifests\":[]}"))),
                        "no image"),
                arguments(
                        "a wrong size",
                        oci(TestImage.named("n:1")
                                .file("a", "1")
                                .changeManifest(
                                        m -> ((com.fasterxml.jackson.databind.node.ObjectNode) m.at("/layers/0"))
                                                .put("size", 1))),
                        "are described"),
                arguments(
                        "too few diff ids",
                        oci(TestImage.named("n:1")
                                .file("a", "1")
                                .changeConfig(
                                        c -> c.withObjectProperty("rootfs").putArray("diff_ids"))),
                        "has 1 layers"),
                arguments(
                        "another platform in the index only",
                        indexed(TestImage.unnamed()
                                .platform(Platform.parse("plan9/amd64"))
                                .file("a", "")),
                        "is not for"),
                arguments("a device", new TarBuilder().device("null", '3', 1, 3).build(), "no image archive"),
                arguments("rubbish", bytes("rubbish".repeat(200)), "no tar archive"),
                arguments(
                        "a docker archive without its layer",
                        new TarBuilder()
                                .file(
                                        "c.json",
                                        "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"diff_ids\":[\"sha256:"
                                                + "1".repeat(64) + "\"]}}")
                                .file("manifest.json", "[{\"Config\":\"c.json\",\"Layers\":[\"l.tar\"]}]")
                                .build(),
                        "lacks l.tar"),
                arguments(
                        "a docker archive with another layer",
                        new TarBuilder()
                                .file(
                                        "c.json",
                                        "{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"diff_ids\":[\"sha256:"
                                                + "1".repeat(64) + "\"]}}")
                                .file("l.tar", "")
                                .file("manifest.json", "[{\"Config\":\"c.json\",\"Layers\":[\"l.tar\"]}]")
                                .build(),
                        "layer l.tar of the archive has digest"),
                arguments(
                        "a docker archive with a wrong name",
                        new TarBuilder()
                                .file("1".repeat(64) + ".json", "{}")
                                .file("manifest.json", "[{\"Config\":\"" + "1".repeat(64) + ".json\",\"Layers\":[]}]")
                                .build(),
                        "has digest"),
                arguments(
                        "a link in circles",
                        new TarBuilder()
                                .symlink("manifest.json", "manifest.json")
                                .build(),
                        "leads nowhere"),
                arguments(
                        "a link to the host",
                        new TarBuilder().symlink("manifest.json", "/etc/passwd").build(),
                        "no image archive"),
                arguments(
                        "a bad name",
                        change(
                                image,
                                f -> f.put(
                                        "index.json",
                                        bytes(new String(f.get("index.json"), StandardCharsets.UTF_8)
                                                .replace("example.test/broken", "EXAMPLE/..")))),
                        "names an image badly"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("broken")
    void an_archive_that_is_not_right_leaves_nothing(String what, byte[] archive, String why) throws IOException {
        assertThatThrownBy(() -> importTar(archive))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(why);

        assertThat(store.list()).isEmpty();
        assertNothingUnfinished();
        try (var blobs = Files.list(directory.resolve("state/images/blobs/sha256"))) {
            assertThat(blobs).isEmpty();
        }
    }

    @Test
    void an_index_is_kept_by_its_own_digest_and_gives_the_image_of_this_machine() throws IOException {
        var mine = TestImage.unnamed().file("a", "mine");
        var digest = importTar(indexed(mine)).getFirst().digest();

        var image = store.find(digest).orElseThrow();
        assertThat(image.digest()).isNotEqualTo(image.manifest());
        assertThat(image.manifest()).isEqualTo(mine.manifest().digest());
        assertThat(store.find(image.manifest())).map(Image::id).contains(image.id());
    }

    @Test
    void a_name_that_moves_on_leaves_its_image_without_one() throws IOException {
        var old = imported(TestImage.named("example.test/app:1").file("a", "old"));
        var now = imported(TestImage.named("example.test/app:1").file("a", "new"));

        assertThat(store.list())
                .containsExactlyInAnyOrder(
                        new TaggedImage(Optional.empty(), old),
                        new TaggedImage(Optional.of(ImageReference.parse("example.test/app:1")), now));
        assertThat(store.find(old)).isPresent();
    }

    @Test
    void names_are_given_and_taken() throws IOException {
        var digest = imported(TestImage.named("example.test/app:1").file("a", ""));
        var other = ImageReference.parse("other:2");
        store.tag(digest, other);

        assertThat(store.find(other)).map(Image::digest).contains(digest);
        assertThat(store.remove(other)).isTrue();
        assertThat(store.remove(other)).isFalse();
        assertThat(store.find(other)).isEmpty();
        assertThat(store.remove(ImageReference.parse("example.test/app:1"))).isTrue();
        assertThat(store.list()).containsExactly(new TaggedImage(Optional.empty(), digest));
        assertThatThrownBy(() -> store.tag(new Digest("1".repeat(64)), other))
                .hasMessageContaining("there is no image");
    }

    @Test
    void a_reference_by_digest_is_found_by_content() throws IOException {
        var digest = imported(TestImage.named("example.test/app:1").file("a", ""));

        assertThat(store.find(ImageReference.parse("whatever/name:5@" + digest)))
                .isPresent();
        assertThat(store.find(ImageReference.parse("whatever/name@sha256:" + "1".repeat(64))))
                .isEmpty();
    }

    @Test
    void an_image_of_which_a_part_is_lost_or_damaged_is_not_used() throws IOException {
        var image = store.find(imported(TestImage.named("example.test/app:1").file("a", "")))
                .orElseThrow();
        Files.write(store.blobs().path(image.id()), new byte[] {1});
        assertThatThrownBy(() -> store.find(image.digest())).isInstanceOf(WrongDigestException.class);
        Files.delete(store.blobs().path(image.id()));
        assertThat(store.find(image.digest())).isEmpty();
    }

    @Test
    void the_store_is_an_oci_layout_that_others_read() throws Exception {
        imported(TestImage.named("example.test/app:1").file("a", ""));

        var process = new ProcessBuilder(
                        "skopeo", "inspect", "oci:" + directory.resolve("state/images") + ":example.test/app:1")
                .redirectErrorStream(true)
                .start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(process.waitFor()).as(said).isZero();
    }

    private Digest imported(TestImage image) throws IOException {
        return importTar(oci(image)).getFirst().digest();
    }

    private List<TaggedImage> importTar(byte[] archive) throws IOException {
        return store.importArchive(new ByteArrayInputStream(archive), Optional.empty(), Progress.NONE);
    }

    private static byte[] oci(TestImage image) {
        return change(image, files -> {});
    }

    private static byte[] change(TestImage image, Consumer<Map<String, byte[]>> change) {
        var files = new LinkedHashMap<>(image.ociFiles());
        change.accept(files);
        return tar(files);
    }

    private static byte[] tar(Map<String, byte[]> files) {
        var tar = new TarBuilder();
        files.forEach((name, content) -> tar.file(name, 0644, content));
        return tar.build();
    }

    private static byte[] tar(String file) {
        return new TarBuilder().file(file, "").build();
    }

    /** An archive whose only entry is an index with that image and one for a machine that nobody has. */
    private static byte[] indexed(TestImage image) {
        var index = TestImage.index(
                TestImage.unnamed().platform(Platform.parse("plan9/mips")).file("z", ""), image);
        var files = new LinkedHashMap<>(image.ociFiles());
        files.put("blobs/sha256/" + index.digest().hex(), index.content());
        files.put(
                "index.json",
                bytes("{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"" + MediaType.OCI_INDEX + "\",\"digest\":\""
                        + index.digest() + "\",\"size\":" + index.content().length + "}]}"));
        return tar(files);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private void assertNothingUnfinished() throws IOException {
        try (var files = Files.list(directory.resolve("state/images/tmp"))) {
            assertThat(files).isEmpty();
        }
    }
}
