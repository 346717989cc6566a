package dev.lockstep.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SortedNamesTest {
    private static List<String> all(SortedNames names) throws IOException {
        var all = new ArrayList<String>();
        while (names.hasNext()) {
            all.add(names.next().latin1());
        }
        return all;
    }

    private static List<String> names(int count) {
        var names = new ArrayList<>(IntStream.range(0, count)
                .mapToObj(i -> "\u00ff" + i + (char) (1 + i % 255))
                .toList());
        Collections.shuffle(names, new Random(count));
        return names;
    }

    @ParameterizedTest
    @CsvSource({"0, 7, 1", "1, 1, 1", "7, 7, 1", "8, 7, 2", "1000, 7, 143", "1000, 1, 1000", "1000, 2000, 1"})
    void all_names_come_in_their_order_with_so_many_in_memory(int count, int most, int passes) throws IOException {
        var names = names(count);
        var asked = new int[1];
        var sorted = new SortedNames(
                receiver -> {
                    asked[0]++;
                    for (var name : names) {
                        receiver.name(new RawPath(name));
                    }
                },
                most);
        assertThat(all(sorted)).containsExactlyElementsOf(new TreeSet<>(names));
        assertThat(asked[0]).isEqualTo(passes);
    }

    /** As a layer's diff removes what is as it was. */
    @Test
    void a_directory_may_lose_names_and_get_others_while_it_is_gone_through(@TempDir Path directory) throws Exception {
        for (var name : names(1000)) {
            Files.createFile(directory.resolve(name.replaceAll("[^0-9]", "_")));
        }
        var before = new TreeSet<>(
                names(1000).stream().map(name -> name.replaceAll("[^0-9]", "_")).toList());
        try (var open = Directory.open(directory)) {
            var seen = new ArrayList<String>();
            for (var names = open.sortedNames(10); names.hasNext(); ) {
                var name = names.next();
                seen.add(name.latin1());
                open.remove(name);
                // Smaller than all that is still to come.
                Files.createFile(directory.resolve("." + name.latin1()));
            }
            assertThat(seen).containsExactlyElementsOf(before);
            assertThat(open.list()).hasSize(before.size());
        }
    }
}
