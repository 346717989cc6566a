package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** What plans say of images: what a tag stands for, before and after. */
class ImagePlanTest {
    private static final Digest OLD = new Digest("0a".repeat(32));
    private static final Digest NEW = new Digest("fe".repeat(32));
    private static final String ONE = """
            services:
              web:
                image: nginx:1.27
                pull_policy: every_12h
            """;

    private static Function<ImageReference, Resolution> local(Digest digest) {
        return _ -> new Resolution.Local(digest, World.CONFIG);
    }

    private static Function<ImageReference, Resolution> remote(Digest digest, Optional<String> because) {
        return _ -> new Resolution.Remote(digest, because);
    }

    private static Plan plan(String before, String after, Function<ImageReference, Resolution> now) {
        return Planner.plan(World.desired(after, now), World.running(World.desired(before, local(OLD))), Facts.none());
    }

    private static String text(Plan plan) {
        return new PlanText(false).print(plan);
    }

    private static String json(Plan plan) {
        return new PlanJson().print(plan, Instant.EPOCH);
    }

    @Test
    void a_new_container_and_its_pull_show_what_the_tag_stands_for() {
        var plan = Planner.plan(World.desired(ONE, remote(NEW, Optional.empty())), World.nothing(), Facts.none());
        assertThat(text(plan)).isEqualTo("""
                Host web1, stack shop

                    + image nginx:1.27  (pull sha256:fefefefefefe)
                    + network shop_default
                    + container shop-web-1  (nginx:1.27, sha256:fefefefefefe)

                Plan: 2 to create, 0 to update in place, 0 to replace, 0 to remove. 1 image to pull.
                """);
        assertThat(json(plan))
                .containsSubsequence(
                        "\"id\": \"image/docker.io/library/nginx:1.27\"",
                        "\"reference\": \"nginx:1.27\"",
                        "\"digest\": \"" + NEW + "\"",
                        "\"id\": \"container/shop-web-1\"",
                        "\"reference\": \"nginx:1.27\"",
                        "\"digest\": \"" + NEW + "\"");
        assertThat(new PlanMarkdown().print(plan))
                .contains("image `nginx:1.27`: pull, `sha256:fefefefefefe`")
                .contains("container `shop-web-1`: create from `nginx:1.27, sha256:fefefefefefe`");
    }

    @Test
    void what_only_the_pull_will_tell_is_said_to_be_so() {
        var plan = Planner.plan(World.desired(ONE, _ -> new Resolution.Unknown("down")), World.nothing(), Facts.none());
        assertThat(text(plan))
                .contains("+ image nginx:1.27  (pull, digest known after pull)\n")
                .contains("+ container shop-web-1  (nginx:1.27, digest known after pull)\n");
        assertThat(json(plan)).doesNotContain("\"digest\"").contains("\"reference\": \"nginx:1.27\"");
        assertThat(new PlanMarkdown().print(plan)).contains("pull, digest known after pull");
    }

    @Test
    void what_is_to_be_built_is_said_with_the_reason_and_comes_before_all_else() {
        var plan = Planner.plan(
                World.desired(ONE, _ -> new Resolution.Unbuilt("it is not on this host", false)),
                World.nothing(),
                Facts.none());
        assertThat(text(plan))
                .contains("+ image nginx:1.27  (build: it is not on this host)\n")
                .contains("+ container shop-web-1  (nginx:1.27, digest known after the build)\n")
                .contains(" 1 image to build.");
        assertThat(plan.steps().getFirst().operation()).isInstanceOf(Operation.BuildImage.class);
        assertThat(plan.steps())
                .filteredOn(step -> !(step.operation() instanceof Operation.BuildImage))
                .isNotEmpty()
                .allSatisfy(step -> assertThat(step.after()).contains("image/docker.io/library/nginx:1.27"));
        assertThat(json(plan))
                .doesNotContain("\"digest\"")
                .contains("\"action\": \"build\"", "\"because\": \"it is not on this host\"", "\"build\": 1");
        assertThat(new PlanMarkdown().print(plan)).contains("image `nginx:1.27`: build, `it is not on this host`");
    }

    @Test
    void the_same_name_is_another_image_while_it_is_to_be_built() {
        var plan = plan(ONE, ONE, _ -> new Resolution.Unbuilt("waits for build 12 of nginx:1.27", false));
        assertThat(text(plan))
                .contains("+ image nginx:1.27  (build: waits for build 12 of nginx:1.27)\n")
                .contains("image: nginx:1.27 (sha256:0a0a0a0a0a0a) → nginx:1.27 (known after the build)");
    }

