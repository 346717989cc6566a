package dev.lockstep.runtime.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Authorities that somebody wanted are never left out in silence. */
class CertificatesTest {
    @TempDir
    Path directory;

    private Certificates find() throws IOException {
        return Certificates.find(List.of(directory), "r.example");
    }

    private void refused(String message) {
        assertThatThrownBy(() -> find().context())
                .isInstanceOfSatisfying(
                        RegistryException.class,
                        e -> assertThat(e.reason()).isEqualTo(RegistryException.Reason.MISCONFIGURED))
                .hasMessageContaining(message);
    }

    @Test
    void a_host_without_a_directory_has_none() throws IOException {
        assertThat(find().isEmpty()).isTrue();
        assertThat(Certificates.find(List.of(directory.resolve("none")), "r.example")
                        .isEmpty())
                .isTrue();
        Files.createDirectory(directory.resolve("r.example"));
        assertThat(find().isEmpty()).isTrue();
    }

    @Test
    void a_link_to_nowhere_is_an_error_and_hides_no_other_file() throws IOException {
        var own = Files.createDirectory(directory.resolve("r.example"));
        Files.writeString(own.resolve("a.crt"), "x");
        Files.createSymbolicLink(own.resolve("b.crt"), directory.resolve("nowhere"));
        refused(own.resolve("b.crt") + " is a link to a file that is not there");
    }

    @Test
    void a_directory_of_another_kind_is_an_error() throws IOException {
        var own = directory.resolve("r.example");
        Files.writeString(own, "x");
        refused(own + " is not a directory");
        Files.delete(own);
        Files.createSymbolicLink(own, directory.resolve("nowhere"));
        refused(own + " is not there, or a link to what is not there");
        Files.delete(own);
        Files.createDirectories(own.resolve("ca.crt"));
        refused(own.resolve("ca.crt") + " is not an ordinary file");
        Files.delete(own.resolve("ca.crt"));
        // Not even root reads that memory.
        Files.createSymbolicLink(own.resolve("ca.crt"), Path.of("/proc/self/mem"));
        refused(own.resolve("ca.crt") + " cannot be read: ");
    }
}
