package dev.lockstep.reconciler.desired;

import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.spec.model.FileContent;
import dev.lockstep.spec.model.Grant;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Sensitive;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Secrets and configs as files of containers. Remembers their contents for the start. */
final class Grants {
    /** Everybody inside may read it, as with Compose. */
    private static final int MODE = 0444;

    /** And run it: Compose binds the file of a config as it is, and scripts come in this way. */
    private static final int EXECUTABLE = 0555;

    private static final String SECRETS = "/run/secrets/";

    private final Project project;
    private final FileContents files;
    private final Map<String, Hidden> contents = new TreeMap<>();

    Grants(Project project, FileContents files) {
        this.project = project;
        this.files = files;
    }

    /** Contents of all that were asked for, by identity. */
    Map<String, Hidden> contents() {
        return Collections.unmodifiableMap(contents);
    }

    MountSpec secret(Grant grant) throws IOException {
        var secret = Optional.ofNullable(project.secrets().get(grant.source()))
                .orElseThrow(() -> new IllegalArgumentException("undefined secret " + grant.source()));
        if (secret.driver().isPresent() || secret.templateDriver().isPresent()) {
            throw new IllegalArgumentException("the secret " + secret.key()
                    + " has a driver, which only a cluster knows. Give it file: or environment:");
        }
        return mount("secret", grant, secret.content(), secret.name(), SECRETS);
    }

    MountSpec config(Grant grant) throws IOException {
        var config = Optional.ofNullable(project.configs().get(grant.source()))
                .orElseThrow(() -> new IllegalArgumentException("undefined config " + grant.source()));
        if (config.templateDriver().isPresent()) {
            throw new IllegalArgumentException("the config " + config.key()
                    + " has a driver, which only a cluster knows. Give it file:, environment: or content:");
        }
        return mount("config", grant, config.content(), config.name(), "/");
    }

    private MountSpec mount(String kind, Grant grant, FileContent content, String name, String directory)
            throws IOException {
        var bytes = kind.equals("secret") && !(content instanceof FileContent.External)
                ? secret(grant.source(), content, name)
                : bytes(kind + " " + grant.source(), content, name);
        var identity = files.identity(bytes);
        contents.put(identity, new Hidden(bytes));
        var target = grant.target().orElse(grant.source());
        return new MountSpec.Content(
                kind + " " + grant.source(),
                identity,
                target.startsWith("/") ? target : directory + target,
                grant.uid().orElse("0"),
                grant.gid().orElse("0"),
                grant.mode().isPresent() ? grant.mode().get().bits() : mode(kind, content));
    }

    private int mode(String kind, FileContent content) throws IOException {
        return kind.equals("config") && content instanceof FileContent.File(var path) && files.isExecutable(path)
                ? EXECUTABLE
                : MODE;
    }

    /** What the host's owner keeps for a secret is stronger than what the files say. */
    private byte[] secret(String key, FileContent content, String name) throws IOException {
        var kept = files.kept(key);
        return kept.isPresent() ? kept.get() : bytes("secret " + key, content, name);
    }

    private byte[] bytes(String what, FileContent content, String name) throws IOException {
        return switch (content) {
            case FileContent.File(var path) -> files.read(path);
            case FileContent.Inline(var text) -> text.getBytes(StandardCharsets.UTF_8);
            case FileContent.Variable(var variable, var value) ->
                value.map(Sensitive::value)
                        .orElseThrow(() -> new IllegalArgumentException("the " + what + " is the value of the variable "
                                + variable + ", which is not set. Set it where the stack's variables are"))
                        .getBytes(StandardCharsets.UTF_8);
            case FileContent.External() -> files.external(what, name);
            case FileContent.Unsaid() ->
                throw new IllegalArgumentException(
                        "nothing says what the " + what + " contains. Give it file: or environment:");
        };
    }
}
