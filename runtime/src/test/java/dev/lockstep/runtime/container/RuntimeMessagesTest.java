package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The words of runc 1.1 and crun 1.21 for the same things. */
class RuntimeMessagesTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\0',
            value = {
                "126 | exec: \"/etc\": is a directory",
                "126 | the path `/etc` is not a regular file: Operation not permitted",
                "126 | exec: \"/etc/passwd\": permission denied",
                "126 | the path `/etc/passwd` exists but it is not executable: Operation not permitted",
                "127 | exec: \"/no/such\": stat /no/such: no such file or directory",
                "127 | executable file `/no/such` not found: No such file or directory",
                "127 | exec: \"nosuch\": executable file not found in $PATH",
                "127 | executable file `nosuch` not found in $PATH: No such file or directory",
                "128 | opening file `memory.max` for writing: Operation not permitted"
            })
    void a_program_that_cannot_be_run_has_the_exit_code_that_shells_give(int exitCode, String message) {
        assertThat(RuntimeMessages.classify(message).exitCode()).isEqualTo(exitCode);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "exec: /etc: is a directory | /etc in container web is a directory and cannot be run",
                "the path `/etc` is not a regular file | /etc in container web is not a file and cannot be run",
                "the path `/etc` exists but it is not executable | /etc in container web cannot be run: permission denied"
            })
    void and_a_sentence_that_says_why(String message, String sentence) {
        assertThat(RuntimeMessages.cannotRun("/etc", "web", message)).isEqualTo(sentence);
    }

    /** Runtimes repeat names of files and arguments of programs, which are bytes. */
    @Test
    void what_is_not_utf_8_in_a_message_hides_nothing_else(@TempDir Path directory) throws IOException {
        var log = directory.resolve("log");
        Files.write(
                log,
                "{\"level\":\"error\",\"msg\":\"no such file: /caf\u00e9\"}\n".getBytes(StandardCharsets.ISO_8859_1));

        assertThat(RuntimeMessages.lastError(log, "nothing", new JsonMapper())).isEqualTo("no such file: /caf\ufffd");
    }
}
