package dev.lockstep.runtime.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class ReadAheadTest {
    /** What a decoder throws that finds too little memory. */
    @Test
    @Timeout(30)
    void an_error_of_the_thread_that_reads_is_the_readers() throws IOException {
        var source = new InputStream() {
            private int left = 3;

            @Override
            public int read() {
                if (left-- == 0) {
                    throw new OutOfMemoryError("of a decoder");
                }
                return 'x';
            }

            @Override
            public int read(byte[] target, int offset, int length) {
                target[offset] = (byte) read();
                return 1;
            }
        };
        try (var in = new ReadAhead(source)) {
            assertThat(in.read(new byte[10], 0, 10)).isEqualTo(3);
            assertThatThrownBy(in::read).isInstanceOf(IOException.class).hasRootCauseMessage("of a decoder");
        }
    }
}
