package dev.lockstep.reconciler.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RefWatchTest {
    @TempDir
    Path directory;

    private final AtomicInteger told = new AtomicInteger();

    private Path repository(String git) throws IOException {
        for (var name : new String[] {"objects", "refs/heads", "refs/tags"}) {
            Files.createDirectories(directory.resolve(git).resolve(name));
        }
        return directory.resolve(git);
    }

    /** As Git does it. */
    private static void replace(Path file, String content) throws IOException {
        Files.createDirectories(file.getParent());
        var lock = Files.writeString(file.resolveSibling(file.getFileName() + ".lock"), content);
        Files.move(lock, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private RefWatch watch(String url, String ref) {
        return RefWatch.start(Remote.parse(url), new FollowedRef(ref), told::incrementAndGet)
                .orElseThrow();
    }

    @ParameterizedTest
    @CsvSource({
        "., main, refs/heads/main",
        "., main, packed-refs",
        "., feature/x, refs/heads/feature/x",
        "., v1, refs/tags/v1",
        "., refs/deploy/live, refs/deploy/live",
        ".git, main, refs/heads/main"
    })
    void a_ref_that_moves_is_heard_of_at_once(String git, String ref, String file) throws IOException {
        var repository = repository(git);
        replace(repository.resolve(file), "old");
        try (var _ = watch("file://" + directory, ref)) {
            replace(repository.resolve(file), "new");
            await().atMost(Duration.ofSeconds(60))
                    .untilAtomic(told, n -> assertThat(n).isPositive());
        }
    }

    @Test
    void a_directory_of_refs_that_comes_later_is_watched_from_then_on() throws IOException {
        var repository = repository(".");
        try (var _ = watch(directory.toString(), "feature/x")) {
            replace(repository.resolve("refs/heads/feature/x"), "one");
            await().atMost(Duration.ofSeconds(60))
                    .untilAtomic(told, n -> assertThat(n).isPositive());
            // Whoever is told registered first.
            var before = told.get();
            replace(repository.resolve("refs/heads/feature/x"), "two");
            await().atMost(Duration.ofSeconds(60))
                    .untilAtomic(told, n -> assertThat(n).isGreaterThan(before));
        }
    }

    @Test
    void other_places_and_commits_have_nothing_to_hear() {
        assertThat(RefWatch.start(Remote.parse("https://example.com/a.git"), new FollowedRef("main"), () -> {}))
                .isEmpty();
        assertThat(RefWatch.start(Remote.parse(directory.toString()), new FollowedRef("0".repeat(40)), () -> {}))
                .isEmpty();
    }
}
