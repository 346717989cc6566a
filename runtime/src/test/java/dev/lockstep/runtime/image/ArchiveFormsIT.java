package dev.lockstep.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Archives as other programs write and read them. */
class ArchiveFormsIT {
    private static final TestImage APP = TestImage.named("example.test/shop/app:1")
            .gzipLayer(new TarBuilder().file("a", "1").build())
            .file("b", "2")
            .command("x");

    @TempDir
    private Path directory;

    private ImageStore store;

    @BeforeEach
    void open() throws IOException {
        store = store("state");
    }

    private ImageStore store(String name) throws IOException {
        return new ImageStore(
                Root.open(directory.resolve(name), directory.resolve(name + "-run")),
                Platform.current(),
                InstantSource.system());
    }

    private List<TaggedImage> load(byte[] archive) throws IOException {
        return store.importArchive(new ByteArrayInputStream(archive), Optional.empty(), Progress.NONE);
    }

    private static byte[] tar(Map<String, byte[]> files) {
        var tar = new TarBuilder();
        files.forEach((name, content) -> tar.file(name, 0644, content));
        return tar.build();
    }

    private static byte[] xz(byte[] content) throws IOException {
        var out = new ByteArrayOutputStream();
        try (var xz = new XZOutputStream(out, new LZMA2Options(1))) {
            xz.write(content);
        }
        return out.toByteArray();
    }

    @Test
    void an_archive_compressed_with_xz_is_read_and_a_damaged_one_refused() throws IOException {
        var archive = xz(tar(APP.ociFiles()));

        assertThat(load(archive)).hasSize(1);
        assertThat(store.verify().isGood()).isTrue();

        archive[archive.length / 2] ^= 1;
        var other = store("other");
        assertThatThrownBy(
                        () -> other.importArchive(new ByteArrayInputStream(archive), Optional.empty(), Progress.NONE))
                .isInstanceOf(IOException.class);
        assertThat(directory.resolve("other/images/tmp")).isEmptyDirectory();
        assertThat(other.list()).isEmpty();
    }

    /** As Docker wrote before its version 25: a directory for each layer, and layers of others by links. */
    private static TarBuilder old(boolean manifest) {
        var config = APP.configBlob();
        var tar = new TarBuilder();
        var names = new ArrayList<String>();
        for (var layer : APP.blobs().subList(1, 3)) {
            var own = layer.digest().hex().substring(0, 32) + "0".repeat(32);
            names.add("\"" + own + "/layer.tar\"");
            tar.directory(own + "/")
                    .file(own + "/VERSION", "1.0")
                    .file(own + "/json", "{}")
                    .symlink(own + "/layer.tar", "../shared/" + layer.digest().hex() + ".tar")
                    .file("shared/" + layer.digest().hex() + ".tar", 0644, layer.content());
        }
        tar.file(config.digest().hex() + ".json", 0644, config.content());
        tar.file("repositories", "{\"example.test/shop/app\":{\"1\":\"" + "1".repeat(64) + "\"}}");
        if (manifest) {
            tar.file(
                    "manifest.json",
                    "[{\"Config\":\"" + config.digest().hex()
                            + ".json\",\"RepoTags\":[\"example.test/shop/app:1\",\"second:latest\"],\"Layers\":["
                            + String.join(",", names) + "]}]");
        }
        return tar;
    }

    @Test
    void what_docker_wrote_before_25_is_read_and_what_it_wrote_before_1_10_refused_by_name() throws IOException {
        assertThat(load(old(true).build()))
                .extracting(image -> image.reference().orElseThrow().familiar())
                .containsExactly("example.test/shop/app:1", "second:latest");
        assertThat(store.find(ImageReference.parse("second")).orElseThrow().id())
                .isEqualTo(APP.configBlob().digest());

        assertThatThrownBy(() -> load(old(false).build()))
                .isInstanceOf(InvalidImageException.class)
                .hasMessageContaining("older than 1.10");
    }

