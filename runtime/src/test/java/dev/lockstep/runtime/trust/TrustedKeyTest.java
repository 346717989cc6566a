package dev.lockstep.runtime.trust;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.lockstep.runtime.testing.TestSigner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrustedKeyTest {
    /**
     * The key that {@code cosign generate-key-pair} made once, and its id by {@code openssl pkey -outform DER |
     * sha256sum}.
     */
    private static final String COSIGN = """
            -----BEGIN PUBLIC KEY-----
            MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELM5mCJZv5hWIj6uNVfCvH+kf87CG
            LOg8uIN/M0hvE9wwo19/Lzl2nKm55CN45yAddkr9LUAFsSj64LVeWlfJ/w==
            -----END PUBLIC KEY-----
            """;

    private static final String COSIGN_ID = "507b5e09bbe87619b48c704aa3e43af052122edef7da2c058e6bb3fdd1056380";

    @TempDir
    Path directory;

    private static TrustedKey parse(String pem) {
        return TrustedKey.parse("k", pem.getBytes(US_ASCII));
    }

    private static void refused(String pem, String why) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> parse(pem))
                .withMessageStartingWith("the key k ")
                .withMessageContaining(why)
                .withNoCause();
    }

    @Test
    void a_key_of_cosign_is_read_with_the_id_that_others_compute() {
        assertThat(parse(COSIGN).id()).isEqualTo(COSIGN_ID);
        assertThat(parse(COSIGN.replace("\n", "\r\n")).id()).isEqualTo(COSIGN_ID);
        assertThat(parse(COSIGN.replace("\n", " ")).id()).isEqualTo(COSIGN_ID);
        assertThat(parse("# release\n" + COSIGN).id()).isEqualTo(COSIGN_ID);
    }

    @ParameterizedTest
    @CsvSource({"p256, EC", "p384, EC", "p521, EC", "ed25519, EdDSA", "rsa, RSA"})
    void each_sort_of_key_is_read(String kind, String algorithm) throws IOException {
        var file = TestSigner.generate(directory, kind, kind).publicKey();
        assertThat(TrustedKey.parse("k", Files.readAllBytes(file)).key().getAlgorithm())
                .isEqualTo(algorithm);
    }

    @Test
    void the_older_form_of_rsa_keys_is_the_same_key() throws Exception {
        var signer = TestSigner.generate(directory, "rsa", "rsa");
        var process = new ProcessBuilder(
                        "openssl", "rsa", "-in", directory.resolve("rsa.pem").toString(), "-RSAPublicKey_out")
                .start();
        var older = new String(process.getInputStream().readAllBytes(), US_ASCII);
        assertThat(process.waitFor()).isZero();
        assertThat(older).startsWith("-----BEGIN RSA PUBLIC KEY-----");
        assertThat(parse(older).id())
                .isEqualTo(TrustedKey.parse("k", Files.readAllBytes(signer.publicKey()))
                        .id());
    }

    @Test
    void what_is_no_public_key_is_refused_with_what_it_is() throws IOException {
        refused("", "is no key in PEM form");
        refused("ssh-ed25519 AAAA", "is no key in PEM form");
        refused(COSIGN.substring(0, 100), "is cut off or damaged");
        refused(COSIGN.replace("-----END PUBLIC KEY-----", ""), "is cut off or damaged");
        refused(COSIGN.replace("MFkw", "!!!!"), "is cut off or damaged");
        refused(COSIGN.replace("MFkw", "MF=="), "base64");
        refused(COSIGN.replace("MFkwEwYH", "MFkwEwYI"), "is damaged, or a key of a sort that is not supported");
        refused(COSIGN + COSIGN, "holds 2 keys");
        refused(COSIGN.replace("PUBLIC KEY", "CERTIFICATE"), "is a certificate");
        refused(COSIGN.replace("PUBLIC KEY", "PGP PUBLIC KEY BLOCK"), "is a PGP PUBLIC KEY BLOCK");
        refused(COSIGN.replace("PUBLIC KEY", "EC PRIVATE KEY"), "holds a private key");
        refused("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nxx", "holds a private key");
        refused("A".repeat(70_000), "has more than 64 KiB");
        TestSigner.generate(directory, "weak", "rsa1024");
        refused(Files.readString(directory.resolve("weak.pub")), "is an RSA key of 1024 bits");
    }

    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed.fixed", "lockstep.seed"})
    void a_key_spoilt_by_chance_is_a_key_or_a_sentence(String property) {
        var seed = Long.parseUnsignedLong(System.getProperty(property, "1"));
        var chance = new Random(seed);
        for (var i = 0; i < Integer.getInteger("lockstep.count", 100) * 10; i++) {
            var bytes = COSIGN.getBytes(US_ASCII);
            for (var n = chance.nextInt(1, 4); n > 0; n--) {
                bytes[chance.nextInt(bytes.length)] = (byte) chance.nextInt(256);
            }
            try {
                TrustedKey.parse("k", bytes);
            } catch (IllegalArgumentException e) {
                assertThat(e)
                        .as("seed %s, case %d", Long.toUnsignedString(seed), i)
                        .hasMessageStartingWith("the key k ");
            }
        }
    }
}
