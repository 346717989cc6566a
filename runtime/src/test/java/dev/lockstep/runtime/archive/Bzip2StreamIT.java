package dev.lockstep.runtime.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What bzip2(1) has written. */
class Bzip2StreamIT {
    private static byte[] compressed(byte[] content, String level) throws Exception {
        var bzip2 = new ProcessBuilder("bzip2", "-c", level).start();
        var writer = Thread.ofPlatform().start(() -> {
            try (var in = bzip2.getOutputStream()) {
                in.write(content);
            } catch (IOException e) {
                // It ended; its status says why.
            }
        });
        var out = bzip2.getInputStream().readAllBytes();
        writer.join();
        assertThat(bzip2.waitFor()).isZero();
        return out;
    }

    private static byte[] uncompressed(byte[] compressed) throws IOException {
        try (var stream = ArchiveStream.of(new ByteArrayInputStream(compressed))) {
            return stream.readAllBytes();
        }
    }

    /** Noise, text of few letters, and runs of all lengths about those that have a form of their own. */
    private static byte[] content(int size, long seed) {
        var random = new Random(seed);
        var content = new byte[size];
        for (var at = 0; at < size; ) {
            var length = Math.min(size - at, 1 + random.nextInt(600));
            switch (random.nextInt(3)) {
                case 0 -> Arrays.fill(content, at, at + length, (byte) random.nextInt(256));
                case 1 -> {
                    for (var i = 0; i < length; i++) {
                        content[at + i] = (byte) ('a' + random.nextInt(4));
                    }
                }
                default -> {
                    var noise = new byte[length];
                    random.nextBytes(noise);
                    System.arraycopy(noise, 0, content, at, length);
                }
            }
            at += length;
        }
        return content;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 4, 5, 259, 260, 99_980, 100_001, 350_000, 2_000_000})
    void what_was_compressed_comes_out(int size) throws Exception {
        for (var level : size < 1_000_000 ? new String[] {"-1", "-9"} : new String[] {"-9"}) {
            var content = content(size, size);
            assertThat(uncompressed(compressed(content, level))).isEqualTo(content);
        }
        var run = new byte[size];
        Arrays.fill(run, (byte) 7);
        assertThat(uncompressed(compressed(run, "-1"))).isEqualTo(run);
    }

    @Test
    void streams_after_each_other_are_one() throws Exception {
        var one = compressed(content(1000, 1), "-1");
        var other = compressed(content(2000, 2), "-9");
        var both = Arrays.copyOf(one, one.length + other.length);
        System.arraycopy(other, 0, both, one.length, other.length);

        assertThat(uncompressed(both)).hasSize(3000).endsWith(content(2000, 2));
    }

    @Test
    void damage_is_seen_wherever_it_is() throws Exception {
        var content = content(3000, 3);
        var whole = compressed(content, "-1");
        var random = new Random(4);
        for (var i = 0; i < 500; i++) {
            var damaged = whole.clone();
            damaged[4 + random.nextInt(whole.length - 4)] ^= (byte) (1 << random.nextInt(8));
            try {
                // Bits behind the last block fill a byte, and mean nothing.
                assertThat(uncompressed(damaged)).isEqualTo(content);
            } catch (ArchiveException | EOFException e) {
                assertThat(e).hasMessageContaining("bzip2");
            }
        }
        assertThatThrownBy(() -> uncompressed(Arrays.copyOf(whole, whole.length - 20)))
                .isInstanceOf(EOFException.class);
    }
}
