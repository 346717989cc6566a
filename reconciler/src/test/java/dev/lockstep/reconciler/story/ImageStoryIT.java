package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
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
                    .matches("lockstep: conflict: unable to remove repository reference \"" + name + ":1\""
                            + " \\(must force\\) - container shop-" + name + "-1 is using its referenced image"
                            + " [0-9a-f]{12}; remove that first, or take only the name away with --force\n");
            var id = ok("image", "inspect", "-f", "{{.Id}}", name + ":1").strip();
            assertThat(host.lockstep("image", "rm", id).err())
                    .contains(
                            name.equals("web")
                                    ? " (cannot be forced) - image is being used by running container shop-web-1;"
                                    : " (must be forced) - image is being used by stopped container shop-old-1;");
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
    void a_layer_that_went_bad_under_a_running_container_is_said_and_repaired_when_it_is_gone() throws IOException {
        Path page;
        try (var found =
                Files.find(host.root().resolve("snapshots"), 5, (path, _) -> path.endsWith("www/cgi-bin/page"))) {
            page = found.findFirst().orElseThrow();
        }
        Files.writeString(page, "spoilt");

        var running = host.lockstep("image", "verify");
        assertThat(running.code()).isEqualTo(1);
        assertThat(running.err())
                .contains(": /www/cgi-bin/page has ", "it is mounted by container shop-web-1; stop that");
        assertThat(page).hasContent("spoilt");

        ok("-p", "shop", "down", "-t", "1");
        assertThat(host.lockstep("image", "verify").err()).contains("it has been unpacked again");
        assertThat(ok("image", "verify")).contains("all good");
    }

    private void apply(String old) throws IOException {
        Files.writeString(project.resolve("compose.yaml"), COMPOSE.replace("old:1\",", old + "\","));
        var applied = host.lockstepIn(project, "apply", "-y");
        assertThat(applied.code()).as(applied.all()).isZero();
    }

    private Stream<String> roots() throws IOException {
        try (var roots = Files.list(host.root().resolve("images/roots"))) {
            return roots.map(file -> file.getFileName().toString()).toList().stream();
        }
    }

    @Test
    void the_images_of_the_last_good_revisions_are_kept_until_the_stack_is_taken_down() throws IOException {
        for (var name : new String[] {"third:1", "fourth:1"}) {
            host.importImage(TestImage.busybox(name).file(name, "1"));
        }
        assertThat(roots()).containsExactlyInAnyOrder("stack.shop.applied", "stack.shop.wanted");

        // Two revisions later the first one's image is still there to go back to; three later it is nobody's.
        apply("spare:1");
        apply("third:1");
        assertThat(ok("image", "prune", "-af")).contains("Removed fourth:1").doesNotContain("old:1", "spare:1");
        host.importImage(TestImage.busybox("fourth:1").file("fourth:1", "1"));
        apply("fourth:1");
        assertThat(ok("image", "prune", "-af")).contains("Removed old:1").doesNotContain("spare:1", "third:1");

        // No registry has these names: going back works with what is here, or not at all.
        apply("spare:1");
        assertThat(ok("ps", "-a")).contains("spare:1");

        ok("-p", "shop", "down", "-v", "-t", "1");
        assertThat(roots()).isEmpty();
        assertThat(ok("image", "prune", "-af")).contains("Removed web:1", "Removed spare:1", "Removed third:1");
        assertThat(host.root().resolve("images/blobs/sha256")).isEmptyDirectory();
        assertThat(host.root().resolve("snapshots")).isEmptyDirectory();
        assertThat(ok("status")).contains("Housekeeping ", " removed, ");
    }

    @Test
    void going_back_to_the_last_good_revision_needs_no_registry() throws IOException {
        String first;
        try (var registry = FakeRegistry.start()) {
            first = registry.serve("shop/app", "1", TestImage.busybox("app:1").file("version", "1"));
            var second =
                    registry.serve("shop/app", "2", TestImage.busybox("app:2").file("version", "2"));
            apply(first);
            apply(second);
        }
        assertThat(ok("image", "prune", "-af")).contains("Removed spare:1").doesNotContain("shop/app", "old:1");

        apply(first);

        assertThat(ok("ps", "-a")).contains("shop/app:1");
        assertThat(ok("image", "verify")).contains("all good");
    }
}
