package dev.lockstep.reconciler.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.desired.Rollout;
import dev.lockstep.reconciler.history.RevisionFiles;
import dev.lockstep.reconciler.history.StackRevision;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.testing.PlainSpec;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which files of commits stay on a host. */
class UnusedContentIT {
    private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");

    @TempDir
    Path directory;

    private Engine engine;
    private Digest image;

    @BeforeEach
    void open() throws IOException {
        engine = Engine.open(new EngineOptions(
                directory.resolve("state"), directory.resolve("run"), "test", Optional.of(Path.of("/bin/true")), true));
        image = engine.images()
                .importArchive(
                        TestImage.busybox("x").ociArchive(directory.resolve("image.tar")),
                        Optional.empty(),
                        Progress.NONE)
                .getFirst()
                .digest();
    }

    @AfterEach
    void close() throws IOException {
        engine.close();
    }

    private Path content(String identity, Duration age) throws IOException {
        var made =
                Files.createDirectories(engine.root().state().resolve("content").resolve(identity));
        var file = Files.writeString(made.resolve("content"), identity);
        Files.setLastModifiedTime(made, FileTime.from(NOW.minus(age)));
        return file;
    }

    private ContainerSpec mounting(String service, Path source) {
        var bind = new MountSpec.Bind(source, "shop:" + service, "/etc/" + service, true, false);
        return PlainSpec.of(service, "x:latest", image, Map.of(), List.of(bind));
    }

    @Test
    void stays_while_a_container_or_what_a_stack_goes_back_to_mounts_it_and_while_it_is_young() throws IOException {
        var old = Duration.ofDays(2);
        var mounted = content("100644-aa", old);
        var good = content("100644-bb", old);
        var unused = content("100644-cc", old);
        var young = content("100644-dd", Duration.ofMinutes(5));
        var id = engine.containers().create(mounting("web", mounted)).id();
        var spec = mounting("app", good);
        var service =
                new StackRevision.Service("app", List.of(spec), Map.of(), Rollout.DEFAULT, Rollout.DEFAULT, false);
        new RevisionFiles(engine.root(), "shop")
                .good(
                        new StackRevision(
                                Optional.empty(),
                                spec.owner(),
                                List.of(),
                                List.of(),
                                List.of(service),
                                Optional.empty()),
                        NOW);
        var housekeeping = new UnusedContent(engine, InstantSource.fixed(NOW));

        assertThat(housekeeping.remove()).isEqualTo(1);

        assertThat(List.of(mounted, good, young)).allMatch(Files::exists);
        assertThat(unused).doesNotExist();

        engine.containers().remove(id, true, true);
        assertThat(housekeeping.remove()).isEqualTo(1);
        assertThat(mounted).doesNotExist();
    }
}
