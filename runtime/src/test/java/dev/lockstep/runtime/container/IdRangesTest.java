package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.oci.IdRange;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdRangesTest {
    private static final long COUNT = IdRanges.COUNT;

    private static IdRange slot(long first, int number) {
        return new IdRange(first + number * COUNT, COUNT);
    }

    private static IdRanges.HostIds host(
            Optional<IdRange> configured, List<IdRange> ours, List<IdRange> others, List<IdRange> inUse) {
        return new IdRanges.HostIds(configured, ours, others, inUse);
    }

    @Test
    void what_the_owner_has_written_counts_first_then_what_is_meant_for_us_then_what_is_nobodys() {
        var written = new IdRange(200_000, 2 * COUNT);
        var ours = new IdRange(500_000, COUNT);
        assertThat(IdRanges.choose(host(Optional.of(written), List.of(ours), List.of(), List.of()), List.of(), 0))
                .contains(slot(200_000, 0));
        assertThat(IdRanges.choose(host(Optional.empty(), List.of(ours), List.of(), List.of()), List.of(), 7))
                .contains(ours);
        assertThat(IdRanges.choose(host(Optional.empty(), List.of(), List.of(), List.of()), List.of(), 3))
                .contains(slot(0x7000_0000L, 3));
    }

    @Test
    void what_somebody_has_is_left_alone() {
        var pool = Optional.of(new IdRange(200_000, 4 * COUNT));
        var given = List.of(slot(200_000, 1));
        var inUse = List.of(new IdRange(200_000 + 2 * COUNT + 5, 1));
        assertThat(IdRanges.choose(host(pool, List.of(), List.of(), inUse), given, 1))
                .contains(slot(200_000, 3));
        var all = new ArrayList<>(List.of(slot(200_000, 0), slot(200_000, 1), slot(200_000, 3)));
        assertThat(IdRanges.choose(host(pool, List.of(), List.of(), inUse), all, 0))
                .isEmpty();

        // Entries of others count where we look for ourselves; the owner knows better.
        var others = List.of(new IdRange(0x7000_0000L, 10 * COUNT));
        assertThat(IdRanges.choose(host(Optional.empty(), List.of(), others, List.of()), List.of(), 0))
                .contains(slot(0x7000_0000L, 10));
        assertThat(IdRanges.choose(
                        host(pool, List.of(), List.of(new IdRange(200_000, 4 * COUNT)), List.of()), List.of(), 0))
                .contains(slot(200_000, 0));
    }

    @Test
    void files_of_the_host_are_read_and_nonsense_is_passed_over() {
        assertThat(IdRanges.subordinate(
                        "lockstep:100000:65536\n# x\nme:165536:65536\nme:300000:10\nbad:1\nz:0:5\n:::\n"))
                .containsEntry("lockstep", List.of(new IdRange(100_000, 65_536)))
                .containsEntry("me", List.of(new IdRange(165_536, 65_536), new IdRange(300_000, 10)));
        assertThat(IdRanges.mapped("         0          0 4294967295\n")).isEmpty();
        assertThat(IdRanges.mapped("         0     100000      65536\n     70000       1000          1\n"))
                .containsExactly(new IdRange(100_000, 65_536), new IdRange(1000, 1));
    }

    @Test
    void stacks_keep_theirs_and_share_none(@TempDir Path directory) throws IOException {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        var pool = Optional.of(new IdRange(1_200_000_000L, 2 * COUNT));
        IdRanges.Holders both = () -> Optional.of(
                List.of(new IdRanges.Holder("shop", Optional.empty()), new IdRanges.Holder("blog", Optional.empty())));
        var first = new IdRanges(root, pool).of("shop", both);
        var second = new IdRanges(root, pool).of("blog", both);
        assertThat(first.overlaps(second)).isFalse();
        assertThat(new IdRanges(root, pool).of("shop", both)).isEqualTo(first);
        assertThat(new IdRanges(root, pool).given())
                .containsEntry("shop", first)
                .containsEntry("blog", second);
        assertThatThrownBy(() -> new IdRanges(root, pool).of("third", both))
                .hasMessageStartingWith("There are no 65536 ids left on this host for stack third; give");
    }

    @Test
    void stacks_without_containers_give_theirs_back_when_there_is_no_room_for_another(@TempDir Path directory)
            throws IOException {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        var ranges = new IdRanges(root, Optional.of(new IdRange(1_200_000_000L, 3 * COUNT)));
        IdRanges.Holders nobody = () -> Optional.of(List.of());
        var shop = ranges.of("shop", nobody);
        var blog = ranges.of("blog", nobody);
        var wiki = ranges.of("wiki", nobody);
        assertThat(ranges.given()).as("while there is room").containsOnlyKeys("shop", "blog", "wiki");

        assertThatThrownBy(() -> ranges.of("new", Optional::empty))
                .as("nobody knows what a record that cannot be read has")
                .hasMessageStartingWith("There are no 65536 ids left");
        assertThat(ranges.given()).containsOnlyKeys("shop", "blog", "wiki");

        // One is being made and has none yet, another one was made when its stack was called blog.
        assertThat(ranges.of(
                        "new",
                        () -> Optional.of(List.of(
                                new IdRanges.Holder("shop", Optional.empty()),
                                new IdRanges.Holder("other", Optional.of(blog))))))
                .isEqualTo(wiki);
        assertThat(ranges.given())
                .containsEntry("shop", shop)
                .containsEntry("blog", blog)
                .containsEntry("new", wiki)
                .hasSize(3);
    }

    @Test
    void ids_have_two_sides() {
        var range = new IdRange(0x8000_0000L, COUNT);
        assertThat(Integer.toUnsignedLong(range.outside(33))).isEqualTo(0x8000_0021L);
        assertThat(range.inside(range.outside(33))).isEqualTo(33);
        assertThat(range.inside(0)).isEqualTo(65_534);
        assertThatThrownBy(() -> range.outside(70_000)).hasMessage("the id 70000 is not among the 65536 that it has");
        assertThatThrownBy(() -> new IdRange(0, 5)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new IdRange(0xffff_ffffL, 1)).isInstanceOf(IllegalArgumentException.class);
    }
}
