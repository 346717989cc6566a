package dev.lockstep.runtime.context;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.linux.RawPath;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CopyRequestTest {
    private static final CopySource SOURCE = new CopySource(
            SourceTree.context(InlineDirectory.text(RawPath.of("a"), new byte[0], Instant.EPOCH), Ignore.NOTHING), "a");

    @ParameterizedTest(name = "{0} in {1}")
    @CsvSource({
        "/b,    /app,   /b,         false",
        "/b/,   /app,   /b/,        true",
        "b,     /app,   /app/b,     false",
        ".,     /app,   /app/.,     true",
        "./.,   /app,   /app/./.,   true",
        "'',    /app,   /app/,      true",
        "'',    /,      //,         true",
    })
    void a_destination_is_below_the_working_directory_and_nothing_is_that_itself(
            String destination, String workdir, String absolute, boolean directory) {
        var request = CopyRequest.of(List.of(SOURCE), destination, workdir);
        assertThat(request.absoluteDestination()).isEqualTo(absolute);
        assertThat(request.saysDirectory()).isEqualTo(directory);
    }
}
