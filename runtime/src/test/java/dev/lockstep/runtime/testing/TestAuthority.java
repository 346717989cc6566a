package dev.lockstep.runtime.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A certificate authority of one test, made with {@code openssl}; its files lie in a directory of the test. */
public final class TestAuthority {
    private final Path directory;

    private TestAuthority(Path directory) {
        this.directory = directory;
    }

    /** A certificate and its key. */
    public record Issued(Path certificate, Path key) {}

    public static TestAuthority create(Path directory) throws IOException, InterruptedException {
        Files.createDirectories(directory);
        var authority = new TestAuthority(directory);
        authority.openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt"
                + " -days 2 -subj /CN=test-authority");
        return authority;
    }

    public Path certificate() {
        return directory.resolve("ca.crt");
    }

    /** A certificate for 127.0.0.1 and for clients, with a key of P-256. */
    public Issued issue(String name) throws IOException, InterruptedException {
        return issue(name, "subjectAltName=IP:127.0.0.1", "-newkey ec -pkeyopt ec_paramgen_curve:P-256");
    }

    /**
     * A certificate.
     *
     * @param names whom it is for, as an extension
     * @param key options of {@code openssl req} for a new key
     */
    public Issued issue(String name, String names, String key) throws IOException, InterruptedException {
        openssl("req -x509 -CA ca.crt -CAkey ca.key " + key + " -nodes -keyout " + name + ".key -out " + name
                + ".crt -days 2 -subj /CN=" + name + " -addext " + names
                + " -addext basicConstraints=critical,CA:FALSE");
        return new Issued(directory.resolve(name + ".crt"), directory.resolve(name + ".key"));
    }

    /** Runs openssl in the directory; the arguments have no spaces inside. */
    public void openssl(String arguments) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of("openssl"));
        command.addAll(List.of(arguments.split(" +", -1)));
        var process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException("openssl " + arguments + ": " + said);
        }
    }
}
