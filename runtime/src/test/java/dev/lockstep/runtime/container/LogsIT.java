package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.lockstep.runtime.log.LogEntry;
import dev.lockstep.runtime.log.LogQuery;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What containers write, read back. */
class LogsIT {
    @TempDir
    Path directory;

    Lab lab;

    @BeforeEach
    void open() throws IOException {
        lab = new Lab(directory);
    }

    @AfterEach
    void close() throws IOException {
        lab.close();
    }

    private List<LogEntry> entries(String id, LogQuery query) throws IOException {
        var entries = new ArrayList<LogEntry>();
        lab.containers.logs(id).read(query, entries::add);
        return entries;
    }

    @Test
    void a_long_line_is_put_together_again() throws IOException {
        var id = lab.started(lab.wish("c").shell("head -c 20001 /dev/zero; echo; echo short"));
        lab.containers.await(id);
        var entries = entries(id, LogQuery.ALL);
        assertThat(entries).hasSize(2);
        assertThat(entries.getFirst().bytes()).hasSize(20_001).containsOnly(0);
        assertThat(entries.getLast().text()).isEqualTo("short");
    }

    @Test
    void bytes_that_are_no_text_arrive_unchanged() throws IOException {
        var id = lab.started(lab.wish("c").shell("printf '\\377\\000\\033[31m\\r\\n'; printf 'no newline'"));
        lab.containers.await(id);
        var entries = entries(id, LogQuery.ALL);
        assertThat(entries.getFirst().bytes()).containsExactly(0xff, 0, 0x1b, '[', '3', '1', 'm', '\r');
        assertThat(entries.getLast().text()).isEqualTo("no newline");
        assertThat(entries.getLast().complete()).isFalse();
    }

    @Test
    void the_tail_is_counted_in_lines_and_times_limit_it() throws IOException {
        var id = lab.started(lab.wish("c").shell("seq 1 1000"));
        lab.containers.await(id);
        var tail = entries(id, new LogQuery(OptionalInt.of(3), Optional.empty(), Optional.empty()));
        assertThat(tail).extracting(LogEntry::text).containsExactly("998", "999", "1000");
        assertThat(entries(id, new LogQuery(OptionalInt.of(0), Optional.empty(), Optional.empty())))
                .isEmpty();
        var last = tail.getLast().time();
        assertThat(entries(id, new LogQuery(OptionalInt.empty(), Optional.of(last), Optional.empty())))
                .extracting(LogEntry::text)
                .contains("1000");
        assertThat(entries(id, new LogQuery(OptionalInt.empty(), Optional.of(last.plusSeconds(1)), Optional.empty())))
                .isEmpty();
    }

    @Test
    void rotation_under_load_loses_no_line_and_following_survives_it() throws Exception {
        var id = lab.started(
                lab.wish("c").shell("i=0; while [ $i -lt 30000 ]; do i=$((i+1)); echo line-$i; done; sleep 600"));
        var lines = new CopyOnWriteArrayList<String>();
        var over = new AtomicBoolean();
        var reader = Thread.ofPlatform().start(() -> {
            try {
                lab.containers.logs(id).follow(LogQuery.ALL, over::get, e -> lines.add(e.text()));
            } catch (IOException e) {
                lines.add(e.toString());
            }
        });
        var rotations = 0;
        while (rotations < 4) {
            var before = lab.files(id).log().directory().toFile().list().length;
            lab.containers.rotateLogs(50_000);
            var after = lab.files(id).log().directory().toFile().list().length;
            if (after > before) {
                rotations++;
            }
            if (lines.contains("line-30000")) {
                break;
            }
        }
        await().atMost(Duration.ofSeconds(60)).until(() -> lines.contains("line-30000"));
        over.set(true);
        reader.join();
        assertThat(rotations).isPositive();
        assertThat(lines.size()).isEqualTo(30_000);
        assertThat(lines.getFirst()).isEqualTo("line-1");
    }
}
