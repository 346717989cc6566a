package dev.lockstep.runtime.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.Pipe;
import dev.lockstep.runtime.linux.ProcessSpawner;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
        try (var question = Pipe.open();
                var answer = Pipe.open()) {
            var pid = ProcessSpawner.spawn(new ProcessSpawner.Command(
                    List.of(path(), "get"),
                    environment.entrySet().stream()
                            .map(e -> e.getKey() + "=" + e.getValue())
                            .toList(),
                    new ProcessSpawner.Stream.Descriptor(question.readEnd()),
                    new ProcessSpawner.Stream.Descriptor(answer.writeEnd()),
                    // Its talk may hold what nobody should see.
                    new ProcessSpawner.Stream.Nothing(),
                    List.of()));
            question.readEnd().close();
            answer.writeEnd().close();
            try {
                question.writeEnd().outputStream().write(server.getBytes(StandardCharsets.UTF_8));
            } catch (LinuxException e) {
                // It may answer without reading.
            }
            question.writeEnd().close();
            var said = new ByteArrayOutputStream();
            var inTime = read(answer, said);
            if (!inTime) {
                ProcessHandle.of(pid).ifPresent(helper -> {
                    helper.descendants().forEach(ProcessHandle::destroyForcibly);
                    helper.destroyForcibly();
                });
            }
            var code = ProcessSpawner.reap(pid);
            if (!inTime) {
                throw failed("does not answer within " + patience.toSeconds() + " s");
            }
            return account(code, said.toString(StandardCharsets.UTF_8));
        }
    }

    /** Whether it said all it had to say in time. */
    private boolean read(Pipe answer, ByteArrayOutputStream said) throws IOException {
        var deadline = System.nanoTime() + patience.toNanos();
        var in = answer.readEnd().inputStream();
        var buffer = new byte[8192];
        while (answer.awaitReadable(Duration.ofNanos(Math.max(0, deadline - System.nanoTime())))) {
            var n = in.read(buffer);
            if (n < 0) {
                return true;
            }
            said.write(buffer, 0, Math.min(n, ANSWER_LIMIT - said.size()));
        }
        return false;
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
        for (var directory : directories.split(":", -1)) {
            if (!directory.isEmpty() && Files.isExecutable(Path.of(directory, program))) {
                return Path.of(directory, program).toString();
            }
        }
        throw failed("is not installed in " + directories);
    }

    private Optional<Credential> read(String answer) throws RegistryException {
        JsonNode document;
        try {
            document = json.readTree(answer);
        } catch (JsonProcessingException e) {
            // Without its cause, which would quote the answer.
            throw failed("answers what is no JSON");
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
