package dev.lockstep.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import org.junit.jupiter.api.Test;

class ScarceTest {
    @Test
    void want_of_descriptors_or_memory_is_told_from_what_is_wrong_with_a_file() {
        assertThat(Scarce.isWhy(new FileSystemException("/a", null, "Too many open files")))
                .isTrue();
        assertThat(Scarce.isWhy(new FileSystemException("/a", null, "Cannot allocate memory")))
                .isTrue();
        assertThat(Scarce.isWhy(new UncheckedIOException(new FileSystemException("/a", null, "Too many open files"))))
                .isTrue();
        assertThat(Scarce.isWhy(new UncheckedIOException(new IOException("/a"))))
                .isFalse();
        assertThat(Scarce.isWhy(new FileSystemException("/a", null, "Input/output error")))
                .isFalse();
        assertThat(Scarce.isWhy(new FileSystemException("/a"))).isFalse();
        assertThat(Scarce.isWhy(new IOException("Too many open files in a file's name")))
                .isFalse();
    }
}