    private static byte[] annotated(String annotations) {
        var files = new LinkedHashMap<>(APP.ociFiles());
        var index = new String(files.get("index.json"), StandardCharsets.UTF_8);
        files.put(
                "index.json",
                index.replaceFirst("\"annotations\":\\{[^}]*}", "\"annotations\":{" + annotations + "}")
                        .getBytes(StandardCharsets.UTF_8));
        return tar(files);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'\"io.containerd.image.name\":\"docker.io/library/web:2\",\"org.opencontainers.image.ref.name\":\"2\"' | web:2",
                "'\"org.opencontainers.image.ref.name\":\"example.test/web:2\"' | example.test/web:2",
                "'\"org.opencontainers.image.ref.name\":\"2\"' | -",
                "'\"org.opencontainers.image.ref.name\":\"\"' | -",
                "'' | -"
            })
    void names_in_a_layout_are_containerds_or_the_layouts_and_a_tag_alone_is_none(String annotations, String name)
            throws IOException {
        assertThat(load(annotated(annotations)))
                .extracting(i -> i.reference().map(ImageReference::familiar).orElse("-"))
                .containsExactly(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "0", "9223372036854775807", "1e3"})
    void a_size_that_is_wrong_is_refused_though_the_digest_fits(String size) {
        var files = new LinkedHashMap<>(APP.ociFiles());
        var index = new String(files.get("index.json"), StandardCharsets.UTF_8);
        files.put(
                "index.json",
                index.replaceFirst("\"size\":[0-9]+", "\"size\":" + size).getBytes(StandardCharsets.UTF_8));

        assertThatThrownBy(() -> load(tar(files))).isInstanceOf(InvalidImageException.class);
        assertThat(directory.resolve("state/images/tmp")).isEmptyDirectory();
        assertThat(directory.resolve("state/images/blobs/sha256")).isEmptyDirectory();
    }

    @Test
    void names_that_lead_out_of_the_archive_lead_nowhere_else() throws IOException {
        var files = new LinkedHashMap<>(APP.ociFiles());
        files.put("../../../escaped", new byte[1]);
        files.put("/tmp/../../escaped", new byte[1]);
        files.put("images/index.json", new byte[1]);

        assertThat(load(tar(files))).hasSize(1);

        try (var all = Files.walk(directory)) {
            assertThat(all.filter(path -> path.endsWith("escaped"))).isEmpty();
        }
        assertThat(store.list()).hasSize(1);
    }

    @Test
    void members_without_end_are_refused() {
        var tar = new TarBuilder();
        for (var i = 0; i < 100_002; i++) {
            tar.symlink("l" + i, "x");
        }
        assertThatThrownBy(() -> load(tar.build())).hasMessageContaining("more than 100000 entries");
    }

    @Test
    void what_is_the_index_of_gigabytes_is_refused_unread() {
        var files = new LinkedHashMap<>(APP.ociFiles());
        var index = new byte[5 << 20];
        Arrays.fill(index, (byte) ' ');
        files.put("index.json", index);

        assertThatThrownBy(() -> load(tar(files))).isInstanceOf(InvalidImageException.class);
    }

    /** Cut after any byte: refused, and nothing of it is here. */
    @ParameterizedTest
    @ValueSource(strings = {"plain", "gzip", "xz"})
    void an_archive_that_ends_too_early_leaves_nothing(String form) throws IOException {
        var plain = tar(APP.ociFiles());
        var whole = switch (form) {
            case "gzip" -> TarBuilder.gzip(plain);
            case "xz" -> xz(plain);
            default -> plain;
        };
        // What follows the last member is padding, which takes hardly a byte of what is compressed.
        var needed = form.equals("plain") ? plain.length - 2048 : whole.length * 9 / 10;
        for (var length = 0; length < needed; length += Math.max(1, needed / 50)) {
            var cut = Arrays.copyOf(whole, length);
            assertThatThrownBy(() -> load(cut))
                    .as(length + " of " + whole.length)
                    .isInstanceOf(IOException.class);
            assertThat(store.list()).isEmpty();
            assertThat(directory.resolve("state/images/tmp")).isEmptyDirectory();
            assertThat(directory.resolve("state/images/blobs/sha256")).isEmptyDirectory();
        }
        assertThat(load(whole)).hasSize(1);
    }

    @Test
    void umoci_reads_the_layout_that_we_save_and_unpacks_it() throws Exception {
        load(tar(APP.ociFiles()));
        var layout = Files.createDirectory(directory.resolve("layout"));
        var saved = directory.resolve("saved.tar");
        try (var out = Files.newOutputStream(saved)) {
            store.save(store.catalog().images(), out);
        }
        run("tar", "-C", layout.toString(), "-xf", saved.toString());
        var name = run("umoci", "ls", "--layout", layout.toString()).strip();
        assertThat(name).isEqualTo("example.test/shop/app:1");
        // umoci takes what follows the last colon for a tag, and no name with one in it.
        run("skopeo", "copy", "--quiet", "--preserve-digests", "oci-archive:" + saved, "oci:" + layout + "-2:one");

        assertThat(run("umoci", "stat", "--json", "--image", layout + "-2:one")).contains("history");
        run(
                "umoci",
                "raw",
                "unpack",
                "--image",
                layout + "-2:one",
                directory.resolve("tree").toString());
        assertThat(directory.resolve("tree/a")).hasContent("1");
        assertThat(directory.resolve("tree/b")).hasContent("2");
        run("umoci", "gc", "--layout", layout.toString());
        assertThat(layout.resolve("blobs/sha256")
                        .resolve(APP.manifest().digest().hex()))
                .hasBinaryContent(APP.manifest().content());
    }

    private static String run(String... words) throws Exception {
        var process = new ProcessBuilder(words).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }

    @ParameterizedTest
    @ValueSource(strings = {"oci-archive", "docker-archive"})
    void skopeo_copies_what_we_save_and_we_load_what_it_wrote(String form) throws Exception {
        load(tar(APP.ociFiles()));
        var saved = directory.resolve("saved.tar");
        try (var out = Files.newOutputStream(saved)) {
            store.save(store.catalog().images(), out);
        }
        var copy = directory.resolve("copy.tar");
        var name = "example.test/shop/app:1";
        var words = new ArrayList<>(List.of("skopeo", "copy", "--quiet"));
        if (form.equals("oci-archive")) {
            words.add("--preserve-digests");
        }
        words.addAll(List.of(form + ":" + saved + ":" + name, form + ":" + copy + ":" + name));
        run(words.toArray(String[]::new));

        var other = store("other");
        var loaded = other.importArchive(copy, Optional.empty(), Progress.NONE);

        assertThat(loaded)
                .singleElement()
                .satisfies(image -> assertThat(image.reference()).contains(ImageReference.parse(name)));
        var image = other.find(loaded.getFirst().digest()).orElseThrow();
        assertThat(image.id()).isEqualTo(APP.configBlob().digest());
        assertThat(image.config().diffIds())
                .isEqualTo(store.find(APP.manifest().digest())
                        .orElseThrow()
                        .config()
                        .diffIds());
        if (form.equals("oci-archive")) {
            assertThat(image.digest()).isEqualTo(APP.manifest().digest());
        }
    }
}
