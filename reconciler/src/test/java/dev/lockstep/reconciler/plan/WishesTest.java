package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a person asks for beside what the files say. */
class WishesTest {
    private static final String SHOP = World.SHOP;

    @Test
    void services_that_are_to_be_left_alone_are_neither_made_nor_orphans_nor_waited_for() {
        var wishes = new Wishes(Set.of("app"), Set.of(), false, false, true, false);
        var plan = Planner.plan(
                World.desired(SHOP),
                World.nothing(),
                new GivenFacts().wishes(wishes).facts());

        assertThat(plan.steps().stream().map(Step::id)).contains("container/shop-web-1");
        assertThat(plan.steps().stream().map(Step::id)).doesNotContain("container/shop-app-1");
        assertThat(plan.steps()).allSatisfy(step -> assertThat(step.gates()).isEmpty());
        assertThat(Planner.plan(
                                World.desired(SHOP),
                                World.running(World.desired(SHOP)),
                                new GivenFacts().wishes(wishes).facts())
                        .warnings())
                .isEmpty();
    }

    @Test
    void what_is_only_to_be_made_is_not_started() {
        var wishes = new Wishes(Set.of(), Set.of(), false, false, false, false);
        var plan = Planner.plan(
                World.desired(SHOP),
                World.nothing(),
                new GivenFacts().wishes(wishes).facts());

        assertThat(plan.steps().stream().map(Step::operation).filter(Operation.CreateContainer.class::isInstance))
                .isNotEmpty()
                .allSatisfy(o ->
                        assertThat(((Operation.CreateContainer) o).started()).isFalse());
        assertThat(plan.steps()).allSatisfy(step -> assertThat(step.gates()).isEmpty());
    }

    @Test
    void what_is_to_be_kept_is_kept_and_what_is_to_be_replaced_is_replaced_and_no_more() {
        var running = World.running(World.desired(SHOP));
        var changed = World.desired(SHOP.replace("app:1", "app:2"));
        assertThat(Planner.plan(changed, running, Facts.none()).steps()).isNotEmpty();

        assertThat(Planner.plan(
                                changed,
                                running,
                                new GivenFacts()
                                        .wishes(new Wishes(Set.of(), Set.of(), true, false, true, false))
                                        .facts())
                        .steps()
                        .stream()
                        .map(Step::operation)
                        .filter(o -> !(o instanceof Operation.PullImage)))
                .isEmpty();
        var forced = new GivenFacts()
                .wishes(new Wishes(Set.of(), Set.of("web"), false, true, true, false))
                .facts();
        assertThat(Planner.plan(World.desired(SHOP), running, forced).steps())
                .singleElement()
                .extracting(Step::operation)
                .satisfies(o -> assertThat(((Operation.ReplaceContainer) o).renewVolumes())
                        .isTrue());
    }
}
