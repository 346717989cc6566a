package dev.lockstep.reconciler.story;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The real {@code cosign} with one key pair, as whoever releases images has it. */
final class Cosign {
    private final Path directory;

    /** Makes the key pair in a directory of its own. */
    Cosign(Path directory) throws IOException {
        this.directory = Files.createDirectories(directory);
        run(List.of("generate-key-pair"));
    }

    /** The text of the public key. */
    String publicKey() throws IOException {
        return Files.readString(directory.resolve("cosign.pub"));
    }

    /** Signs an image in its registry, by digest. */
    void sign(String reference) throws IOException {
        run(List.of("sign", "--key", "cosign.key", "--tlog-upload=false", "-y", reference));
    }

    /** The same as a sigstore bundle that refers to the image. */
    void signByBundle(String reference) throws IOException {
        Files.writeString(directory.resolve("predicate.json"), "{}");
        run(List.of(
                "attest",
                "--key",
                "cosign.key",
                "--tlog-upload=false",
                "--new-bundle-format",
                "--type",
                "https://sigstore.dev/cosign/sign/v1",
                "--predicate",
                "predicate.json",
                "-y",
                reference));
    }

    private void run(List<String> words) throws IOException {
        var command = new ArrayList<>(List.of("cosign"));
        command.addAll(words);
        var builder = new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
        builder.environment().put("COSIGN_PASSWORD", "");
        builder.environment().put("HOME", directory.toString());
        var process = builder.start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        try {
            if (process.waitFor() != 0) {
                throw new IOException(command + ": " + said);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
