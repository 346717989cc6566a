package dev.lockstep.runtime.prune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.prune.PrunePlan.Candidate;
import dev.lockstep.runtime.prune.PrunePlan.Decision;
import dev.lockstep.runtime.prune.PrunePlan.Disk;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrunePlanTest {
    private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");
    private static final Disk DISK = new Disk(1000, 900);

    /** An image that came so many hours ago and has 100 bytes of its own and 50 that all share. */
    private static Candidate image(String called, int hours, String... names) {
        return new Candidate(
                digest(called),
                called,
                Stream.of(names).map(ImageReference::parse).toList(),
                NOW.minus(Duration.ofHours(hours)),
                Optional.empty(),
                Map.of("called", called),
                Map.of("of " + called, 100L, "shared", 50L));
    }

    private static Digest digest(String called) {
        return new Digest("%064x".formatted(called.hashCode()));
    }

    private static Candidate needed(Candidate candidate) {
        return new Candidate(
                candidate.digest(),
                candidate.called(),
                candidate.names(),
                candidate.since(),
                Optional.of("container web"),
                candidate.labels(),
                candidate.content());
    }

    private static KeepRules rules(int hours, int perRepository, int diskPercent) {
        return new KeepRules(
                false,
                Duration.ofHours(hours),
                perRepository,
                diskPercent < 0 ? Optional.empty() : Optional.of(new DiskRule.Used(diskPercent)));
    }

    private static KeepRules free(long bytes) {
        return new KeepRules(false, Duration.ZERO, 0, Optional.of(new DiskRule.Free(bytes)));
    }

    private static final List<Candidate> HOST = List.of(
            needed(image("web3", 1, "shop/web:3")),
            image("web2", 30, "shop/web:2"),
            image("web1", 60, "shop/web:1", "shop/web:old"),
            image("db", 100, "db:1"),
            image("dangling", 50),
            image("fresh", 0));

    static Stream<Arguments> rules_and_what_goes() {
        return Stream.of(
                arguments("as docker image prune", KeepRules.NAMED, List.of("dangling", "fresh")),
                arguments(
                        "as docker image prune -a",
                        KeepRules.NOTHING,
                        List.of("db", "web1", "dangling", "web2", "fresh")),
                arguments("an age", rules(48, 0, -1), List.of("db", "web1", "dangling")),
                arguments("a longer age", rules(1000, 0, -1), List.of()),
                arguments(
                        "the newest is the needed one", rules(0, 1, -1), List.of("web1", "dangling", "web2", "fresh")),
                arguments("two of each", rules(0, 2, -1), List.of("web1", "dangling", "fresh")),
                arguments("three of each", rules(0, 3, -1), List.of("dangling", "fresh")),
                arguments("age and number", rules(55, 1, -1), List.of("web1")),
                arguments("the disk is not so full", rules(0, 0, 90), List.of()),
                arguments("one is enough for the disk", rules(0, 0, 80), List.of("db")),
                arguments("two are enough for the disk", rules(0, 0, 79), List.of("db", "web1")),
                arguments("nothing is enough", rules(0, 0, 0), List.of("db", "web1", "dangling", "web2", "fresh")),
                arguments("disk and number", rules(0, 1, 0), List.of("web1", "dangling", "web2", "fresh")),
                arguments(
                        "only what has no name, and only for the disk",
                        new KeepRules(true, Duration.ZERO, 0, Optional.of(new DiskRule.Used(85))),
                        List.of("dangling")),
                arguments("enough bytes are free", free(DISK.total() - DISK.used()), List.of()),
                arguments("one frees enough bytes", free(DISK.total() - DISK.used() + 1), List.of("db")),
                arguments("one frees just enough", free(DISK.total() - DISK.used() + 100), List.of("db")),
                arguments("two free enough", free(DISK.total() - DISK.used() + 101), List.of("db", "web1")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rules_and_what_goes")
    void the_oldest_go_first_as_far_as_the_rules_let_them(String name, KeepRules rules, List<String> going) {
        var decisions = PrunePlan.decide(HOST, rules, DISK, NOW);

        assertThat(decisions).hasSize(HOST.size());
        assertThat(decisions)
                .filteredOn(Decision::removed)
                .extracting(decision -> decision.image().called())
                .isEqualTo(going);
    }

    @ParameterizedTest
    @CsvSource({
        "=called, true",
        "=called=a, true",
        "=called=b, false",
        "=other, false",
        "!=called, false",
        "!=called=a, false",
        "!=called=b, true",
        "!=other, true"
    })
    void labels_say_what_may_go(String rule, boolean goes) {
        var rules = new KeepRules(false, Duration.ZERO, 0, Optional.empty(), List.of(LabelRule.parse(rule)));

        assertThat(PrunePlan.decide(List.of(image("a", 1, "x/a:1")), rules, DISK, NOW))
                .singleElement()
                .satisfies(decision -> {
                    assertThat(decision.removed()).isEqualTo(goes);
                    assertThat(decision.why().contains("labels")).isNotEqualTo(goes);
                });
    }

    @Test
    void each_decision_says_why() {
        var why = new HashMap<String, String>();
        PrunePlan.decide(HOST, rules(40, 1, 80), DISK, NOW)
                .forEach(decision -> why.put(decision.image().called(), decision.why()));

        assertThat(why)
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "web3", "container web needs it",
                        "web2", "it came less than 40 hours ago",
                        "fresh", "it came less than 40 hours ago",
                        "db", "it is the newest of its repository",
                        "web1", "no container and no stack needs it, and more than 80 % of the disk is used",
                        "dangling", "not more than 80 % of the disk is used"));
    }

    @Test
    void bytes_go_with_the_last_image_that_has_them() {
        var all = List.of(image("a", 2), image("b", 1));

        assertThat(PrunePlan.decide(all, KeepRules.NOTHING, DISK, NOW))
                .extracting(Decision::bytes)
                .containsExactly(100L, 150L);
        assertThat(PrunePlan.decide(List.of(all.get(0), needed(all.get(1))), KeepRules.NOTHING, DISK, NOW))
                .extracting(Decision::bytes)
                .containsExactly(100L, 0L);
    }

    @Test
    void what_somebody_needs_never_goes_whatever_the_rules() {
        var chance = new Random(7);
        for (var round = 0; round < 500; round++) {
            var host = new ArrayList<Candidate>();
            for (var i = 0; i < chance.nextInt(8); i++) {
                var names = chance.nextBoolean() ? new String[] {"r" + chance.nextInt(3) + ":" + i} : new String[0];
                var image = image("i" + i, chance.nextInt(200), names);
                host.add(chance.nextInt(3) == 0 ? needed(image) : image);
            }
            var rules = rules(chance.nextInt(100), chance.nextInt(3), chance.nextInt(102) - 1);

            var decisions = PrunePlan.decide(host, rules, DISK, NOW);

            assertThat(decisions).extracting(Decision::image).containsExactlyInAnyOrderElementsOf(host);
            assertThat(decisions)
                    .filteredOn(Decision::removed)
                    .allMatch(decision -> decision.image().needed().isEmpty())
                    .allMatch(decision -> !decision.image().since().isAfter(NOW.minus(rules.age())));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 101})
    void a_part_of_the_disk_that_there_is_not_is_refused(int percent) {
        assertThatThrownBy(() -> new DiskRule.Used(percent)).isInstanceOf(IllegalArgumentException.class);
    }
}
