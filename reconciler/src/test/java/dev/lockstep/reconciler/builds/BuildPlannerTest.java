package dev.lockstep.reconciler.builds;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.builds.BuildRecord.State;
import dev.lockstep.reconciler.git.RemoteRef;
import dev.lockstep.spec.settings.Build;
import dev.lockstep.spec.settings.HostSelector;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class BuildPlannerTest {
    private static final String MAIN = "refs/heads/main";

    private final Map<String, String> refs = new TreeMap<>();
    private final List<BuildRecord> records = new ArrayList<>();
    private List<BuildTarget> targets = List.of(target("app", List.of("v*"), List.of(), false));
    private SeenRefs seen = SeenRefs.NONE;

    static BuildTarget target(String name, List<String> tags, List<String> branches, boolean moved) {
        var build = new Build(
                "shop/" + name,
                List.of("{tag}"),
                "",
                "Dockerfile",
                Optional.empty(),
                Map.of(),
                Map.of(),
                List.of(),
                new Build.When(tags, branches, List.of(), moved),
                Optional.empty(),
                false,
                false,
                HostSelector.EVERY);
        return new BuildTarget(
                name,
                build.image(),
                build.tags(),
                new Recipe.Entry("", build),
                new Triggers(tags, branches, List.of(), moved),
                Optional.empty(),
                false);
    }

    private static String commit(int n) {
        return "%07x".formatted(n) + "0".repeat(33);
    }

    private static int number(String commit) {
        return Integer.parseInt(commit.substring(0, 7), 16);
    }

    private BuildPlannerTest has(String ref, int commit) {
        refs.put(ref, commit(commit));
        return this;
    }

    private void record(String target, String ref, int commit, State state) {
        record(target, new Occasion(Occasion.Kind.TAG, ref, commit(commit)), state, List.of());
    }

    /** A build that a person asked for again, and the tags that it got. */
    private void retry(String ref, int commit, State state, String... tags) {
        record("app", new Occasion(Occasion.Kind.RETRY, ref, commit(commit)), state, List.of(tags));
    }

    private void push(String ref, int commit, State state, String... tags) {
        record("app", new Occasion(Occasion.Kind.BRANCH, ref, commit(commit)), state, List.of(tags));
    }

    private void record(String target, Occasion occasion, State state, List<String> tags) {
        records.addFirst(new BuildRecord(
                records.size() + 1,
                "url",
                target,
                "shop/" + target,
                tags,
                occasion,
                "",
                "inputs" + number(occasion.commit()),
                state,
                Optional.empty(),
                false,
                "",
                Instant.EPOCH,
                Optional.empty(),
                Optional.empty(),
                0));
    }

    private BuildPlanner planner() {
        return new BuildPlanner(targets, MAIN, seen, records);
    }

    private BuildPlanner.Plan plan() {
        return planner()
                .plan(refs.entrySet().stream()
                        .map(e -> new RemoteRef(e.getKey(), e.getValue(), e.getValue()))
                        .toList());
    }

    /** What is wished for, and all of it is done. */
    private List<String> look() {
        var plan = plan();
        var all = new ArrayList<String>();
        for (var wish : plan.wishes()) {
            var commit = number(wish.occasion().commit());
            record(wish.target().name(), wish.occasion().ref(), commit, State.SUCCEEDED);
            all.add(wish.target().name() + " "
                    + RemoteRef.shortened(wish.occasion().ref()) + " " + commit);
        }
        for (var refusal : plan.refusals()) {
            record(
                    refusal.target(),
                    refusal.occasion().ref(),
                    number(refusal.occasion().commit()),
                    State.REFUSED);
            all.add("refused " + refusal.target() + " "
                    + RemoteRef.shortened(refusal.occasion().ref()));
        }
        seen = plan.seen();
        return all;
    }

    @Test
    void the_first_look_builds_the_newest_tag_and_no_history() {
        has("refs/tags/v1.9.0", 1).has("refs/tags/v1.10.0", 2).has("refs/tags/v1.10.0-rc.1", 3);
        has("refs/tags/x9", 4);

        assertThat(look()).containsExactly("app v1.10.0 2");
        assertThat(look()).isEmpty();
        has("refs/tags/v1.9.1", 5);
        assertThat(look()).as("older than the newest, and new").containsExactly("app v1.9.1 5");
    }

    @Test
    void many_tags_in_one_push_are_all_found_the_newest_first() {
        assertThat(look()).isEmpty();
        for (var i = 0; i < 500; i++) {
            has("refs/tags/v1." + i, i + 1);
        }
        assertThat(look())
                .hasSize(500)
                .startsWith("app v1.499 500", "app v1.498 499")
                .endsWith("app v1.0 1");
        assertThat(look()).isEmpty();
    }

    @Test
    void of_more_tags_than_anybody_makes_the_newest_are_built_and_the_others_are_told_once() {
        assertThat(look()).isEmpty();
        for (var i = 0; i < BuildPlanner.MOST + 7; i++) {
            has("refs/tags/v1." + i, i + 1);
        }
        var plan = plan();
        assertThat(plan.wishes()).hasSize(BuildPlanner.MOST);
        assertThat(plan.wishes().getLast().occasion().ref()).isEqualTo("refs/tags/v1.7");
        assertThat(plan.refusals()).singleElement().satisfies(refusal -> {
            assertThat(refusal.occasion().ref()).isEqualTo("refs/tags/v1.6");
            assertThat(refusal.problem()).contains("v1.6 and all older ones (7) are not built");
        });
        assertThat(look()).hasSize(BuildPlanner.MOST + 1);
        assertThat(look()).isEmpty();
    }

    @Test
    void a_tag_that_moved_is_refused_once_and_its_first_commit_stays() {
        assertThat(look()).isEmpty();
        has("refs/tags/v1", 1);
        assertThat(look()).containsExactly("app v1 1");

        has("refs/tags/v1", 2);
        assertThat(plan().refusals())
                .singleElement()
                .satisfies(refusal -> assertThat(refusal.problem())
                        .isEqualTo("tag v1 was moved from 0000001 to 0000002, and what it named may be in use. Make a"
                                + " new tag, or write moved: allow below when: of builds.app"));
        assertThat(look()).containsExactly("refused app v1");
        assertThat(look()).isEmpty();

        has("refs/tags/v1", 1);
        assertThat(look()).as("moved back to what was built").isEmpty();
        has("refs/tags/v1", 2);
        assertThat(look()).as("there again, which was told").isEmpty();
    }

    @Test
    void a_tag_that_is_deleted_and_made_again_was_moved_unless_it_is_the_same_commit() {
        has("refs/tags/v1", 1);
        assertThat(look()).containsExactly("app v1 1");
        refs.clear();
        assertThat(look()).isEmpty();
        has("refs/tags/v1", 1);
        assertThat(look()).isEmpty();
        refs.clear();
        assertThat(look()).isEmpty();
        has("refs/tags/v1", 2);
        assertThat(look()).containsExactly("refused app v1");
    }

    @Test
    void so_many_deleted_tags_are_remembered_and_the_longest_gone_goes_first() {
        has("refs/tags/z-first", 1);
        look();
        refs.clear();
        look();
        for (var i = 0; i < BuildPlanner.MOST_DELETED - 1; i++) {
            has("refs/tags/a" + i, 2);
        }
        look();
        refs.clear();
        look();
        assertThat(planner().forgotten(plan().seen())).isEmpty();

        has("refs/tags/b", 3);
        look();
        refs.clear();
        assertThat(planner().forgotten(plan().seen())).containsExactly("refs/tags/z-first");
        look();
        has("refs/tags/a0", 4);
        var now = plan().seen();
        assertThat(now.refs()).hasSize(BuildPlanner.MOST_DELETED).doesNotContainKey("refs/tags/z-first");
        assertThat(now.deleted()).hasSize(BuildPlanner.MOST_DELETED - 1).doesNotContain("refs/tags/a0");
    }

    @Test
    void a_tag_that_was_built_because_a_stack_wanted_it_is_held_to_that_commit() {
        has("refs/tags/v2", 2);
        assertThat(look()).containsExactly("app v2 2");
        record("app", "refs/tags/v1", 1, State.SUCCEEDED);
        has("refs/tags/v1", 3);
        assertThat(look()).containsExactly("refused app v1");
    }

    @Test
    void a_moved_tag_is_built_again_where_that_is_allowed_also_when_it_is_allowed_later() {
        has("refs/tags/v1", 1);
        assertThat(look()).hasSize(1);
        has("refs/tags/v1", 2);
        assertThat(look()).containsExactly("refused app v1");

        targets = List.of(target("app", List.of("v*"), List.of(), true));
        assertThat(look()).containsExactly("app v1 2");
        has("refs/tags/v1", 3);
        assertThat(look()).containsExactly("app v1 3");
        has("refs/tags/v1", 2);
        assertThat(look()).as("its image is that of 3").containsExactly("app v1 2");
        assertThat(look()).isEmpty();
    }

    @Test
    void a_branch_that_is_put_back_is_built_again_since_its_names_mean_what_was_taken_back() {
        targets = List.of(target("app", List.of(), List.of("main"), false));
        has(MAIN, 1);
        assertThat(look()).containsExactly("app main 1");
        has(MAIN, 2);
        assertThat(look()).containsExactly("app main 2");
        var before = seen;
        has(MAIN, 1);
        assertThat(look()).containsExactly("app main 1");
        assertThat(look()).isEmpty();
        seen = before;
        assertThat(look()).as("ordered before a crash").isEmpty();

        has(MAIN, 3);
        record("app", MAIN, 3, State.FAILED);
        assertThat(look()).as("failed for good").isEmpty();
        has(MAIN, 1);
        assertThat(look()).as("still what main means").isEmpty();
    }

    @Test
    void a_branch_that_is_put_back_behind_a_build_that_was_made_again_is_built_again() {
        targets = List.of(target("app", List.of(), List.of("main"), false));
        has(MAIN, 2);
        look();
        records.clear();
        push(MAIN, 1, State.SUCCEEDED, "main", "0000001");
        push(MAIN, 2, State.FAILED, "main", "0000002");
        retry(MAIN, 2, State.QUEUED, "main", "0000002");
        has(MAIN, 1);
        assertThat(plan().wishes()).as("main will mean 2").hasSize(1);

        records.removeFirst();
        retry(MAIN, 2, State.FAILED, "main", "0000002");
        assertThat(plan().wishes()).as("main still means 1").isEmpty();
        retry(MAIN, 2, State.SUCCEEDED, "0000002");
        assertThat(plan().wishes()).as("it has a name of its own only").isEmpty();
        retry(MAIN, 2, State.SUCCEEDED, "main", "0000002");
        assertThat(look()).as("main means 2").containsExactly("app main 1");
        assertThat(look()).isEmpty();
    }

    @Test
    void a_tag_that_is_put_back_behind_a_build_that_was_made_again_is_built_again_where_it_may_move() {
        targets = List.of(target("app", List.of("v*"), List.of(), true));
        has("refs/tags/v1", 2);
        look();
        records.clear();
        record("app", new Occasion(Occasion.Kind.TAG, "refs/tags/v1", commit(1)), State.SUCCEEDED, List.of("v1"));
        record("app", new Occasion(Occasion.Kind.TAG, "refs/tags/v1", commit(2)), State.FAILED, List.of("v1"));
        record("app", new Occasion(Occasion.Kind.WANTED, "refs/tags/v1", commit(2)), State.SUCCEEDED, List.of("v1"));
        has("refs/tags/v1", 1);
        assertThat(look()).containsExactly("app v1 1");
    }

    @Test
    void what_was_built_last_of_a_branch_is_what_its_names_mean() {
        push(MAIN, 1, State.SUCCEEDED, "main", "0000001");
        push(MAIN, 3, State.SUCCEEDED, "main", "0000003");
        retry(MAIN, 1, State.QUEUED, "main", "0000001");
        assertThat(planner().builtLast("app", MAIN)).as("as late as it was").contains(commit(3));
        records.removeFirst();
        retry(MAIN, 1, State.SUCCEEDED, "0000001");
        assertThat(planner().builtLast("app", MAIN)).contains(commit(3));
        retry(MAIN, 1, State.SUCCEEDED);
        assertThat(planner().builtLast("app", MAIN)).contains(commit(3));

        push(MAIN, 4, State.FAILED, "main", "0000004");
        retry(MAIN, 4, State.SUCCEEDED, "main", "0000004");
        assertThat(planner().builtLast("app", MAIN)).contains(commit(4));
    }

    @Test
    void moved_tags_that_were_refused_are_built_when_that_is_allowed_whichever_they_are() {
        has("refs/tags/v1", 1).has("refs/tags/v2", 2).has("refs/tags/v0", 9);
        targets = List.of(target("app", List.of("v*"), List.of(), false));
        assertThat(look()).containsExactly("app v2 2");
        record("app", "refs/tags/v1", 1, State.SUCCEEDED);
        has("refs/tags/v1", 3);
        assertThat(look()).containsExactly("refused app v1");

        targets = List.of(target("app", List.of("v*"), List.of(), true));
        has("refs/tags/v3", 4).has("refs/tags/v1.5", 5);
        assertThat(look()).as("no history, and all that is new").containsExactly("app v3 4", "app v1.5 5", "app v1 3");
        assertThat(look()).isEmpty();

        targets = List.of(target("app", List.of("v*"), List.of(), false));
        assertThat(look()).isEmpty();
        has("refs/tags/v1.5", 6);
        assertThat(look()).containsExactly("refused app v1.5");
    }

    @Test
    void a_tag_that_failed_is_not_built_again_by_itself() {
        assertThat(look()).isEmpty();
        has("refs/tags/v1", 1);
        record("app", "refs/tags/v1", 1, State.FAILED);
        assertThat(look()).isEmpty();
    }

    @Test
    void what_was_ordered_before_a_crash_is_not_ordered_again() {
        assertThat(look()).isEmpty();
        var before = seen;
        has("refs/tags/v1", 1).has("refs/tags/v2", 2);
        assertThat(look()).hasSize(2);
        seen = before;
        assertThat(look()).isEmpty();
    }

    @Test
    void records_that_were_pruned_change_nothing() {
        has("refs/tags/v1", 1);
        assertThat(look()).hasSize(1);
        has("refs/tags/v2", 2);
        assertThat(look()).hasSize(1);
        records.clear();
        assertThat(look()).isEmpty();
    }

    @Test
    void a_target_that_is_new_or_started_by_something_else_has_no_history() {
        has("refs/tags/v1", 1).has("refs/tags/v2", 2).has("refs/tags/w1", 3).has("refs/tags/w2", 4);
        assertThat(look()).containsExactly("app v2 2");
        targets =
                List.of(target("app", List.of("w*"), List.of(), false), target("web", List.of("w*"), List.of(), false));
        assertThat(look()).containsExactly("app w2 4", "web w2 4");
        assertThat(look()).isEmpty();
    }

    @Test
    void ranges_take_versions_only() {
        targets = List.of(target("app", List.of(">=1 <2"), List.of(), false));
        assertThat(look()).isEmpty();
        has("refs/tags/v1.1", 1).has("refs/tags/v1.2-rc.1", 2).has("refs/tags/v2.0", 3);
        has("refs/tags/1.3.0", 4).has("refs/tags/v", 5);
        assertThat(look()).containsExactly("app 1.3.0 4", "app v1.1 1");
    }

    @Test
    void pushes_to_branches_are_built_and_at_first_only_those_that_are_named() {
        targets = List.of(target("app", List.of(), List.of("main", "release/*", "next"), false));
        has(MAIN, 1).has("refs/heads/release/1", 2).has("refs/heads/next", 3).has("refs/heads/other", 4);
        assertThat(look()).containsExactly("app main 1", "app next 3");

        has(MAIN, 5).has("refs/heads/release/1", 6).has("refs/heads/release/2", 7);
        has("refs/heads/release/2/x", 8).has("refs/heads/other", 9);
        assertThat(look()).containsExactly("app main 5", "app release/1 6", "app release/2 7");

        refs.remove("refs/heads/release/2");
        assertThat(planner().forgotten(plan().seen())).containsExactly("refs/heads/release/2");
        assertThat(look()).isEmpty();
        has("refs/heads/release/2", 10);
        assertThat(look()).as("made again").containsExactly("app release/2 10");
    }

    @Test
    void the_followed_branch_counts_at_first_under_a_pattern_too() {
        targets = List.of(target("app", List.of(), List.of("*"), false));
        has(MAIN, 1).has("refs/heads/feature", 2);
        assertThat(look()).containsExactly("app main 1");
    }

    @Test
    void what_others_propose_is_never_built_whatever_the_patterns_are() {
        targets = List.of(target("app", List.of("**"), List.of("**"), false));
        assertThat(look()).isEmpty();
        has("refs/pull/1/head", 1).has("refs/merge-requests/1/head", 2);
        has("refs/changes/1/1", 3).has("refs/notes/x", 4);
        assertThat(look()).isEmpty();
        assertThat(seen.refs()).isEmpty();
    }

    @Test
    void a_remote_is_asked_for_no_more_than_can_start_something() {
        assertThat(BuildPlanner.patterns(List.of(
                        target("a", List.of("v*", "v1", "app-*-x"), List.of("main", "release/*"), false),
                        target("b", List.of("v*"), List.of("main"), false))))
                .containsExactly("refs/heads/main", "refs/heads/release/*", "refs/tags/app-*", "refs/tags/v*");
        assertThat(BuildPlanner.patterns(List.of(target("a", List.of("v*", ">=1"), List.of(), false))))
                .containsExactly("refs/tags/*");
        assertThat(BuildPlanner.patterns(List.of())).isEmpty();
    }

    @Test
    void what_was_built_last_of_a_branch_is_what_succeeded_or_will() {
        record("app", MAIN, 1, State.SUCCEEDED);
        record("app", MAIN, 2, State.FAILED);
        assertThat(planner().builtLast("app", MAIN)).contains(commit(1));
        record("app", MAIN, 3, State.QUEUED);
        assertThat(planner().builtLast("app", MAIN)).contains(commit(3));
        assertThat(planner().builtLast("web", MAIN)).isEmpty();
        assertThat(planner().isKnown("app", "inputs2")).isTrue();
        assertThat(planner().isKnown("app", "inputs4")).isFalse();
    }

    /**
     * Whatever happens: a tag at one commit, a branch where its last build was not, and a second look finds nothing.
     */
    @Test
    void nothing_is_built_twice_however_tags_and_branches_move() {
        targets = List.of(
                target("app", List.of("v*"), List.of("*"), false), target("web", List.of(">=0"), List.of(), false));
        for (var seed = 0; seed < 300; seed++) {
            refs.clear();
            records.clear();
            seen = SeenRefs.NONE;
            var random = new Random(seed);
            var wished = new HashMap<String, String>();
            for (var step = 0; step < 12; step++) {
                var name =
                        random.nextBoolean() ? "refs/tags/v" + random.nextInt(3) : "refs/heads/b" + random.nextInt(2);
                if (random.nextInt(4) == 0) {
                    refs.remove(name);
                } else {
                    has(name, 1 + random.nextInt(4));
                }
                for (var wish : look()) {
                    if (wish.startsWith("refused")) {
                        continue;
                    }
                    var ref = wish.substring(0, wish.lastIndexOf(' '));
                    var before = wished.put(ref, wish);
                    if (wish.contains(" v")) {
                        assertThat(before)
                                .as("seed %d: a tag is built once", seed)
                                .isNull();
                    } else {
                        assertThat(wish).as("seed %d", seed).isNotEqualTo(before);
                    }
                }
                assertThat(look()).as("seed %d", seed).isEmpty();
            }
        }
    }
}
