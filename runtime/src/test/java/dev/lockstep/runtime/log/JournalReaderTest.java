package dev.lockstep.runtime.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalReaderTest {
    private static final String ID = "a".repeat(64);

    @TempDir
    private Path directory;

    /** Says what journalctl said (version 257), and notes what it was asked. */
    private Path journalctl(String answer) throws IOException {
        Files.writeString(directory.resolve("answer"), answer, StandardCharsets.ISO_8859_1);
        var program = Files.writeString(
                directory.resolve("journalctl"),
                "#!/bin/sh\necho \"$*\" >> %1$s/asked\ncat %1$s/answer\n: > %1$s/answer\n".formatted(directory));
        return Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    }

    private static String entry(int number, String more) {
        return "__CURSOR=c" + number + "\n__REALTIME_TIMESTAMP=" + (1_000_000 + number) + "\n"
                + "__MONOTONIC_TIMESTAMP=5\n_BOOT_ID=0\n" + more + "\n";
    }

    @Test
    void records_are_lines_with_their_stream_and_their_bytes() throws IOException {
        var program = journalctl(entry(1, "PRIORITY=6\nMESSAGE=one\n")
                + entry(2, "PRIORITY=3\nMESSAGE\n\4\0\0\0\0\0\0\0t\0o\n\n")
                + entry(3, "PRIORITY=6\nCONTAINER_PARTIAL_MESSAGE=true\nMESSAGE=thr\n")
                + entry(4, "PRIORITY=6\nMESSAGE=ee\n"));
        var lines = new ArrayList<LogEntry>();
        var reader = new JournalReader(new Journal(directory, () -> program), ID);
        reader.read(LogQuery.ALL, lines::add);
        assertThat(lines)
                .extracting(LogEntry::toString)
                .containsExactly(
                        "1970-01-01T00:00:01.000001Z STDOUT one",
                        "1970-01-01T00:00:01.000002Z STDERR t\0o",
                        "1970-01-01T00:00:01.000003Z STDOUT three");
    }

    @Test
    void what_comes_later_is_asked_for_behind_the_last_record() throws IOException {
        var program = journalctl(entry(1, "PRIORITY=6\nMESSAGE=one\n"));
        var query = new LogQuery(OptionalInt.of(5), Optional.of(Instant.ofEpochSecond(1, 500_000)), Optional.empty());
        try (var source = new JournalReader(new Journal(directory, () -> program), ID).open(query)) {
            assertThat(source.next()).isTrue();
            assertThat(source.next()).isFalse();
            assertThat(source.next()).isFalse();
        }
        assertThat(Files.readAllLines(directory.resolve("asked")))
                .containsExactly(
                        "--output=export --output-fields=MESSAGE,PRIORITY,CONTAINER_PARTIAL_MESSAGE --quiet --no-pager"
                                + " --since=@1.000500 --lines=5 CONTAINER_ID_FULL=" + ID,
                        "--output=export --output-fields=MESSAGE,PRIORITY,CONTAINER_PARTIAL_MESSAGE --quiet --no-pager"
                                + " --after-cursor=c1 CONTAINER_ID_FULL=" + ID);
    }

    /** As {@code --lines} of journalctl: it has so many records, and of those behind a cursor all. */
    private Path journalctl(Path records) throws IOException {
        var program = Files.writeString(directory.resolve("journalctl"), """
                #!/bin/sh
                after=0 lines=
                for word; do
                  case $word in
                    --after-cursor=c*) after=${word#--after-cursor=c};;
                    --lines=*) lines=${word#--lines=};;
                  esac
                done
                count=$(wc -l < %1$s)
                [ -z "$lines" ] || [ "$after" != 0 ] || after=$((count - lines))
                i=0
                while read -r fields; do
                  i=$((i + 1))
                  [ $i -le $after ] || printf '__CURSOR=c%%s\\n__REALTIME_TIMESTAMP=1000000\\nPRIORITY=6\\n%%b\\n\\n' $i "$fields"
                done < %1$s
                """.formatted(records));
        return Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    }

    @Test
    void with_a_tail_of_nothing_only_what_comes_is_handed_out() throws IOException {
        var records = Files.writeString(
                directory.resolve("records"),
                "MESSAGE=one\nMESSAGE=two\nCONTAINER_PARTIAL_MESSAGE=true\\nMESSAGE=begun\n");
        var program = journalctl(records);
        var query = new LogQuery(OptionalInt.of(0), Optional.empty(), Optional.empty());
        try (var source = new JournalReader(new Journal(directory, () -> program), ID).open(query)) {
            assertThat(source.next()).isFalse();
            assertThat(source.next()).isFalse();
            assertThat(source.unfinished()).isFalse();
            Files.writeString(records, "MESSAGE=four\nMESSAGE=five\n", StandardOpenOption.APPEND);
            assertThat(source.next()).isTrue();
            assertThat(source.line().copy().text()).isEqualTo("four");
            assertThat(source.next()).isTrue();
            assertThat(source.line().copy().text()).isEqualTo("five");
            assertThat(source.next()).isFalse();
        }
    }

    @Test
    void with_a_tail_of_nothing_the_first_record_ever_is_one_that_came() throws IOException {
        var records = Files.createFile(directory.resolve("records"));
        var program = journalctl(records);
        var query = new LogQuery(OptionalInt.of(0), Optional.empty(), Optional.empty());
        try (var source = new JournalReader(new Journal(directory, () -> program), ID).open(query)) {
            assertThat(source.next()).isFalse();
            Files.writeString(records, "MESSAGE=one\nMESSAGE=two\n");
            assertThat(source.next()).isTrue();
            assertThat(source.line().copy().text()).isEqualTo("one");
        }
    }
}
