package dev.lockstep.runtime.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.Pipe;
import dev.lockstep.runtime.linux.ProcessSpawner;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/**
 * A program {@code docker-credential-NAME} that keeps accounts (docker-credential-helpers, "Development"): it reads the
 * server's name and answers with a document.
 */
final class CredentialHelper {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*");
    /** A helper may ask a cloud for the account; one that asks a person would never end. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final int ANSWER_LIMIT = 1 << 20;
    private static final String NOT_FOUND = "credentials not found";

    private final String program;
    private final JsonMapper json;
    private final Map<String, String> environment;
    private final Duration patience;

    /** @throws IllegalArgumentException when that cannot be part of a program's name */
    CredentialHelper(String name, JsonMapper json, Map<String, String> environment) {
        this(name, json, environment, PATIENCE);
    }

    CredentialHelper(String name, JsonMapper json, Map<String, String> environment, Duration patience) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("\"" + name + "\" is not the name of a credential helper");
        }
        this.program = "docker-credential-" + name;
        this.json = json;
        this.environment = environment;
        this.patience = patience;
    }

    /** The account on {@code server}, or empty when the helper has none. Platform threads only. */
    Optional<Credential> get(String server) throws IOException {
        var path = path();
        try (var question = Pipe.open();
                var answer = Pipe.open()) {
            var pid = spawn(path, question, answer);
            question.readEnd().close();
            answer.writeEnd().close();
            try {
                question.writeEnd().outputStream().write(server.getBytes(StandardCharsets.UTF_8));
            } catch (LinuxException e) {
                // It may answer without reading.
            }
            question.writeEnd().close();
            var deadline = System.nanoTime() + patience.toNanos();
            var said = new ByteArrayOutputStream();
            var inTime = false;
            try {
                inTime = read(answer, said, deadline) && ends(pid, deadline);
            } finally {
                if (!inTime) {
                    ProcessHandle.of(pid).ifPresent(helper -> {
                        helper.descendants().forEach(ProcessHandle::destroyForcibly);
                        helper.destroyForcibly();
                    });
                }
            }
            var code = ProcessSpawner.reap(pid);
            if (!inTime) {
                throw failed(
                        said.size() > ANSWER_LIMIT
                                ? "answers more than " + (ANSWER_LIMIT >> 20) + " MiB"
                                : "does not answer within " + patience.toSeconds() + " s");
            }
            return account(code, said.toString(StandardCharsets.UTF_8));
        }
    }

    private int spawn(String path, Pipe question, Pipe answer) throws RegistryException {
        try {
            return ProcessSpawner.spawn(new ProcessSpawner.Command(
                    List.of(path, "get"),
                    environment.entrySet().stream()
                            .map(e -> e.getKey() + "=" + e.getValue())
                            .toList(),
                    new ProcessSpawner.Stream.Descriptor(question.readEnd()),
                    new ProcessSpawner.Stream.Descriptor(answer.writeEnd()),
                    // Its talk may hold what nobody should see.
                    new ProcessSpawner.Stream.Nothing(),
                    List.of()));
        } catch (LinuxException e) {
            throw new RegistryException(
                    RegistryException.Reason.MISCONFIGURED,
                    "the credential helper " + path + " cannot be started: " + e.getMessage(),
                    e);
        }
    }

    /** Whether it said all it had to say in time, and no more than that. */
    private static boolean read(Pipe answer, ByteArrayOutputStream said, long deadline) throws IOException {
        var in = answer.readEnd().inputStream();
        var buffer = new byte[8192];
        while (answer.awaitReadable(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())))) {
            var n = in.read(buffer);
            if (n < 0) {
                return true;
            }
            said.write(buffer, 0, n);
            if (said.size() > ANSWER_LIMIT) {
                return false;
            }
        }
        return false;
    }

    /** Whether it ends in time: one that has closed its output may still run. */
    private static boolean ends(int pid, long deadline) throws IOException {
        try {
            var helper = ProcessHandle.of(pid);
            if (helper.isPresent()) {
                helper.get().onExit().get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
            }
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    private Optional<Credential> account(int code, String said) throws RegistryException {
        if (code == 0) {
            return read(said);
        }
        if (said.contains(NOT_FOUND)) {
            return Optional.empty();
        }
        throw failed("ends with code " + code);
    }

    /** Looked for where this call's own PATH says. */
    private String path() throws IOException {
        var directories = environment.getOrDefault("PATH", "/usr/bin:/bin");
        var unusable = Optional.<Path>empty();
        for (var directory : directories.split(":", -1)) {
            var path = Path.of(directory, program);
            if (!directory.isEmpty() && Files.isRegularFile(path)) {
                if (Files.isExecutable(path)) {
                    return path.toString();
                }
                unusable = unusable.or(() -> Optional.of(path));
            }
        }
        throw failed(unusable.map(path -> "is not executable: 'chmod a+x " + path + "'")
                .orElse("is not installed in " + directories));
    }

    private Optional<Credential> read(String answer) throws RegistryException {
        JsonNode document;
        try {
            document = json.readTree(answer);
        } catch (JsonProcessingException e) {
            // Without its cause, which would quote the answer.
            throw failed("answers what is no JSON");
        }
        if (!document.isObject()) {
            throw failed("answers what is no object with Username and Secret");
        }
        var user = document.path("Username").asText("");
        var secret = document.path("Secret").asText("");
        if (secret.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(
                user.equals("<token>") ? new Credential.IdentityToken(secret) : new Credential.Account(user, secret));
    }

    private RegistryException failed(String what) {
        return new RegistryException(
                RegistryException.Reason.MISCONFIGURED, "the credential helper " + program + " " + what);
    }
}
