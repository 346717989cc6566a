package dev.lockstep.reconciler.builds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BuildTagsTest {
    private static final String COMMIT = "3f8c2e1" + "0".repeat(33);
    private static final List<String> TAGS = List.of("v0.9.0", "v1.4.2", "v1.4.10", "v2.0.0", "v2.1.0-rc.1", "w9");

    private static List<String> tags(String templates, String ref) {
        var target = BuildPlannerTest.target("app", List.of("v*"), List.of("*"), false);
        return BuildTags.of(
                new BuildTarget(
                        target.name(),
                        target.image(),
                        List.of(templates.split(" ")),
                        target.recipe(),
                        target.triggers(),
                        target.test(),
                        target.push()),
                new Occasion(Occasion.Kind.RETRY, ref, COMMIT),
                Instant.parse("2026-01-31T23:59:59Z"),
                12,
                TAGS);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {version} {tag} {branch}-{sha7}                  | refs/tags/v1.4.2       | 1.4.2 v1.4.2
            {version} {tag} {branch}-{sha7}                  | refs/heads/fix/a_b     | fix-a_b-3f8c2e1
            {{version}} {{major}}.{{minor}} {{major}} latest | refs/tags/v2.0.0       | 2.0.0 2.0 2 latest
            {version} {major}.{minor} {major} latest         | refs/tags/v1.4.10      | 1.4.10 1.4 1
            {version} {major}.{minor} {major} latest         | refs/tags/v1.4.2       | 1.4.2
            {version} {major}.{minor} {major} latest         | refs/tags/v2.1.0-rc.1  | 2.1.0-rc.1
            {version} {major} latest x-{date}                | refs/heads/main        | latest x-20260131
            {sha7}.{sha}                                     | refs/tags/v1.4.2       | 3f8c2e1.3f8c2e1000000000000000000000000000000000
            {tag} {version}                                  | refs/tags/1.4.2        | 1.4.2
            {tag} {version} {major}                          | refs/tags/vnext        | vnext
            {version}_{build-number} b{build-number}         | refs/tags/v0.9.0       | 0.9.0_12 b12
            {version} {major}.{minor}                        | refs/tags/v7           | 7
            {version}                                        | refs/tags/v1.0.0+deb.1 | 1.0.0_deb.1
            {version} {tag}                                  | refs/tags/app/v1.2     | 1.2 app-v1.2
            latest                                           | refs/tags/v1.4.2       |
            """)
    void an_image_is_called_what_the_push_says(String templates, String ref, String tags) {
        assertThat(tags(templates, ref)).isEqualTo(tags == null ? List.of() : List.of(tags.split(" ")));
    }

    @Test
    void a_name_that_cannot_be_is_refused() {
        assertThatThrownBy(() -> tags("{branch}", "refs/heads/" + "x".repeat(129)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("which is no tag of an image");
    }

    @Test
    void tags_are_ordered_by_version_and_then_as_people_count() {
        var inOrder = List.of(
                "nightly",
                "nightly-9",
                "nightly-010",
                "nightly-10",
                "v0.0.1-1-gabcd",
                "v0.0.1",
                "v1.0.0-rc.1",
                "v1.0.0",
                "app-v1.1",
                "v1.9",
                "v1.10",
                "lib/v20");
        var tags = new ArrayList<>(inOrder);
        Collections.shuffle(tags, new Random(7));
        tags.sort(TagOrder.OLDEST_FIRST);
        assertThat(tags).isEqualTo(inOrder);
        assertThat(TagOrder.OLDEST_FIRST.compare("v1.0", "v1.0.0")).isNegative();
    }
}
