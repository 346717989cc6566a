package dev.lockstep.reconciler;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** NOTICE is written by hand, since it says why each library is here; this keeps it true. */
class NoticeTest {
    /** {@code (EPL-2.0) (LGPL-2.1) Logback Core Module (ch.qos.logback:logback-core:1.6.6 - http://…)}. */
    private static final Pattern SHIPPED =
            Pattern.compile("^ +((?:\\([\\w.-]+\\) )+).*\\(([\\w.-]+:[\\w.-]+):[^:]+ - .*\\)$", Pattern.MULTILINE);

    /** {@code ch.qos.logback:logback-core EPL-2.0 or LGPL-2.1 why it is here}. */
    private static final Pattern NOTICED =
            Pattern.compile("^ {2}([\\w.-]+:[\\w.-]+) +([\\w.-]+(?: or [\\w.-]+)*) {2,}\\S.*$", Pattern.MULTILINE);

    @Test
    void every_library_in_the_distribution_stands_in_NOTICE_with_its_licences_and_no_other_does() throws IOException {
        // Both written by the same build: license-maven-plugin lists what the module's classpath holds at run time.
        var shipped = libraries(
                SHIPPED, Path.of("target", "third-party.txt"), found -> Map.entry(found.group(2), found.group(1)));
        var noticed = libraries(NOTICED, Path.of("..", "NOTICE"), found -> Map.entry(found.group(1), found.group(2)));

        assertThat(shipped).as("libraries of the distribution").isNotEmpty();
        assertThat(noticed).as("NOTICE").containsExactlyInAnyOrderEntriesOf(shipped);
    }

    private interface Row {
        /** {@return the library's name and its licences as the file writes them} */
        Map.Entry<String, String> read(MatchResult found);
    }

    private static SortedMap<String, SortedSet<String>> libraries(Pattern pattern, Path file, Row row)
            throws IOException {
        var libraries = new TreeMap<String, SortedSet<String>>();
        pattern.matcher(Files.readString(file))
                .results()
                .map(row::read)
                .forEach(entry -> libraries.put(entry.getKey(), licences(entry.getValue())));
        return libraries;
    }

    private static SortedSet<String> licences(String text) {
        return Pattern.compile("[\\w.-]+")
                .matcher(text.replace(" or ", " "))
                .results()
                .map(MatchResult::group)
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
