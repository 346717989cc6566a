package dev.lockstep.runtime.archive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import dev.lockstep.runtime.testing.TarBuilder;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompressionTest {
    private static final byte[] CONTENT = new byte[300_000];

    static {
        new Random(1).nextBytes(CONTENT);
        Arrays.fill(CONTENT, 1000, 100_000, (byte) 7);
    }

    @Test
    void content_is_uncompressed_by_what_it_begins_with() throws IOException {
        assertThat(uncompressed(TarBuilder.gzip(CONTENT))).isEqualTo(CONTENT);
        assertThat(uncompressed(Zstd.compress(CONTENT))).isEqualTo(CONTENT);
        assertThat(uncompressed(CONTENT)).isEqualTo(CONTENT);
        assertThat(uncompressed(new byte[0])).isEmpty();
        assertThat(uncompressed(new byte[] {1})).hasSize(1);
    }

    @Test
    void parts_after_each_other_are_one_stream() throws IOException {
        var first = Arrays.copyOf(CONTENT, 1000);
        var rest = Arrays.copyOfRange(CONTENT, 1000, CONTENT.length);
        assertThat(uncompressed(join(TarBuilder.gzip(first), TarBuilder.gzip(new byte[0]), TarBuilder.gzip(rest))))
                .isEqualTo(CONTENT);
        assertThat(uncompressed(join(Zstd.compress(first), Zstd.compress(rest))))
                .isEqualTo(CONTENT);
        var skippable = new byte[] {0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3};
        assertThat(uncompressed(join(skippable, Zstd.compress(CONTENT), skippable)))
                .isEqualTo(CONTENT);
    }

    @Test
    void a_zstd_frame_that_wants_more_than_128_mebibytes_of_memory_is_refused() {
        // RFC 8878, 3.1.1.1: no content size, a window of 2^(10 + 18) bytes; then a block.
        var frame = new byte[] {0x28, (byte) 0xb5, 0x2f, (byte) 0xfd, 0, (byte) 0x90, 9, 0, 0, 'x'};
        assertThatThrownBy(() -> uncompressed(frame))
                .isInstanceOf(ArchiveException.class)
                .hasMessageContaining("zstd");
    }

    @Test
    void zeros_may_follow_gzip_and_nothing_else() throws IOException {
        var gzip = TarBuilder.gzip(CONTENT);
        assertThat(uncompressed(join(gzip, new byte[700]))).isEqualTo(CONTENT);
        assertThatThrownBy(() -> uncompressed(join(gzip, new byte[] {1})))
                .isInstanceOf(ArchiveException.class)
                .hasMessageContaining("rubbish");
        assertThatThrownBy(() -> uncompressed(join(gzip, new byte[] {0, 1}))).hasMessageContaining("rubbish");
    }

    @Test
    void every_field_of_a_gzip_header_is_passed_over() throws IOException {
        var plain = TarBuilder.gzip(CONTENT);
        var header = new byte[] {
            0x1f, (byte) 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3, 2, 0, 'e', 'x', 'n', 0, 'c', 'o', 0, 0, 0
        };
        var crc = new CRC32();
        crc.update(header);
        assertThat(uncompressed(join(header, Arrays.copyOfRange(plain, 10, plain.length))))
                .isEqualTo(CONTENT);
    }

    @ParameterizedTest
    @ValueSource(ints = {3, 9, 15, 5000, -1, -8})
    void a_gzip_stream_that_is_cut_is_noticed(int length) {
        var gzip = TarBuilder.gzip(CONTENT);
        var cut = Arrays.copyOf(gzip, length < 0 ? gzip.length + length : length);
        assertThatThrownBy(() -> uncompressed(cut))
                .isInstanceOf(EOFException.class)
                .hasMessageContaining("gzip");
    }

    @ParameterizedTest
    @ValueSource(ints = {9, 5000, -1, -100})
    void a_zstd_stream_that_is_cut_is_noticed(int length) {
        var zstd = Zstd.compress(CONTENT);
        var cut = Arrays.copyOf(zstd, length < 0 ? zstd.length + length : length);
        assertThatThrownBy(() -> uncompressed(cut))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("zstd");
    }

    @ParameterizedTest
    @CsvSource({"-1", "-5", "200000", "12"})
    void a_changed_byte_is_noticed(int index) {
        var gzip = TarBuilder.gzip(CONTENT);
        var at = index < 0 ? gzip.length + index : index;
        gzip[at] ^= 0x11;
        assertThatThrownBy(() -> uncompressed(gzip)).isInstanceOf(IOException.class);
    }

    @Test
    void other_compressions_are_named() {
        assertThatThrownBy(() -> uncompressed(new byte[] {(byte) 0xfd, '7', 'z', 'X', 'Z', 0, 0}))
                .hasMessageContaining("xz");
        assertThatThrownBy(() -> uncompressed("BZh91AY".getBytes(java.nio.charset.StandardCharsets.US_ASCII)))
                .hasMessageContaining("bzip2");
    }

    private static byte[] uncompressed(byte[] content) throws IOException {
        try (var stream = Compression.uncompress(new ByteArrayInputStream(content))) {
            return stream.readAllBytes();
        }
    }

    private static byte[] join(byte[]... parts) {
        var all = new ByteArrayOutputStream();
        for (var part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
