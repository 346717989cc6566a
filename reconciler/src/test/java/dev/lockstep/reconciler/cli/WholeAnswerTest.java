package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WholeAnswerTest {
    @Test
    void half_an_answer_is_no_success(@TempDir Path directory) {
        var full = new PrintStream(
                new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("No space left on device");
                    }
                },
                false,
                StandardCharsets.UTF_8);
        var world = new Surroundings(
                InputStream.nullInputStream(),
                full,
                new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8),
                Surroundings.Terminals.NONE,
                Map.of(),
                directory,
                () -> Console.NOW,
                Optional.empty(),
                true);

        // Which code it is depends on what this process writes to: a pipe, or a file.
        assertThat(new CommandLineInterface(world).run("--version")).isIn(ExitCodes.ERROR, ExitCodes.UNREAD);
    }
}
