package dev.lockstep.reconciler.history;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which commit a stack goes back to. */
class HealthyRevisionsTest {
    private static final String A = "a".repeat(40);
    private static final String B = "b".repeat(40);
    private static final String C = "c".repeat(40);

    private final List<HistoryEntry> entries = new ArrayList<>();

    private void run(String commit, Outcome outcome, String... image) {
        entries.add(new HistoryEntry(
                        Instant.EPOCH,
                        "h",
                        "r",
                        "shop",
                        Optional.of("u"),
                        Optional.of(commit).filter(c -> !c.isEmpty()),
                        Optional.of("main"),
                        "poll",
                        outcome,
                        List.of(),
                        "",
                        Duration.ZERO)
                .with(List.of(), image.length == 0 ? Map.of() : Map.of("x:1", image[0]))
                .numbered(entries.size() + 1));
    }

    private Optional<String> before(String commit) {
        return new HealthyRevisions(entries).before(commit).flatMap(HistoryEntry::commit);
    }

    @Test
    void the_last_one_that_was_well_and_is_not_this_one() {
        assertThat(before(A)).isEmpty();
        run(A, Outcome.CONVERGED);
        run(B, Outcome.CONVERGED);
        run("", Outcome.CONVERGED); // by hand
        run(C, Outcome.CONVERGED);
        assertThat(before(C)).contains(B);
        assertThat(before(B)).contains(C);
    }

    @Test
    void what_was_found_unwell_or_never_applied_is_none() {
        run(A, Outcome.CONVERGED);
        run(B, Outcome.CONVERGED);
        run(B, Outcome.UNHEALTHY);
        run(C, Outcome.REFUSED);
        assertThat(before(B)).contains(A);
        assertThat(before(A)).isEmpty();
        run(B, Outcome.CONVERGED); // mended
        assertThat(before(C)).contains(B);
    }

    @Test
    void what_was_left_again_is_none_until_it_is_applied_anew() {
        run(A, Outcome.CONVERGED, "sha256:1");
        run(B, Outcome.CONVERGED, "sha256:2"); // applied; its gate comes afterwards
        run(B, Outcome.ROLLED_BACK, "sha256:1");
        run(B, Outcome.DRIFT_CORRECTED, "sha256:1"); // kept at the one before it
        assertThat(before(A)).isEmpty();
        assertThat(new HealthyRevisions(entries).named("bbbb"))
                .get()
                .extracting(HistoryEntry::images)
                .isEqualTo(Map.of("x:1", "sha256:2"));
        run(C, Outcome.CONVERGED);
        assertThat(before(C)).contains(A);
        run(C, Outcome.DEGRADED);
        assertThat(before(A)).isEmpty();
        run(B, Outcome.CONVERGED); // tried again, as somebody asked
        run(B, Outcome.DRIFT_CORRECTED);
        assertThat(before(A)).contains(B);
    }

    @Test
    void what_nobody_waited_for_is_none_until_it_is_found_well() {
        run(A, Outcome.CONVERGED, "sha256:1");
        run(B, Outcome.CONVERGED, "sha256:2"); // applied
        run(B, Outcome.SUPERSEDED);
        run(C, Outcome.CONVERGED, "sha256:3");
        assertThat(before(C)).contains(A);
        assertThat(new HealthyRevisions(entries).named("bbbb"))
                .get()
                .extracting(HistoryEntry::images)
                .isEqualTo(Map.of("x:1", "sha256:2"));
        run(B, Outcome.CONVERGED);
        assertThat(new HealthyRevisions(entries).before(C))
                .get()
                .extracting(HistoryEntry::images)
                .isEqualTo(Map.of("x:1", "sha256:2"));
    }

    @Test
    void going_forth_and_back_is_in_the_order_of_time() {
        run(A, Outcome.CONVERGED);
        run(B, Outcome.CONVERGED);
        run(A, Outcome.CONVERGED);
        assertThat(before(B)).contains(A);
        assertThat(before(A)).contains(B);
    }

    @Test
    void images_are_those_that_it_had_last() {
        run(A, Outcome.CONVERGED, "sha256:1");
        run(A, Outcome.DRIFT_CORRECTED, "sha256:2");
        run(A, Outcome.CONVERGED);
        run(B, Outcome.CONVERGED, "sha256:3");
        assertThat(new HealthyRevisions(entries).before(B))
                .get()
                .extracting(HistoryEntry::images)
                .isEqualTo(Map.of("x:1", "sha256:2"));
    }

    @Test
    void a_revision_is_named_by_number_or_by_its_first_digits() {
        run(A, Outcome.CONVERGED, "sha256:1");
        run(B, Outcome.UNHEALTHY);
        var revisions = new HealthyRevisions(entries);
        assertThat(revisions.named("1").flatMap(HistoryEntry::commit)).contains(A);
        assertThat(revisions.named("aaaa"))
                .get()
                .extracting(HistoryEntry::images)
                .isEqualTo(Map.of("x:1", "sha256:1"));
        assertThat(revisions.named("bbbbb").flatMap(HistoryEntry::commit)).contains(B);
        assertThat(revisions.named("aaa")).isEmpty();
        assertThat(revisions.named("7")).isEmpty();
    }
}
