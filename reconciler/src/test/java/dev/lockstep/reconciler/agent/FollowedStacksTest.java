package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.spec.settings.AgentSettings;
import dev.lockstep.spec.settings.RepositoryAccess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who has a stack that several commits have. */
class FollowedStacksTest {
    private static final String URL = "https://example.com/infra.git";
    private static final FollowedRepository MAIN = source(URL, "main", "");
    private static final FollowedRepository FEATURE = source(URL, "feature/main", "");
    private static final FollowedRepository APPS = source(URL, "main", "apps");
    private static final FollowedRepository OTHER = source("https://example.com/other.git", "main", "");

    @TempDir
    private Path directory;

    private Root root;
    private List<FollowedRepository> followed;

    @BeforeEach
    void aRoot() throws IOException {
        root = Root.open(directory.resolve("root"), directory.resolve("run"));
        followed = List.of(MAIN, FEATURE, APPS, OTHER);
    }

    private static FollowedRepository source(String url, String ref, String path) {
        return new FollowedRepository(new AgentSettings.Repository(
                url, Optional.of(ref), Optional.of(path).filter(p -> !p.isEmpty())));
    }

    private FollowedStacks stacks() {
        return new FollowedStacks(root, followed);
    }

    private StackStatus write(String ref, String stackDirectory) throws IOException {
        var status = StackStatus.followed("shop", URL, ref, stackDirectory, Instant.EPOCH);
        new StatusFiles(root).write(status);
        return status;
    }

    @Test
    void who_comes_first_has_a_new_stack_until_the_repository_has_it_no_longer() throws IOException {
        var stacks = stacks();
        assertThat(stacks.claim("shop", OTHER)).isEmpty();
        assertThat(stacks.claim("shop", MAIN)).contains("https://example.com/other.git main");
        assertThat(stacks.claim("shop", OTHER)).isEmpty();
        assertThat(stacks.isOfAnother("shop", MAIN)).isTrue();
        stacks.release(MAIN, _ -> false);
        stacks.release(OTHER, "shop"::equals);
        assertThat(stacks.claim("shop", MAIN)).isPresent();
        stacks.release(OTHER, _ -> false);
        assertThat(stacks.claim("shop", MAIN)).isEmpty();
    }

    @Test
    void what_it_came_from_before_goes_before_who_comes_first() throws IOException {
        write("refs/heads/feature/main", "stacks/shop");
        var stacks = stacks();
        assertThat(stacks.claim("shop", MAIN)).contains(URL + " feature/main");
        assertThat(stacks.claim("shop", OTHER)).contains(URL + " feature/main");
        assertThat(stacks.claim("shop", FEATURE)).isEmpty();
    }

    @Test
    void of_two_directories_that_it_is_in_the_inner_one_has_it() throws IOException {
        var stacks = stacks();
        assertThat(stacks.claim("shop", MAIN)).isEmpty();
        var status = write("refs/heads/main", "apps/stacks/shop");
        assertThat(FollowedRepository.of(status, followed)).contains(APPS);
        assertThat(stacks.claim("shop", MAIN)).contains(URL + " main apps");
        assertThat(stacks.claim("shop", APPS)).isEmpty();
        assertThat(stacks.isOfAnother("shop", MAIN)).isTrue();
    }

    @Test
    void one_that_is_gone_from_a_branch_may_come_from_another_and_not_from_another_repository() throws IOException {
        new StatusFiles(root).write(write("refs/heads/main", "stacks/shop").asOrphan(Instant.EPOCH));
        assertThat(stacks().claim("shop", OTHER)).contains(URL + " main");
        assertThat(stacks().claim("shop", FEATURE)).isEmpty();
        assertThat(stacks().claim("shop", MAIN)).isEmpty();
    }

    @Test
    void another_repositorys_stack_is_known_before_that_has_been_looked_at() throws IOException {
        assertThat(stacks().isOfAnotherRepository("shop", OTHER)).isFalse();
        write("refs/heads/main", "stacks/shop");
        assertThat(stacks().isOfAnotherRepository("shop", OTHER)).isTrue();
        for (var part : List.of(MAIN, FEATURE, APPS)) {
            assertThat(stacks().isOfAnotherRepository("shop", part)).isFalse();
        }
        var stacks = stacks();
        assertThat(stacks.claim("blog", OTHER)).isEmpty();
        assertThat(stacks.isOfAnotherRepository("blog", MAIN)).isTrue();
        assertThat(stacks.isOfAnotherRepository("blog", OTHER)).isFalse();
    }

    @Test
    void a_repository_has_the_stacks_of_its_former_urls() throws IOException {
        write("refs/heads/main", "stacks/shop");
        var moved = new FollowedRepository(new AgentSettings.Repository(
                "ssh://git@example.com/infra.git",
                Optional.of("main"),
                Optional.empty(),
                AgentSettings.ForcePush.REFUSE_RELEASES,
                false,
                RepositoryAccess.NONE,
                List.of(URL)));
        followed = List.of(moved, OTHER);
        assertThat(stacks().isFollowed("shop")).isTrue();
        assertThat(stacks().claim("shop", OTHER)).contains("ssh://git@example.com/infra.git main");
        assertThat(stacks().claim("shop", moved)).isEmpty();
    }

    @Test
    void nothing_that_is_followed_no_longer_keeps_a_stack() throws IOException {
        write("refs/heads/old", "stacks/shop");
        assertThat(stacks().claim("shop", OTHER)).isEmpty();
    }
}
