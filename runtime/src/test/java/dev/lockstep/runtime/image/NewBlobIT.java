package dev.lockstep.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Blobs that are made here. */
class NewBlobIT {
    private static final byte[] TEXT = "text".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path directory;

    private BlobStore blobs;

    @BeforeEach
    void setUp() throws IOException {
        var root = Root.open(directory.resolve("state"), directory.resolve("run"));
        blobs = new ImageStore(root, Platform.current(), Clock.systemUTC()).blobs();
    }

    @ParameterizedTest
    @CsvSource({"0,0", "3,5", "65536,65535", "5000000,3000000", "0,4194304", "4194304,0"})
    void zeros_are_kept_wherever_they_are(int before, int after) throws IOException {
        var content = new byte[before + TEXT.length + after];
        System.arraycopy(TEXT, 0, content, before, TEXT.length);
        var file = made(content);

        assertThat(Files.readAllBytes(file)).isEqualTo(content);
        assertThat(made(new byte[after])).hasBinaryContent(new byte[after]);
    }

    @Test
    void a_file_of_holes_takes_no_space() throws IOException, InterruptedException {
        var content = new byte[16 << 20];
        System.arraycopy(TEXT, 0, content, 9 << 20, TEXT.length);
        var stat = new ProcessBuilder("stat", "-c", "%b", made(content).toString()).start();
        var blocks = new String(stat.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();

        assertThat(stat.waitFor()).isZero();
        assertThat(Long.parseLong(blocks) * 512).isLessThan(2 << 20);
    }

    /** Also written in pieces of any size, and found under the digest of all of it. */
    private Path made(byte[] content) throws IOException {
        try (var blob = blobs.create()) {
            for (var done = 0; done < content.length; ) {
                var piece = Math.min(content.length - done, 1 + done % 777_777);
                blob.stream().write(content, done, piece);
                done += piece;
            }
            var digest = blob.finish();
            assertThat(digest).isEqualTo(BlobStore.digest(Arrays.copyOf(content, content.length)));
            assertThat(blob.size()).isEqualTo(content.length);
            blob.publish(digest);
            return blobs.path(digest);
        }
    }
}
