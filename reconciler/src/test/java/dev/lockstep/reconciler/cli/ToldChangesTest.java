package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ToldChangesTest {
    @TempDir
    private Path run;

    private List<String> untold(String... changes) {
        return new ToldChanges(run).untold(List.of(changes));
    }

    @Test
    void a_change_is_told_once_until_it_is_another() {
        assertThat(untold("a was 0 and is 1", "b")).containsExactly("a was 0 and is 1", "b");
        assertThat(untold("a was 0 and is 1", "b")).isEmpty();
        assertThat(untold("a was 0 and is 2", "b")).containsExactly("a was 0 and is 2");
        assertThat(untold()).isEmpty();
        assertThat(untold("b")).isEmpty();
        assertThat(untold("a was 0 and is 1", "b")).containsExactly("a was 0 and is 1");
    }

    @Test
    void what_cannot_be_kept_is_told_again() throws IOException {
        Files.createDirectory(run.resolve("told-changes"));
        assertThat(untold("a")).containsExactly("a");
        assertThat(untold("a")).containsExactly("a");
    }
}
