package dev.lockstep.spec.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.spec.settings.TagTemplate.Word;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TagTemplateTest {
    private static final Map<Word, String> RELEASE = Map.of(
            Word.TAG, "v1.4.2+linux",
            Word.VERSION, "1.4.2+linux",
            Word.MAJOR, "1",
            Word.MINOR, "4",
            Word.SHA7, "3f8c2e1",
            Word.BUILD_NUMBER, "12",
            Word.DATE, "20260131");

    @ParameterizedTest
    @CsvSource({
        "{tag}, v1.4.2_linux",
        "{{tag}}, v1.4.2_linux",
        "'{{ version }}', 1.4.2_linux",
        "x-{major}.{{minor}}_{date}, x-1.4_20260131",
        "{sha7}.{build-number}, 3f8c2e1.12",
        "latest, latest",
        "{branch}, ",
        "{tag}-{patch}, "
    })
    void words_are_filled_in_and_what_has_no_value_says_nothing(String template, String tag) {
        assertThat(new TagTemplate(template).fill(RELEASE).orElse(null)).isEqualTo(tag);
    }

    @ParameterizedTest
    @CsvSource({"feature/login, feature-login", "a+b, a_b", "fix#12@x, fix-12-x", "größe, gr--e"})
    void what_a_tag_cannot_have_is_replaced(String branch, String tag) {
        assertThat(new TagTemplate("{branch}").fill(Map.of(Word.BRANCH, branch)))
                .contains(tag);
    }

    @Test
    void a_tag_that_cannot_be_is_refused_with_what_came_of_it() {
        var values = new EnumMap<Word, String>(Map.of(Word.BRANCH, "x".repeat(125)));
        assertThat(new TagTemplate("{branch}").fill(values)).isPresent();
        assertThatThrownBy(() -> new TagTemplate("{branch}-dev").fill(values))
                .hasMessageStartingWith("\"{branch}-dev\" gives \"xxx")
                .hasMessageContaining("up to 128 letters");
        values.put(Word.BRANCH, "ä");
        assertThatThrownBy(() -> new TagTemplate("{branch}").fill(values)).hasMessageContaining("gives \"-\"");
    }

    @ParameterizedTest
    @CsvSource({
        "{tags}, \"{tags}\" stands for nothing",
        "{{ versoin }}, \"{{ versoin }}\" stands for nothing",
        "a b, makes no tag",
        "{tag, makes no tag",
        "a:b, makes no tag",
        "-{tag}, makes no tag",
        "'', makes no tag"
    })
    void what_makes_no_tag_is_told_when_it_is_read(String template, String message) {
        assertThatThrownBy(() -> new TagTemplate(template))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void a_template_says_what_it_is_for() {
        assertThat(new TagTemplate("{version}").isForBranches()).isFalse();
        assertThat(new TagTemplate("{branch}-{sha7}").isForTags()).isFalse();
        assertThat(new TagTemplate("latest-{date}").isForTags()).isTrue();
        assertThat(new TagTemplate("latest-{date}").isForBranches()).isTrue();
    }
}
