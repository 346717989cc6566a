package dev.lockstep.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RootTest {
    record Note(String text) {}

    @TempDir
    Path directory;

    private Path state;
    private Path run;

    @BeforeEach
    void paths() {
        state = directory.resolve("state");
        run = directory.resolve("run");
    }

    @Test
    void a_root_that_is_not_there_is_read_as_an_empty_one_and_not_made() throws IOException {
        var root = Root.openForReading(state, run);

        assertThat(root.id())
                .matches("[0-9a-f]{32}")
                .isNotEqualTo(Root.openForReading(state, run).id());
        assertThat(root.stateFile(Note.class, 1).read(root.state().resolve("note.json")))
                .isEmpty();
        assertThat(root.room(root.state().resolve("volumes"))).doesNotExist();
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void a_root_opened_for_reading_is_the_one_that_is_there() throws IOException {
        var made = Root.open(state, run);
        made.stateFile(Note.class, 1).write(state.resolve("note.json"), new Note("hello"));

        var root = Root.openForReading(state, run);

        assertThat(root.id()).isEqualTo(made.id());
        assertThat(root.state()).isEqualTo(made.state());
        assertThat(root.stateFile(Note.class, 1).read(state.resolve("note.json")))
                .contains(new Note("hello"));
    }

    @Test
    void after_a_reboot_a_root_is_read_although_its_run_root_is_gone() throws IOException {
        var made = Root.open(state, run);
        Files.delete(run.resolve("locks/root"));
        Files.delete(run.resolve("locks"));
        Files.delete(run);

        assertThat(Root.openForReading(state, run).id()).isEqualTo(made.id());
        assertThat(run).doesNotExist();
    }

    @Test
    void a_root_opened_for_reading_is_neither_written_nor_locked() throws IOException {
        Root.open(state, run);
        var root = Root.openForReading(state, run);
        var note = root.stateFile(Note.class, 1);

        assertThatThrownBy(() -> note.write(state.resolve("note.json"), new Note("hello")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("opened for reading");
        assertThatThrownBy(() -> note.writeVolatile(state.resolve("note.json"), new Note("hello")))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> root.lock("container/a"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(state.toString());
        assertThat(state.resolve("note.json")).doesNotExist();
        assertThat(run.resolve("locks/container")).doesNotExist();
    }

    @Test
    void a_root_without_an_id_is_an_error_for_readers_too() throws IOException {
        Root.open(state, run);
        Files.writeString(state.resolve("root.json"), "{\"format\": 1, \"root\": \"no\"}");

        assertThatThrownBy(() -> Root.openForReading(state, run))
                .isInstanceOf(StateException.class)
                .hasMessageContaining("has no root id");
    }

    @Test
    void a_newer_root_is_refused_to_readers_too() throws IOException {
        var id = Root.open(state, run).id();
        Files.writeString(state.resolve("root.json"), "{\"format\": 2, \"root\": \"" + id + "\", \"record\": {}}");

        assertThatThrownBy(() -> Root.openForReading(state, run))
                .isInstanceOf(StateException.class)
                .hasMessageContaining("format 2");
    }
}
