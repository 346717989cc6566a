package dev.lockstep.reconciler.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lockstep.reconciler.git.GitException.Kind;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.spec.settings.AgentSettings.ForcePush;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Refs that are moved, as a real remote and a real clone have them. */
class RefRuleTest {
    private static final FollowedRef MAIN = new FollowedRef("main");
    private static final FollowedRef TAG = new FollowedRef("v1.2.0");

    @TempDir
    Path directory;

    private TestRepository origin;
    private GitSource source;

    @BeforeEach
    void open() throws IOException {
        origin = TestRepository.create(directory.resolve("shop.git"));
        source = origin.open(Root.open(directory.resolve("state"), directory.resolve("run")));
    }

    @AfterEach
    void close() {
        source.close();
        origin.close();
    }

    private static RefRule rule(ForcePush moves) {
        return new RefRule(moves, Optional.empty());
    }

    private FetchResult fetch(FollowedRef ref, ForcePush moves) throws IOException {
        return source.fetch(ref, rule(moves));
    }

    @ParameterizedTest
    @CsvSource({
        "v1.2.0, true", "1.2, true", "V2026.12.1, true", "v1.2.0-rc.1, true", "v1.2.0+build.5, true", "1.2.3rc1, true",
        "shop/v1.2.3, true", "shop@1.2.3, true", "release-1.2, true", "v1, false", "live, false", "2026-12-01, false",
        "v1.x, false", "build7, false"
    })
    void tags_that_are_called_as_releases_are(String tag, boolean release) {
        assertThat(RefRule.isRelease("refs/tags/" + tag)).isEqualTo(release);
        assertThat(RefRule.isRelease("refs/heads/" + tag))
                .as("a branch is none")
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource({"FOLLOW, false", "REFUSE_RELEASES, false", "REFUSE, true"})
    void a_branch_that_is_pushed_by_force(ForcePush moves, boolean refused) throws IOException {
        var old = origin.put("a", "1").commit("one");
        fetch(MAIN, moves);
        var other = origin.put("a", "2").forcePush("refs/heads/main", "other history");

        var result = fetch(MAIN, moves);

        assertThat(result.refused().isPresent()).isEqualTo(refused);
        assertThat(result.revision().commit()).isEqualTo(refused ? old : other);
        assertThat(source.fetched(MAIN).map(Revision::commit)).hasValue(refused ? old : other);
        if (refused) {
            assertThat(result.changed()).isFalse();
            assertThat(result.refused().orElseThrow().to().commit()).isEqualTo(other);
            assertThat(result.refused().orElseThrow().sentence())
                    .isEqualTo("repository " + origin.directory() + ": branch main was moved to "
                            + other.substring(0, 7) + ", which does not follow " + old.substring(0, 7)
                            + ", and this host refuses that (force-push: refuse): it stays at " + old.substring(0, 7)
                            + ". Move it back, or accept it here with 'lockstep sync --moved " + other.substring(0, 7)
                            + "' (where no agent runs, 'lockstep agent --once --moved " + other.substring(0, 7)
                            + "') or with force-push: follow in agent.yaml");
        }
    }

    @Test
    void a_branch_that_goes_on_is_followed_whatever_the_rule_is() throws IOException {
        origin.put("a", "1").commit("one");
        fetch(MAIN, ForcePush.REFUSE);
        var next = origin.put("a", "2").commit("two");

        assertThat(fetch(MAIN, ForcePush.REFUSE).revision().commit()).isEqualTo(next);
    }

    @ParameterizedTest
    @CsvSource({
        "v1.2.0, FOLLOW, false",
        "v1.2.0, REFUSE_RELEASES, true",
        "v1.2.0, REFUSE, true",
        "live, REFUSE_RELEASES, false",
        "live, REFUSE, true"
    })
    void a_tag_that_is_moved_also_to_a_commit_that_goes_on(String tag, ForcePush moves, boolean refused)
            throws IOException {
        var ref = new FollowedRef(tag);
        var first = origin.put("a", "1").commit("one");
        origin.set("refs/tags/" + tag, first);
        fetch(ref, moves);
        origin.annotatedTag(tag, first);
        assertThat(fetch(ref, moves).refused())
                .as("made anew for the same commit")
                .isEmpty();
        var second = origin.put("a", "2").commit("two");
        origin.delete("refs/tags/" + tag);
        origin.annotatedTag(tag, second);

        var result = fetch(ref, moves);

        assertThat(result.refused().isPresent()).isEqualTo(refused);
        assertThat(result.revision().commit()).isEqualTo(refused ? first : second);
    }

    @Test
    void a_branch_does_not_take_the_place_of_a_release() throws IOException {
        var first = origin.put("a", "1").commit("one");
        origin.set("refs/tags/v1.2.0", first);
        fetch(TAG, ForcePush.REFUSE_RELEASES);
        origin.set("refs/heads/v1.2.0", first);
        assertThat(fetch(TAG, ForcePush.REFUSE_RELEASES).refused())
                .as("or it could go on afterwards")
                .isPresent();
        origin.set("refs/heads/v1.2.0", origin.put("a", "2").commit("two"));

        var result = fetch(TAG, ForcePush.REFUSE_RELEASES);

        assertThat(result.revision().commit()).isEqualTo(first);
        assertThat(result.refused().orElseThrow().sentence())
                .contains("tag v1.2.0 at " + first.substring(0, 7) + " gave place to refs/heads/v1.2.0 at ");
    }

    @Test
    void what_is_back_is_followed_and_what_is_accepted_is_once_and_no_other() throws IOException {
        var first = origin.put("a", "1").commit("one");
        origin.set("refs/tags/v1.2.0", first);
        fetch(TAG, ForcePush.REFUSE_RELEASES);
        var second = origin.put("a", "2").commit("two");
        origin.set("refs/tags/v1.2.0", second);
        assertThat(fetch(TAG, ForcePush.REFUSE_RELEASES).refused()).isPresent();
        origin.set("refs/tags/v1.2.0", first);
        assertThat(fetch(TAG, ForcePush.REFUSE_RELEASES).refused()).isEmpty();

        origin.set("refs/tags/v1.2.0", second);
        var agreed = new RefRule(ForcePush.REFUSE_RELEASES, Optional.of(second.substring(0, 8)));
        assertThat(source.fetch(TAG, agreed).revision().commit()).isEqualTo(second);
        assertThat(fetch(TAG, ForcePush.REFUSE_RELEASES).refused()).isEmpty();
        var third = origin.put("a", "3").commit("three");
        origin.set("refs/tags/v1.2.0", third);
        assertThat(source.fetch(TAG, agreed).revision().commit()).isEqualTo(second);
    }

    @Test
    void a_clone_that_is_made_again_has_the_ref_where_it_was() throws IOException {
        var first = origin.put("a", "1").commit("one");
        origin.set("refs/tags/v1.2.0", first);
        fetch(TAG, ForcePush.REFUSE_RELEASES);
        var kept = packs();
        // Nothing of the remote leads to the first commit any more; the clone has it, and has lost another one.
        var other = origin.put("a", "2").forcePush("refs/heads/main", "other history");
        var main = source.fetch(MAIN).revision();
        origin.set("refs/tags/v1.2.0", other);
        source.close();
        for (var file : packs()) {
            if (!kept.contains(file)) {
                Files.delete(file);
            }
        }

        assertThat(source.fetched(MAIN)).as("which makes the clone again").isPresent();
        assertThat(source.open(main).read("a")).isPresent();
        assertThat(source.fetched(TAG).map(Revision::commit)).hasValue(first);
        var result = fetch(TAG, ForcePush.REFUSE_RELEASES);
        assertThat(result.refused()).isPresent();
        assertThat(source.open(result.revision()).read("a")).isPresent();
    }

    @Test
    void a_clone_that_is_lost_with_what_the_ref_was_at_is_not_led_elsewhere() throws IOException {
        origin.set("refs/tags/v1.2.0", origin.put("a", "1").commit("one"));
        fetch(TAG, ForcePush.REFUSE_RELEASES);
        var other = origin.put("a", "2").forcePush("refs/heads/main", "other history");
        origin.set("refs/tags/v1.2.0", other);
        source.close();
        deleteObjects();

        var failure = catchThrowableOfType(GitException.class, () -> fetch(TAG, ForcePush.REFUSE_RELEASES));

        if (failure == null) {
            // The remote still gives what no ref of it leads to.
            assertThat(source.fetched(TAG).map(Revision::commit)).isNotEqualTo(Optional.of(other));
        } else {
            assertThat(failure.kind()).isEqualTo(Kind.MOVED);
        }
        var agreed = new RefRule(ForcePush.REFUSE_RELEASES, Optional.of(other));
        assertThat(source.fetch(TAG, agreed).revision().commit()).isEqualTo(other);
    }

    private Path cloneDirectory() throws IOException {
        try (var clones = Files.newDirectoryStream(directory.resolve("state/git"), "[0-9a-f]*[0-9a-f]")) {
            return clones.iterator().next();
        }
    }

    private Set<Path> packs() throws IOException {
        try (var files = Files.list(cloneDirectory().resolve("objects/pack"))) {
            return files.collect(Collectors.toSet());
        }
    }

    private void deleteObjects() throws IOException {
        try (var files = Files.walk(cloneDirectory().resolve("objects"))) {
            for (var file : files.filter(Files::isRegularFile).toList()) {
                Files.delete(file);
            }
        }
    }
}
