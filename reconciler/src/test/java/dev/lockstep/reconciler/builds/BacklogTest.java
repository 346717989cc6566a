package dev.lockstep.reconciler.builds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.builds.BuildRecord.State;
import dev.lockstep.runtime.image.Digest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What is built next, what is not built any more, and what is forgotten. */
class BacklogTest {
    private static final Instant NOON = Instant.parse("2026-11-24T12:00:00Z");

    static BuildRecord record(long number, String target, String ref, State state) {
        return new BuildRecord(
                number,
                "https://git.example.com/shop.git",
                target,
                target,
                List.of("t" + number),
                new Occasion(
                        ref.startsWith("refs/heads/") ? Occasion.Kind.BRANCH : Occasion.Kind.TAG, ref, "a".repeat(40)),
                "",
                "",
                state,
                state == State.SUCCEEDED ? Optional.of(digest(number)) : Optional.empty(),
                false,
                "",
                NOON,
                state == State.QUEUED ? Optional.empty() : Optional.of(NOON.plusSeconds(number)),
                Optional.empty(),
                0);
    }

    private static Digest digest(long number) {
        return Digest.parse("sha256:" + "%064x".formatted(number));
    }

    private static List<Long> order(List<BuildRecord> all) {
        var left = new ArrayList<>(all);
        var order = new ArrayList<Long>();
        for (var next = Backlog.next(left, _ -> false); next.isPresent(); next = Backlog.next(left, _ -> false)) {
            var taken = next.get();
            order.add(taken.number());
            left.remove(taken);
            left.add(record(taken.number(), taken.target(), taken.occasion().ref(), State.FAILED)
                    .begun(NOON.plusSeconds(1000 + order.size()))
                    .over(State.FAILED, "", NOON));
        }
        return order;
    }

    @Test
    void of_each_target_the_newest_is_first_and_targets_take_turns() {
        assertThat(order(List.of(
                        record(1, "web", "refs/tags/v1", State.QUEUED),
                        record(2, "web", "refs/tags/v2", State.QUEUED),
                        record(3, "web", "refs/tags/v3", State.QUEUED),
                        record(4, "db", "refs/tags/v3", State.QUEUED))))
                .containsExactly(4L, 3L, 2L, 1L);
        assertThat(order(List.of(
                        record(1, "web", "refs/tags/v1", State.QUEUED),
                        record(4, "db", "refs/tags/v1", State.QUEUED),
                        record(5, "db", "refs/tags/v2", State.QUEUED))))
                .containsExactly(5L, 1L, 4L);
    }

    @Test
    void a_target_is_not_built_twice_at_once() {
        var busy = List.of(
                record(1, "web", "refs/tags/v1", State.TESTING), record(2, "web", "refs/tags/v2", State.QUEUED));
        assertThat(Backlog.next(busy, _ -> false)).isEmpty();
        assertThat(Backlog.next(List.of(busy.get(0), record(3, "db", "refs/tags/v1", State.QUEUED)), _ -> false))
                .map(BuildRecord::number)
                .contains(3L);
    }

    @Test
    void a_newer_push_takes_the_place_of_those_of_its_branch_that_wait() {
        var newer = record(9, "web", "refs/heads/main", State.QUEUED);
        assertThat(Backlog.superseded(
                        List.of(
                                record(1, "web", "refs/heads/main", State.BUILDING),
                                record(2, "web", "refs/heads/main", State.QUEUED),
                                record(3, "web", "refs/heads/next", State.QUEUED),
                                record(4, "db", "refs/heads/main", State.QUEUED),
                                record(5, "web", "refs/tags/v1", State.QUEUED),
                                newer),
                        newer))
                .extracting(BuildRecord::number)
                .containsExactly(2L);
        var tag = record(9, "web", "refs/tags/v2", State.QUEUED);
        assertThat(Backlog.superseded(List.of(record(5, "web", "refs/tags/v1", State.QUEUED), tag), tag))
                .isEmpty();
    }

    @Test
    void what_is_over_is_forgotten_but_not_what_somebody_needs() {
        var all = List.of(
                record(1, "web", "refs/tags/v1", State.SUCCEEDED),
                record(2, "web", "refs/tags/v2", State.SUCCEEDED),
                record(3, "db", "refs/tags/v1", State.SUCCEEDED),
                record(4, "web", "refs/tags/v3", State.FAILED),
                record(5, "web", "refs/tags/v4", State.SUCCEEDED),
                record(6, "web", "refs/tags/v5", State.REFUSED),
                record(7, "web", "refs/tags/v6", State.QUEUED));
        assertThat(BuildRetention.forgotten(all, 1, Set.of(digest(1))))
                .extracting(BuildRecord::number)
                .containsExactly(4L, 2L);
        assertThat(BuildRetention.forgotten(all, 6, Set.of())).isEmpty();
    }

    @Test
    void what_has_the_names_of_a_branch_is_kept_behind_an_old_commit_that_was_made_again() {
        var retried = new BuildRecord(
                3,
                "https://git.example.com/shop.git",
                "web",
                "web",
                List.of(),
                new Occasion(Occasion.Kind.RETRY, "refs/heads/main", "b".repeat(40)),
                "",
                "",
                State.SUCCEEDED,
                Optional.of(digest(3)),
                false,
                "",
                NOON,
                Optional.empty(),
                Optional.empty(),
                0);
        var all = List.of(
                record(1, "web", "refs/heads/main", State.SUCCEEDED),
                record(2, "web", "refs/heads/main", State.SUCCEEDED),
                retried);
        assertThat(BuildRetention.forgotten(all, 1, Set.of()))
                .extracting(BuildRecord::number)
                .containsExactly(1L);
    }

    @Test
    void one_that_has_to_wait_for_others_holds_nobody_else_up() {
        var all =
                List.of(record(1, "app", "refs/tags/v1", State.QUEUED), record(2, "db", "refs/tags/v1", State.QUEUED));
        assertThat(Backlog.next(all, record -> record.number() == 2).map(BuildRecord::number))
                .contains(1L);
        assertThat(Backlog.next(all, _ -> true)).isEmpty();
    }
}
