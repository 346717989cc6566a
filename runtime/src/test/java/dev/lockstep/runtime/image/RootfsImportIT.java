package dev.lockstep.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.TarBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RootfsImportIT {
    private static final byte[] TAR =
            new TarBuilder().directory("bin/").file("bin/app", "x".repeat(3000)).build();

    @TempDir
    private Path directory;

    private ImageStore store;

    @BeforeEach
    void open() throws IOException {
        store = new ImageStore(
                Root.open(directory.resolve("state"), directory.resolve("run")),
                Platform.current(),
                () -> Instant.parse("2026-11-25T10:00:00Z"));
    }

    private Image imported(byte[] archive, String... changes) throws IOException {
        var image = store.importRootfs(
                new ByteArrayInputStream(archive),
                Optional.of(ImageReference.parse("base:1")),
                List.of(changes),
                "by hand");
        return store.find(image.digest()).orElseThrow();
    }

    @Test
    void a_root_file_system_becomes_an_image_of_one_layer_however_it_is_compressed() throws IOException {
        var image = imported(TAR);

        assertThat(image.layers()).singleElement().satisfies(layer -> {
            assertThat(layer.blob()).isEqualTo(BlobStore.digest(TAR));
            assertThat(layer.diffId()).isEqualTo(layer.blob());
        });
        assertThat(store.details(image).created()).contains(Instant.parse("2026-11-25T10:00:00Z"));
        assertThat(store.details(image).history())
                .singleElement()
                .satisfies(step -> assertThat(step.comment()).isEqualTo("by hand"));
        assertThat(imported(TarBuilder.gzip(TAR)).digest()).isEqualTo(image.digest());
        assertThat(store.verify().isGood()).isTrue();
    }

    @Test
    void changes_say_how_it_wants_to_be_run() throws IOException {
        var image = imported(
                TAR,
                "CMD [\"/bin/app\", \"-v\"]",
                "entrypoint exec app",
                "ENV A=1 B=\"two words\" A=2",
                "ENV OLD way of doing it",
                "EXPOSE 80 53/udp 8000-8001",
                "LABEL a.b=c 'd e'=f\\ g",
                "USER nobody:nogroup",
                "VOLUME [\"/data\", \"/more data\"]",
                "VOLUME /x /y",
                "WORKDIR /srv",
                "WORKDIR app",
                "STOPSIGNAL SIGQUIT",
                "HEALTHCHECK --interval=1m30s --retries=2 CMD wget -q localhost",
                "ONBUILD RUN true");

        assertThat(store.details(image).config())
                .isEqualTo("{\"Cmd\":[\"/bin/app\",\"-v\"],\"Entrypoint\":[\"/bin/sh\",\"-c\",\"exec app\"],"
                        + "\"Env\":[\"A=2\",\"B=two words\",\"OLD=way of doing it\"],"
                        + "\"ExposedPorts\":{\"80/tcp\":{},\"53/udp\":{},\"8000/tcp\":{},\"8001/tcp\":{}},"
                        + "\"Labels\":{\"a.b\":\"c\",\"d e\":\"f g\"},\"User\":\"nobody:nogroup\","
                        + "\"Volumes\":{\"/data\":{},\"/more data\":{},\"/x\":{},\"/y\":{}},\"WorkingDir\":\"/srv/app\","
                        + "\"StopSignal\":\"SIGQUIT\",\"Healthcheck\":{\"Interval\":90000000000,\"Retries\":2,"
                        + "\"Test\":[\"CMD-SHELL\",\"wget -q localhost\"]},\"OnBuild\":[\"RUN true\"]}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "CMD",
                "RUN rm -rf /",
                "FROM x",
                "ENV A",
                "ENV A=1 B",
                "ENV A='1",
                "EXPOSE web",
                "EXPOSE 0",
                "EXPOSE 9-8",
                "EXPOSE 65536",
                "LABEL x",
                "VOLUME [\"\"]",
                "STOPSIGNAL -1",
                "HEALTHCHECK wget",
                "HEALTHCHECK CMD",
                "HEALTHCHECK --interval=often CMD x",
                "HEALTHCHECK --retries=0 CMD x",
                "HEALTHCHECK --loud=1 CMD x",
                "ONBUILD FROM x",
                "ONBUILD ONBUILD RUN x"
            })
    void what_is_no_change_is_refused_before_anything_is_read(String change) {
        assertThatThrownBy(
                        () -> store.importRootfs(new ByteArrayInputStream(TAR), Optional.empty(), List.of(change), ""))
                .isInstanceOf(IllegalArgumentException.class);
        assertThat(directory.resolve("state/images/blobs/sha256")).isEmptyDirectory();
    }

    @Test
    void what_is_no_archive_leaves_nothing() {
        for (var archive : List.of(
                new byte[0],
                "no archive at all".repeat(100).getBytes(StandardCharsets.UTF_8),
                Arrays.copyOf(TAR, 2000))) {
            assertThatThrownBy(() -> imported(archive)).isInstanceOf(IOException.class);
        }
        assertThat(directory.resolve("state/images/blobs/sha256")).isEmptyDirectory();
        assertThat(directory.resolve("state/images/tmp")).isEmptyDirectory();
    }
}
