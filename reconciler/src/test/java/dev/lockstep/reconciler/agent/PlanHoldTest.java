package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.agent.PlanHold.Verdict;
import dev.lockstep.reconciler.decision.Approval;
import dev.lockstep.reconciler.decision.Decisions;
import dev.lockstep.reconciler.decision.Suspension;
import dev.lockstep.reconciler.git.Revision;
import dev.lockstep.reconciler.plan.Cause;
import dev.lockstep.reconciler.plan.Guards;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.reconciler.plan.Step;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.spec.settings.Guard;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who lets a held plan go, and which. */
class PlanHoldTest {
    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");
    private static final List<Guards.Finding> DATA = List.of(new Guards.Finding(Guard.DATA, "shop-db-1 has data"));

    @TempDir
    private Path directory;

    private Decisions decisions;
    private PlanHold hold;

    @BeforeEach
    void aRoot() throws IOException {
        decisions = new Decisions(Root.open(directory.resolve("root"), directory.resolve("run")));
        hold = new PlanHold("shop", decisions, () -> NOW);
    }

    private static Revision commit(String digit) {
        return new Revision(
                "https://git.example/infra",
                "refs/heads/main",
                digit.repeat(40),
                "e".repeat(40),
                Optional.empty(),
                "Ada",
                NOW,
                "Drop");
    }

    private static Plan plan(String container) {
        return new Plan(
                "web1",
                "shop",
                Optional.empty(),
                List.of(new Step(
                        "container/" + container,
                        new Operation.RemoveContainer("id", container, Optional.empty(), false),
                        List.of(new Cause(Cause.Kind.SPEC, "", "gone", "", Optional.empty())),
                        Set.of(),
                        Map.of())),
                List.of(),
                List.of(),
                List.of());
    }

    private Verdict judge(Plan plan, String commit, String... trailers) throws IOException {
        return hold.judge(plan, DATA, commit(commit), List.of(trailers));
    }

    @Test
    void an_approval_is_of_one_plan_whichever_commit_brings_it() throws IOException {
        var held = (Verdict.Held) judge(plan("shop-db-1"), "a");
        assertThat(held.news()).isTrue();
        assertThat(decisions.held("shop")).contains(held.plan());
        assertThat(((Verdict.Held) judge(plan("shop-db-1"), "a")).news()).isFalse();

        decisions.approve("shop", new Approval(held.plan().id(), "ada", NOW));
        assertThat(judge(plan("shop-db-1"), "b")).isEqualTo(new Verdict.Free(Optional.of("ada")));
        assertThat(judge(plan("shop-web-1"), "b")).isInstanceOf(Verdict.Held.class);

        decisions.release("shop");
        assertThat(judge(plan("shop-db-1"), "b")).isInstanceOf(Verdict.Held.class);
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        "shop, true",
        "'blog, shop', true",
        "'blog shop', true",
        "' shop ', true",
        "shops, false",
        "*, false",
        "all, false",
        "'', false",
    })
    void a_trailer_names_the_stack(String trailer, boolean free) throws IOException {
        assertThat(judge(plan("shop-db-1"), "a", trailer) instanceof Verdict.Free)
                .isEqualTo(free);
    }

    @Test
    void a_plan_that_removes_nothing_needs_nobody() throws IOException {
        assertThat(hold.judge(plan("shop-db-1"), List.of(), commit("a"), List.of()))
                .isEqualTo(new Verdict.Free(Optional.empty()));
        assertThat(decisions.held("shop")).isEmpty();
    }

    @Test
    void a_held_plan_is_named_by_the_beginning_of_its_id_or_commit() throws IOException {
        var held = ((Verdict.Held) judge(plan("shop-db-1"), "a")).plan();

        assertThat(held.isMeantBy(held.id().substring(0, 4))).isTrue();
        assertThat(held.isMeantBy("aaaaaaa")).isTrue();
        assertThat(held.isMeantBy("aaa")).as("too short to be meant").isFalse();
        assertThat(held.isMeantBy("bbbb")).isFalse();
    }

    @Test
    void a_suspension_is_of_a_stack_or_of_all() throws IOException {
        var suspension = new Suspension(Optional.of("new disks"), "ada", NOW);
        assertThat(decisions.suspension("shop")).isEmpty();
        decisions.suspend("shop", suspension);
        assertThat(decisions.suspension("shop")).contains("suspended by ada: new disks");
        assertThat(decisions.suspension("blog")).isEmpty();
        decisions.suspendHost(suspension);
        assertThat(decisions.suspension("blog")).contains("the host is suspended by ada: new disks");

        assertThat(decisions.resume("shop")).isTrue();
        assertThat(decisions.resume("shop")).isFalse();
        assertThat(decisions.suspension("shop")).isPresent();
        assertThat(decisions.resumeHost()).isTrue();
        assertThat(decisions.suspension("shop")).isEmpty();
    }
}
