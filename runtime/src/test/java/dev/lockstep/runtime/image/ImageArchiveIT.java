package dev.lockstep.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageArchiveIT {
    private static final byte[] SHARED =
            new TarBuilder().file("shared", "x".repeat(100_000)).build();

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

    private void imported(TestImage image) throws IOException {
        store.importArchive(image.ociArchive(directory.resolve("in.tar")), Optional.empty(), Progress.NONE);
    }

    private static byte[] saved(ImageStore from) throws IOException {
        var out = new ByteArrayOutputStream();
        from.save(from.catalog().images(), out);
        return out.toByteArray();
    }

    private void twoImages() throws IOException {
        imported(TestImage.named("example.test/a:1").layer(SHARED).gzipLayer(tar("a")));
        imported(TestImage.named("b:1").layer(SHARED).layer(tar("b")));
        store.tag(store.find(ImageReference.parse("b:1")).orElseThrow().digest(), ImageReference.parse("b:second"));
    }

    private static byte[] tar(String name) {
        return new TarBuilder().file(name, name).build();
    }

    @Test
    void saved_images_load_again_with_the_same_names_and_digests() throws IOException {
        twoImages();
        var archive = saved(store);
        var other = store("other");

        other.importArchive(new ByteArrayInputStream(archive), Optional.empty(), Progress.NONE);

        assertThat(other.catalog().images())
                .containsExactlyInAnyOrderElementsOf(store.catalog().images());
        assertThat(saved(other)).isEqualTo(archive);
    }

    @Test
    void a_saved_archive_loads_compressed_too() throws IOException {
        twoImages();
        var archive = saved(store);
        for (var compressed : List.of(TarBuilder.gzip(archive), Zstd.compress(archive))) {
            var other = store("other" + compressed.length);

            other.importArchive(new ByteArrayInputStream(compressed), Optional.empty(), Progress.NONE);

            assertThat(saved(other)).isEqualTo(archive);
        }
    }

    @Test
    void the_order_does_not_matter_and_shared_content_is_there_once() throws IOException {
        twoImages();
        var images = store.catalog().images();
        var out = new ByteArrayOutputStream();
        store.save(images.reversed(), out);

        assertThat(out.toByteArray()).isEqualTo(saved(store));
        assertThat(out.size()).isLessThan(2 * SHARED.length);
    }

    @Test
    void skopeo_reads_each_image_in_both_forms_and_finds_the_same_digest() throws Exception {
        twoImages();
        var file = Files.write(directory.resolve("out.tar"), saved(store));

        for (var image : store.catalog().images()) {
            for (var name : image.names()) {
                assertThat(skopeo("inspect", "--format", "{{.Digest}}", "oci-archive:" + file + ":" + name))
                        .isEqualTo(image.digest() + "\n");
                skopeo("inspect", "docker-archive:" + file + ":" + name);
            }
        }
        var layout = directory.resolve("layout");
        skopeo("copy", "--preserve-digests", "oci-archive:" + file + ":example.test/a:1", "oci:" + layout + ":x");
        assertThat(layout.resolve("blobs/sha256").toFile().list()).hasSize(4);
    }

    private static String skopeo(String... words) throws Exception {
        var command = new java.util.ArrayList<>(List.of("skopeo"));
        command.addAll(List.of(words));
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }

    @Test
    void an_image_of_which_a_part_is_missing_or_damaged_is_not_saved() throws IOException {
        imported(TestImage.named("example.test/a:1").layer(SHARED));
        var image = store.catalog().images().getFirst();
        var layer = image.whole().orElseThrow().layers().getFirst().blob();
        var content = Files.readAllBytes(store.blobs().path(layer));
        content[600] ^= 1;
        Files.write(store.blobs().path(layer), content);
        assertThatThrownBy(() -> saved(store)).isInstanceOf(WrongDigestException.class);

        Files.delete(store.blobs().path(layer));
        assertThatThrownBy(() -> saved(store))
                .isInstanceOf(InvalidImageException.class)
                .hasMessage("image example.test/a:1 is not here whole; pull it again");
    }

    @Test
    void details_are_what_the_image_says_with_its_layers_beside_its_steps() throws IOException {
        imported(TestImage.named("example.test/a:1")
                .layer(SHARED)
                .layer(tar("a"))
                .command("run")
                .changeConfig(document -> {
                    document.put("created", "2024-05-01T10:00:00+02:00").put("author", "somebody");
                    var history = document.putArray("history");
                    history.addObject().put("created_by", "ADD shared").put("created", "yesterday");
                    history.addObject().put("created_by", "CMD run").put("empty_layer", true);
                }));
        var image = store.catalog().images().getFirst().whole().orElseThrow();

        var details = store.details(image);

        assertThat(details.created()).contains(Instant.parse("2024-05-01T08:00:00Z"));
        assertThat(details.author()).contains("somebody");
        assertThat(details.config()).isEqualTo("{\"Cmd\":[\"run\"]}");
        assertThat(details.history())
                .containsExactly(
                        new ImageDetails.HistoryEntry(
                                Optional.empty(),
                                "ADD shared",
                                "",
                                Optional.of(image.layers().get(0))),
                        new ImageDetails.HistoryEntry(Optional.empty(), "CMD run", "", Optional.empty()),
                        new ImageDetails.HistoryEntry(
                                Optional.empty(),
                                "",
                                "",
                                Optional.of(image.layers().get(1))));
    }
}