    @Test
    void another_tag_shows_both_digests() {
        var plan = plan(ONE, ONE.replace("1.27", "1.28"), remote(NEW, Optional.empty()));
        assertThat(text(plan)).isEqualTo("""
                Host web1, stack shop

                    + image nginx:1.28  (pull sha256:fefefefefefe)
                  -/+ container shop-web-1  (replaced: down from the old one's end to the new one's start)
                          image: nginx:1.27 (sha256:0a0a0a0a0a0a) → nginx:1.28 (sha256:fefefefefefe)   [compose.yaml:3:12]

                Downtime of web: from the old one's end, which may take 10s, to the new one's start
                Destroyed: what shop-web-1 wrote outside of volumes

                Plan: 0 to create, 0 to update in place, 1 to replace, 0 to remove. 1 image to pull.
                """);
        assertThat(json(plan))
                .contains("\"old\": \"nginx:1.27@" + OLD + "\"", "\"new\": \"nginx:1.28@" + NEW + "\"")
                .doesNotContain("because");
        assertThat(new PlanMarkdown().print(plan))
                .contains("`image`: `nginx:1.27 (sha256:0a0a0a0a0a0a)` → `nginx:1.28 (sha256:fefefefefefe)`");
    }

    @Test
    void another_name_of_the_same_image_is_written_down_and_needs_no_other_container() {
        var after = ONE.replace("1.27", "1.27.3");
        var plan = plan(ONE, after, remote(OLD, Optional.empty()));
        assertThat(text(plan)).isEqualTo("""
                Host web1, stack shop

                    ~ container shop-web-1  (in place, it keeps running)
                          image: nginx:1.27 → nginx:1.27.3   [compose.yaml:3:12]

                Downtime of web: none

                Plan: 0 to create, 1 to update in place, 0 to replace, 0 to remove.
                """);
        assertThat(plan.steps())
                .singleElement()
                .satisfies(step -> assertThat(step.operation())
                        .isInstanceOfSatisfying(Operation.UpdateContainer.class, update -> {
                            assertThat(update.spec().image().familiar()).isEqualTo("nginx:1.27.3");
                            assertThat(update.spec().digest()).isEqualTo(OLD);
                        }));

        // Else it would be made anew as soon as nobody can say what the new name means.
        assertThat(text(plan(after, after, _ -> new Resolution.Unknown("down"))))
                .contains("No changes.");
        assertThat(text(plan(ONE, ONE.replace("1.27", "1.27@" + OLD), local(OLD))))
                .contains("    ~ container shop-web-1", "image: nginx:1.27 → nginx:1.27 (sha256:0a0a0a0a0a0a)");
    }

    @Test
    void another_tag_that_cannot_be_looked_up_is_known_after_the_pull() {
        var plan = plan(ONE, ONE.replace("1.27", "1.28"), _ -> new Resolution.Unknown("down"));
        assertThat(text(plan))
                .contains(
                        "image: nginx:1.27 (sha256:0a0a0a0a0a0a) → nginx:1.28 (known after pull)   [compose.yaml:3:12]");
    }

    @Test
    void a_tag_that_moved_says_so_and_why_it_was_looked_up() {
        var plan = plan(ONE, ONE, remote(NEW, Optional.of("every_12h")));
        assertThat(text(plan)).isEqualTo("""
                Host web1, stack shop

                    + image nginx:1.27  (pull sha256:fefefefefefe)
                  -/+ container shop-web-1  (replaced: down from the old one's end to the new one's start)
                          image nginx:1.27 now means sha256:fefefefefefe (was sha256:0a0a0a0a0a0a), pulled because of \
                every_12h   [compose.yaml:3:12]

                Downtime of web: from the old one's end, which may take 10s, to the new one's start
                Destroyed: what shop-web-1 wrote outside of volumes

                Plan: 0 to create, 0 to update in place, 1 to replace, 0 to remove. 1 image to pull.
                """);
        assertThat(json(plan))
                .contains(
                        "\"old\": \"nginx:1.27@" + OLD + "\"",
                        "\"new\": \"nginx:1.27@" + NEW + "\"",
                        "\"because\": \"every_12h\"");
        assertThat(new PlanMarkdown().print(plan)).contains(", pulled because of `every_12h`");
    }

    @Test
    void an_image_by_digest_shows_it_once() {
        var compose = "services: {web: {image: \"nginx:1.27@" + NEW + "\"}}\n";
        assertThat(text(Planner.plan(World.desired(compose, local(NEW)), World.nothing(), Facts.none())))
                .contains("+ container shop-web-1  (nginx:1.27, sha256:fefefefefefe)\n");
        assertThat(text(Planner.plan(
                        World.desired(compose.replace(":1.27", ""), local(NEW)), World.nothing(), Facts.none())))
                .contains("+ container shop-web-1  (nginx, sha256:fefefefefefe)\n");
        assertThat(text(plan(ONE, compose, local(NEW))))
                .contains("image: nginx:1.27 (sha256:0a0a0a0a0a0a) → nginx:1.27 (sha256:fefefefefefe)");
    }

    @Test
    void the_same_image_is_no_change_whoever_looked() {
        assertThat(plan(ONE, ONE, local(OLD)).isEmpty()).isTrue();
        assertThat(plan(ONE, ONE, remote(OLD, Optional.of("daily"))).isEmpty()).isTrue();
    }
}
