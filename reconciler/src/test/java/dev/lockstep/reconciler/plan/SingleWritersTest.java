package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.spec.yaml.Problem;
import java.util.List;
import org.junit.jupiter.api.Test;

class SingleWritersTest {
    private static final Facts FOLLOWED = new GivenFacts().followed().prune().facts();

    private static String compose(String services) {
        return "services:\n" + services + "volumes:\n  data: {x-lockstep: {single_writer: true}}\n";
    }

    private static Observed running(String services) {
        return World.running(World.desired(compose(services)));
    }

    private static Plan plan(String services, Observed host, Facts facts) {
        return Planner.plan(World.desired(compose(services)), host, facts);
    }

    private static List<String> problems(Plan plan) {
        return plan.problems().stream().map(Problem::toString).toList();
    }

    @Test
    void one_writer_and_any_number_of_readers() {
        var services = """
                  db: {image: x, volumes: ['data:/d']}
                  backup: {image: x, scale: 2, volumes: ['data:/d:ro']}
                """;
        assertThat(plan(services, World.nothing(), Facts.none()).problems()).isEmpty();
        assertThat(plan(services, running(services), Facts.none()).isEmpty()).isTrue();
    }

    @Test
    void two_containers_that_would_write_are_refused() {
        assertThat(problems(plan("  db: {image: x, scale: 2, volumes: ['data:/d']}\n", World.nothing(), Facts.none())))
                .containsExactly(
                        "compose.yaml:4:38: volumes.data.x-lockstep.single_writer: shop-db-1, shop-db-2 would write to it"
                                + " at once; let one of them do so and mount it read_only in the others, or remove"
                                + " single_writer");
        assertThat(plan(
                                "  a: {image: x, volumes: ['data:/d']}\n  b: {image: x, volumes: ['data:/e']}\n",
                                World.nothing(),
                                Facts.none())
                        .problems())
                .hasSize(1);
    }

    @Test
    void a_service_under_a_new_name_starts_after_the_old_one_is_gone() {
        var host = running("  db: {image: x, volumes: ['data:/d']}\n  z: {image: x}\n");
        var now = "  database: {image: x, volumes: ['data:/d']}\n  z: {image: x}\n";

        var plan = plan(now, host, FOLLOWED);

        assertThat(plan.problems()).isEmpty();
        assertThat(plan.steps().stream().map(Step::id))
                .containsExactly("container/shop-db-1", "container/shop-database-1");
        assertThat(plan.steps().getLast().after()).contains("container/shop-db-1");
    }

    @Test
    void a_writer_that_stays_is_a_problem_before_another_starts() {
        var host = running("  db: {image: x, volumes: ['data:/d']}\n");

        assertThat(problems(plan("  database: {image: x, volumes: ['data:/d']}\n", host, Facts.none())))
                .containsExactly(
                        "compose.yaml:4:38: volumes.data.x-lockstep.single_writer: container shop-db-1 writes to it"
                                + " and stays; take it down first, or remove single_writer");
    }

    @Test
    void a_volume_is_handed_from_service_to_service() {
        var host = running("  a: {image: x}\n  b: {image: x, volumes: ['data:/d']}\n");

        var plan = plan("  a: {image: x, volumes: ['data:/d']}\n  b: {image: x}\n", host, FOLLOWED);

        assertThat(plan.problems()).isEmpty();
        assertThat(plan.steps().stream().map(Step::id)).containsExactly("container/shop-b-1", "container/shop-a-1");
    }

    @Test
    void but_not_to_one_that_it_depends_on() {
        var host = running("  a: {image: x}\n  b: {image: x, depends_on: [a], volumes: ['data:/d']}\n");

        var plan = plan("  a: {image: x, volumes: ['data:/d']}\n  b: {image: x, depends_on: [a]}\n", host, FOLLOWED);

        assertThat(problems(plan))
                .singleElement()
                .asString()
                .endsWith("container shop-b-1 has to let go of it before shop-a-1 starts, and depends on it; make the"
                        + " change in two commits");
    }

    @Test
    void without_the_key_nothing_of_this_holds() {
        var plain = World.desired("services: {a: {image: x, scale: 2, volumes: ['data:/d']}}\nvolumes: {data: }\n");

        assertThat(Planner.plan(plain, World.nothing(), Facts.none()).problems())
                .isEmpty();
    }
}
