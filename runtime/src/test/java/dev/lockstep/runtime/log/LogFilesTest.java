package dev.lockstep.runtime.log;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.log.LogFiles.Rotated;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogFilesTest {
    @TempDir
    private Path directory;

    private LogFiles files;
    private int told;

    @BeforeEach
    void files() {
        files = new LogFiles(directory);
    }

    /** What conmon does when it is told. */
    private boolean conmon() throws IOException {
        told++;
        Files.move(
                Files.writeString(directory.resolve("ctr.log.tmp"), ""),
                files.current(),
                StandardCopyOption.REPLACE_EXISTING);
        return true;
    }

    private Rotated rotate(int count) throws IOException {
        return files.rotate(new LogLimits(4, count), this::conmon);
    }

    private Map<String, String> there() throws IOException {
        var there = new TreeMap<String, String>();
        try (var all = Files.newDirectoryStream(directory)) {
            for (var file : all) {
                there.put(file.getFileName().toString(), Files.readString(file));
            }
        }
        return there;
    }

    private void write(String... content) throws IOException {
        for (var number = 0; number < content.length; number++) {
            if (!content[number].isEmpty()) {
                Files.writeString(files.numbered(number), content[number]);
            }
        }
    }

    @Test
    void a_small_file_stays_and_a_large_one_becomes_the_first_of_the_old_ones() throws IOException {
        write("new");
        assertThat(rotate(3)).isEqualTo(Rotated.NOT_NEEDED);
        write("more");
        assertThat(rotate(3)).isEqualTo(Rotated.YES);
        assertThat(there()).isEqualTo(Map.of("ctr.log", "", "ctr.log.1", "more"));
    }

    @Test
    void as_many_files_stay_as_are_asked_for() throws IOException {
        write("0000", "1", "2", "3", "4");
        assertThat(rotate(3)).isEqualTo(Rotated.YES);
        assertThat(there()).isEqualTo(Map.of("ctr.log", "", "ctr.log.1", "0000", "ctr.log.2", "1"));
        write("5555");
        assertThat(rotate(1)).isEqualTo(Rotated.YES);
        assertThat(there()).isEqualTo(Map.of("ctr.log", ""));
    }

    @Test
    void what_was_interrupted_while_files_moved_costs_none() throws IOException {
        write("0000", "1", "", "3");
        assertThat(rotate(4)).isEqualTo(Rotated.YES);
        assertThat(there()).isEqualTo(Map.of("ctr.log", "", "ctr.log.1", "0000", "ctr.log.2", "1", "ctr.log.3", "3"));
    }

    @Test
    void conmon_is_not_told_twice_in_a_hurry() throws IOException {
        write("", "0000");
        assertThat(rotate(4)).isEqualTo(Rotated.UNDER_WAY);
        assertThat(told).isZero();
        assertThat(there()).isEqualTo(Map.of("ctr.log.1", "0000"));
    }

    @Test
    void nobody_who_writes_is_no_failure() throws IOException {
        write("0000", "1");
        assertThat(files.rotate(new LogLimits(4, 3), () -> false)).isEqualTo(Rotated.NOT_NEEDED);
        assertThat(there()).containsEntry("ctr.log.1", "0000").containsEntry("ctr.log.2", "1");
    }

    @Test
    void the_only_file_stays_where_nobody_writes_it_any_more() throws IOException {
        write("0000");
        assertThat(files.rotate(new LogLimits(4, 1), () -> false)).isEqualTo(Rotated.NOT_NEEDED);
        assertThat(there()).containsValue("0000");
    }

    @Test
    void a_file_that_conmon_has_not_left_stays_until_it_has() throws IOException {
        write("0000");
        assertThat(files.rotate(new LogLimits(4, 1), () -> true, Duration.ZERO)).isEqualTo(Rotated.UNDER_WAY);
        assertThat(there()).containsEntry("ctr.log.1", "0000");
        assertThat(files.rotate(new LogLimits(4, 1), this::conmon, Duration.ZERO))
                .isEqualTo(Rotated.YES);
        assertThat(there()).isEqualTo(Map.of("ctr.log", ""));
    }

    @Test
    void a_file_that_somebody_has_deleted_is_begun_anew() throws IOException {
        assertThat(rotate(3)).isEqualTo(Rotated.YES);
        assertThat(told).isEqualTo(1);
        assertThat(there()).isEqualTo(Map.of("ctr.log", ""));
    }
}
