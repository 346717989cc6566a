package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a killed command let stand still; with containers that can be read by nobody, and by nobody else. */
class StandStillTest {
    private static final String DAMAGED = "a".repeat(32);
    private static final String GONE = "b".repeat(32);

    @TempDir
    private Path directory;

    private Engine open() throws IOException {
        return Engine.open(new EngineOptions(
                directory.resolve("state"), directory.resolve("run"), "test", Optional.of(Path.of("/bin/true")), true));
    }

    @Test
    void those_that_do_not_go_on_are_tried_again_and_no_others() throws IOException {
        try (var engine = open()) {
            var record = Files.createDirectories(
                            engine.root().state().resolve("containers").resolve(DAMAGED))
                    .resolve("container.json");
            Files.writeString(record, "{");
            var note = Files.createDirectories(engine.root().state().resolve("stand-still"))
                    .resolve("0.json");
            Files.writeString(
                    note,
                    "{\"format\":1,\"root\":\"" + engine.root().id()
                            + "\",\"record\":{\"manner\":\"PAUSE\",\"containers\":[\"" + GONE + "\",\"" + DAMAGED
                            + "\"]}}");

            var first = engine.endStandStills();
            assertThat(first).hasSize(2).last().asString().contains("which is tried again", "container.json");
            assertThat(note).content().contains(DAMAGED).doesNotContain(GONE);
            assertThat(engine.endStandStills()).containsExactly(first.getLast());

            Files.delete(record);
            assertThat(engine.endStandStills()).hasSize(1);
            assertThat(note).doesNotExist();
        }
    }
}
