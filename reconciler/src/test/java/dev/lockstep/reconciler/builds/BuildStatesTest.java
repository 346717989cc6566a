package dev.lockstep.reconciler.builds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.builds.BuildRecord.State;
import dev.lockstep.reconciler.deploy.StackBuilds.BuildState;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a tag means by the builds that there are. */
class BuildStatesTest {
    private static final ImageReference SHOP = ImageReference.parse("shop:1.1");
    private static final String OLD = "a".repeat(64);
    private static final String NOW = "b".repeat(64);

    private final List<BuildRecord> records = new ArrayList<>();

    private static Digest digest(long number) {
        return new Digest("%064d".formatted(number));
    }

    private BuildStatesTest had(long number, State state, String inputs, String... tags) {
        records.add(new BuildRecord(
                number,
                "https://git.example/shop",
                "shop",
                "shop",
                List.of(tags),
                new Occasion(Occasion.Kind.TAG, "refs/tags/v1.1", "c".repeat(40)),
                "subject",
                inputs,
                state,
                Optional.of(digest(number)).filter(_ -> state == State.SUCCEEDED),
                false,
                state == State.FAILED ? "Dockerfile:2: no such command." : state == State.REFUSED ? "it moved" : "",
                Instant.EPOCH,
                Optional.empty(),
                Optional.empty(),
                0));
        records.sort(Comparator.comparingLong(BuildRecord::number).reversed());
        return this;
    }

    private BuildState tag() throws IOException {
        return BuildStates.ofTag(SHOP, false, () -> NOW, records);
    }

    private BuildState section() {
        return BuildStates.ofSection(SHOP, "shop", NOW, records);
    }

    private static BuildState built(long number) {
        return new BuildState.Built(digest(number), number, false);
    }

    @Test
    void a_tag_is_what_the_newest_build_of_that_tag_gave() throws IOException {
        had(3, State.SUCCEEDED, OLD, "1.0")
                .had(4, State.SUCCEEDED, OLD, "1", "1.1")
                .had(5, State.SUCCEEDED, OLD, "1.2");

        assertThat(tag()).isEqualTo(built(4));
        had(6, State.SUCCEEDED, OLD, "1.1");
        assertThat(tag()).isEqualTo(built(6));
    }

    @Test
    void what_is_pending_is_waited_for_by_its_number() throws IOException {
        for (var state : List.of(State.QUEUED, State.BUILDING, State.TESTING)) {
            records.clear();
            had(12, state, OLD, "1.1");
            assertThat(tag())
                    .as(state.name())
                    .isEqualTo(new BuildState.Pending(12, "waits for build 12 of shop:1.1", false));
        }
    }

    @Test
    void what_failed_or_was_refused_names_the_build_and_what_to_do() throws IOException {
        had(12, State.FAILED, OLD, "1.1");
        assertThat(tag())
                .isEqualTo(new BuildState.Broken("build 12 of shop:1.1 failed: Dockerfile:2: no such command. 'lockstep"
                        + " builds logs 12' shows what it said, 'lockstep builds retry 12' tries it again"));
        had(13, State.REFUSED, OLD, "1.1");
        assertThat(tag())
                .isEqualTo(new BuildState.Broken(
                        "build 13 of shop:1.1 is refused: it moved. 'lockstep builds show 13' tells more"));
    }

    @Test
    void a_retry_of_what_failed_is_waited_for() throws IOException {
        had(12, State.FAILED, OLD, "1.1").had(13, State.QUEUED, OLD, "1.1");

        assertThat(tag()).isEqualTo(new BuildState.Pending(13, "waits for build 13 of shop:1.1", false));
    }

    @Test
    void built_once_it_stays_what_it_is_whatever_comes_after() throws IOException {
        had(12, State.SUCCEEDED, OLD, "1.1");
        var number = 13;
        for (var state : List.of(State.REFUSED, State.FAILED, State.QUEUED, State.SUPERSEDED)) {
            had(number++, state, "f".repeat(64), "1.1");
            assertThat(tag()).as(state.name()).isEqualTo(built(12));
        }
    }

    @Test
    void a_change_that_is_pushed_together_with_its_image_waits_for_it() throws IOException {
        had(12, State.SUCCEEDED, OLD, "1.1").had(13, State.QUEUED, NOW, "1.1");
        assertThat(tag()).isEqualTo(new BuildState.Pending(13, "waits for build 13 of shop:1.1", false));

        had(13, State.FAILED, NOW, "1.1");
        records.removeIf(record -> record.state() == State.QUEUED);
        assertThat(tag()).isInstanceOf(BuildState.Broken.class);
    }

    @Test
    void another_attempt_at_what_was_built_is_not_waited_for() throws IOException {
        had(12, State.SUCCEEDED, NOW, "1.1").had(13, State.BUILDING, NOW, "1.1");

        assertThat(tag()).isEqualTo(built(12));
    }

    @Test
    void a_moved_tag_that_is_refused_changes_nothing_for_the_commit_that_it_was_moved_to() throws IOException {
        had(12, State.SUCCEEDED, OLD, "1.1").had(13, State.REFUSED, NOW, "1.1");

        assertThat(tag()).isEqualTo(built(12));
    }

    @Test
    void inputs_are_asked_for_only_where_they_matter() throws IOException {
        had(12, State.SUCCEEDED, OLD, "1.1").had(11, State.FAILED, NOW, "1.1");

        var state = BuildStates.ofTag(
                SHOP,
                false,
                () -> {
                    throw new IOException("nobody needs them");
                },
                records);

        assertThat(state).isEqualTo(built(12));
    }

    @Test
    void what_nobody_has_built_may_be_in_a_registry_only_where_it_is_pushed() throws IOException {
        had(11, State.SUPERSEDED, OLD, "1.1").had(12, State.SUCCEEDED, OLD, "1.0");
        var why = "waits for a build of shop:1.1: this host has none";

        assertThat(tag()).isEqualTo(new BuildState.Missing(why, false, true));
        assertThat(BuildStates.ofTag(SHOP, true, () -> NOW, records))
                .isEqualTo(new BuildState.Missing(why, true, true));
    }

    @Test
    void a_section_is_what_was_built_from_the_same_whatever_its_tag() {
        had(12, State.SUCCEEDED, NOW, "7").had(13, State.SUCCEEDED, OLD, "1.1");

        assertThat(section()).isEqualTo(built(12));
    }

    @Test
    void a_section_that_has_changed_is_built_before_it_runs() {
        had(12, State.SUCCEEDED, OLD, "1.1");
        assertThat(section())
                .isEqualTo(new BuildState.Missing(
                        "waits for a build of shop:1.1: what it is built from has changed since build 12",
                        false,
                        false));

        had(13, State.QUEUED, NOW, "1.1");
        assertThat(section()).isEqualTo(new BuildState.Pending(13, "waits for build 13 of shop:1.1", false));
        records.removeIf(record -> record.number() == 13);
        had(13, State.FAILED, NOW, "1.1");
        assertThat(section()).isInstanceOf(BuildState.Broken.class);
    }

    @Test
    void an_image_of_another_registry_is_another_image() throws IOException {
        had(12, State.SUCCEEDED, OLD, "1.1");

        assertThat(BuildStates.ofTag(ImageReference.parse("registry.example/shop:1.1"), false, () -> NOW, records))
                .isInstanceOf(BuildState.Missing.class);
    }
}
