package dev.lockstep.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IncomingFileTest {
    private static final int PIECE = 64 * 1024;

    /** Counts, and keeps nothing. */
    private static final class Disk extends OutputStream {
        private final long size;
        private long used;

        Disk(long size) {
            this.size = size;
        }

        @Override
        public void write(int value) {
            used++;
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            used += length;
        }

        long free() {
            return size - used;
        }
    }

    @ParameterizedTest
    @CsvSource({"64, 32", "1024, 512", "5000, 1024"})
    void what_does_not_end_stops_while_there_is_room_for_others(long disk, long reserve) throws IOException {
        var all = new Disk(disk << 20);
        try (var file = new IncomingFile(all, all::free)) {
            assertThatThrownBy(() -> {
                        while (true) {
                            file.write(new byte[PIECE], 0, PIECE);
                        }
                    })
                    .isInstanceOf(NoRoomException.class)
                    .hasMessageContaining("after " + all.used + " bytes")
                    .hasMessageContaining("less than " + (reserve << 20) + " bytes of the disk would be free");
        }
        assertThat(all.free()).isBetween((reserve - 1) << 20, (reserve + 2) << 20);
    }

    @Test
    void a_small_file_comes_also_where_hardly_anything_is_free() throws IOException {
        var all = new ByteArrayOutputStream();
        try (var file = new IncomingFile(all, () -> 100)) {
            file.write("content".getBytes(StandardCharsets.UTF_8));
            file.write('!');
        }
        assertThat(all).hasToString("content!");
    }
}
