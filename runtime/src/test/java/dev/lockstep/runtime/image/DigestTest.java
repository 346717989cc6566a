package dev.lockstep.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DigestTest {
    private static final String HEX = "ab".repeat(32);

    @Test
    void a_digest_reads_what_it_writes() {
        assertThat(Digest.parse("sha256:" + HEX)).isEqualTo(new Digest(HEX)).hasToString("sha256:" + HEX);
        assertThat(new Digest(HEX).abbreviated()).isEqualTo("sha256:abababababab");
    }

    @Test
    void the_digest_of_nothing_is_known() {
        assertThat(BlobStore.digest(new byte[0]))
                .hasToString("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }

    @ParameterizedTest
    @ValueSource(strings = {"sha512", "md5", "blake3", "multihash+base58"})
    void a_digest_of_another_algorithm_is_refused_by_its_name(String algorithm) {
        assertThatThrownBy(() -> Digest.parse(algorithm + ":" + "ab".repeat(64)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a digest by " + algorithm + ", which is not supported: only sha256 is");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "sha256:",
                "sha256:ab",
                "SHA256:abababababababababababababababababababababababababababababababab",
                "sha256:ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB",
                "sha256:abababababababababababababababababababababababababababababababab0",
                "sha256:../../../../../../../../../../../../../../../../../../../../etc/pa"
            })
    void anything_else_is_refused(String text) {
        assertThatThrownBy(() -> Digest.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("not a sha256 digest");
    }
}
