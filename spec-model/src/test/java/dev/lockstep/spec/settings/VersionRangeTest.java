package dev.lockstep.spec.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VersionRangeTest {
    @Test
    void versions_are_ordered_as_semver_has_it() {
        // The first nine are of the specification, item 11.
        var inOrder = List.of(
                "0.0.1-1-gabcd",
                "0.0.1",
                "1.0.0-alpha",
                "1.0.0-alpha.1",
                "1.0.0-alpha.beta",
                "1.0.0-beta",
                "1.0.0-beta.2",
                "1.0.0-beta.11",
                "1.0.0-rc.1",
                "v1.0.0",
                "v1.1",
                "1.2.9",
                "1.10.0",
                "v2",
                "20260131.0.0",
                "99999999999999999999999.1.1");
        var shuffled = new java.util.ArrayList<>(inOrder);
        Collections.shuffle(shuffled, new Random(4));
        assertThat(shuffled.stream()
                        .sorted(java.util.Comparator.comparing(
                                t -> Version.parse(t).orElseThrow()))
                        .toList())
                .isEqualTo(inOrder);
        assertThat(Version.parse("1.0.0+a").orElseThrow())
                .isEqualByComparingTo(Version.parse("v1+b").orElseThrow());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "v",
                "1.2.3.4",
                "01.2.3",
                "1.02",
                "2026-01-31",
                "1.0.0-",
                "1.0.0-01",
                "1.0.0-a..b",
                "1.0.0+",
                "V1",
                "1.x",
                "1.2.3 ",
                "-1",
                "1.0.0-ä",
                "release-1"
            })
    void what_is_no_version(String text) {
        assertThat(Version.parse(text)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "v1.2.3, 1.2.3", "shop/v1.2, 1.2", "a/b/1.0.0-rc.1, 1.0.0-rc.1", "shop@2.0.0, 2.0.0", "shop-v1.0-2, 1.0-2",
        "@scope/shop@1.4.0, 1.4.0", "v1.0.0-v2, 1.0.0-v2", "shop-1.2, ", "latest, ", "v1/shop, "
    })
    void a_tag_of_one_of_several_things_has_its_version_behind_the_name(String tag, String version) {
        assertThat(Version.ofTag(tag).map(Version::toString).orElse(null)).isEqualTo(version);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            >=1.2 <2            ; 1.2.0 v1.99.0 1.2                  ; 1.1.9 2.0.0 2 1.3.0-rc.1 2.0.0-rc.1
            >=1.2,<2            ; 1.5.0                              ; 2.1.0
            ^1.4                ; 1.4.0 1.9.9                        ; 1.3.9 2.0.0 1.5.0-beta
            ^0.2.3              ; 0.2.3 0.2.9                        ; 0.3.0 0.2.2
            ^0.0.3              ; 0.0.3                              ; 0.0.4
            ^0                  ; 0.0.1 0.9.0                        ; 1.0.0
            ^0.0                ; 0.0.9                              ; 0.1.0
            ~1.4.2              ; 1.4.2 1.4.9                        ; 1.5.0 1.4.1
            ~1.4                ; 1.4.0 1.4.9                        ; 1.5.0
            ~1                  ; 1.0.0 1.9.0                        ; 2.0.0
            =1.0.0              ; 1.0.0 v1 1.0.0+x                   ; 1.0.1 1.0.0-rc.1
            <2 || >=3.1         ; 1.0.0 3.1.0 4.0.0                  ; 2.0.0 3.0.9
            >=2.0.0-rc.1 <3     ; 2.0.0-rc.1 2.0.0-rc.2 2.0.0 2.9.0  ; 2.0.0-beta 2.1.0-rc.1 3.0.0-rc.1
            >1 !=1.5.0          ; 1.4.0 1.5.1                        ; 1.5.0 1.0.0
            >=0                 ; 0.0.0 7.0.0                        ; 1.0.0-rc.1 notes 1.2.3.4 01.1.1
            """)
    void ranges_take_what_they_say(String range, String taken, String left) {
        var pattern = RefPattern.ofTags(range);
        assertThat(pattern).isInstanceOf(RefPattern.Range.class);
        assertThat(taken.split(" ")).allMatch(pattern::matches);
        assertThat(left.split(" ")).noneMatch(pattern::matches);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            >                   ; ">" is not a range of versions. Write for example >=1.2 <2, or ^1.4
            >= v                ; ">= v" is not a range of versions: "v" is no version. Write
            >=1.2 <x            ; ">=1.2 <x" is not a range of versions: "x" is no version. Write
            >=1 ||              ; ">=1 ||" is not a range of versions. Write
            ^1.2.3.4            ; "1.2.3.4" is no version
            1.2 - 1.4           ; "-" is no version
            >=1 &&2             ; "&&2" is no version
            """)
    void what_is_no_range_is_told(String range, String message) {
        assertThatThrownBy(() -> RefPattern.ofTags(range))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', textBlock = """
            v*         ; v1 v1.0-rc.1 v          ; 1 xv1 v1/a
            v*.*       ; v1.0 v1.                ; v1
            *          ; v1 main                 ; a/b
            v**        ; v1 v1/b/c               ; a
            release/*  ; release/1               ; release/1/2 release
            a/**/b     ; a/b a/x/b a/x/y/b       ; a/xb ab
            **/b       ; b a/b                   ; ab
            a/**       ; a/b a/b/c               ; a b/a
            v?.1       ; v1.1 v2.1               ; v10.1 v/.1
            v1.0       ; v1.0                    ; v1x0
            a+b(c      ; a+b(c                   ; aab(c
            *a*b**c    ; ab.c xaxb/c/c           ; a/bc ab/d
            **/a/**/b? ; a/bc x/a/y/z/bc a/bx    ; xa/bc a/b/ a/bcd
            ?          ; a 😀                    ; ab /
            """)
    void patterns_match_whole_names(String pattern, String matched, String left) {
        var glob = RefPattern.of(pattern);
        assertThat(matched.split(" ")).allMatch(glob::matches);
        assertThat(left.split(" ")).noneMatch(glob::matches);
    }

    @Test
    @Timeout(10)
    void no_pattern_takes_long_whatever_it_is_compared_with() {
        assertThat(RefPattern.of("*a".repeat(500) + "b").matches("a".repeat(5000)))
                .isFalse();
        assertThat(RefPattern.of("**/".repeat(500) + "b").matches("a/".repeat(2000)))
                .isFalse();
    }

    @Test
    void a_pattern_says_how_its_names_begin() {
        assertThat(RefPattern.of("release/v*-x").prefix()).isEqualTo("release/v");
        assertThat(RefPattern.of("main").isExact()).isTrue();
        assertThat(RefPattern.ofTags(">=1").prefix()).isEmpty();
        assertThat(RefPattern.ofTags("v*")).isEqualTo(RefPattern.of("v*"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"!v*", "v[12]", "v\\*", "a b", "", "\t"})
    void what_means_something_elsewhere_is_no_pattern(String text) {
        assertThatThrownBy(() -> RefPattern.of(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
