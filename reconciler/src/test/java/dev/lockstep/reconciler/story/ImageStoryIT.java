package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is removed, and what is not, on a host with a stack. */
class ImageStoryIT {
    private static final String COMPOSE = """
            name: shop
            services:
              web: {image: "web:1", command: sleep 100000, volumes: ["data:/data"]}
              old: {image: "old:1", command: "true", restart: "no"}
            volumes: {data: }
            """;

    @TempDir
    Path directory;

    private Host host;
    private Path project;

    @BeforeEach
    void aHostWithAStackAndAnImageTooMany() throws IOException {
        host = new Host(directory);
        host.importImage(TestImage.busybox("old:1").file("old", "1"));
        host.importImage(TestImage.busybox("spare:1").file("spare", "1"));
        project = Files.createDirectories(directory.resolve("p"));
        Files.writeString(project.resolve("compose.yaml"), COMPOSE);
        var applied = host.lockstepIn(project, "apply", "-y");
        assertThat(applied.code()).as(applied.all()).isZero();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        host.close();
    }

    private String ok(String... words) throws IOException {
        var said = host.lockstep(words);
        assertThat(said.code()).as(said.all()).isZero();
        return said.out();
    }

    @Test
    void what_containers_have_stays_and_what_nobody_needs_goes() throws IOException {
        for (var name : new String[] {"web", "old"}) {
            var said = host.lockstep("image", "rm", name + ":1");
            assertThat(said.code()).isEqualTo(1);
            assertThat(said.err())
                    .isEqualTo("lockstep: image " + name + ":1 is used by container shop-" + name + "-1; remove that"
                            + " first, or take only the name away with --force\n");
        }
        assertThat(ok("system", "df"))
                .containsPattern("Images +3 +2 ")
                .containsPattern("Containers +2 +1 ")
                .containsPattern("Local Volumes +1 +1 +0B +0B");
        assertThat(ok("image", "prune", "-af"))
                .contains("Removed spare:1", "no container and no stack needs it")
                .doesNotContain("web:1", "old:1");
        assertThat(ok("image", "ls")).contains("web", "old").doesNotContain("spare");
        assertThat(ok("image", "verify")).contains("all good");
        var again = host.lockstepIn(project, "apply", "-y");
        assertThat(again.code()).as(again.all()).isZero();
    }

    @Test
    void the_images_of_the_wanted_revision_are_kept_until_the_stack_is_taken_down() throws IOException {
        try (var roots = Files.list(host.root().resolve("images/roots"))) {
            assertThat(roots.map(file -> file.getFileName().toString()))
                    .containsExactlyInAnyOrder("stack.shop.applied", "stack.shop.wanted");
        }

        // Another revision: the image of the one before it is nobody's now.
        Files.writeString(project.resolve("compose.yaml"), COMPOSE.replace("old:1\",", "spare:1\","));
        var applied = host.lockstepIn(project, "apply", "-y");
        assertThat(applied.code()).as(applied.all()).isZero();
        assertThat(ok("image", "prune", "-af")).contains("Removed old:1").doesNotContain("spare:1");

        ok("-p", "shop", "down", "-v", "-t", "1");
        assertThat(host.root().resolve("images/roots")).isEmptyDirectory();
        assertThat(ok("image", "prune", "-af")).contains("Removed web:1", "Removed spare:1");
        assertThat(host.root().resolve("images/blobs/sha256")).isEmptyDirectory();
        assertThat(host.root().resolve("snapshots")).isEmptyDirectory();
    }
}
