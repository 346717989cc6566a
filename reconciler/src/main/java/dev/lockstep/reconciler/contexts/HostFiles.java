package dev.lockstep.reconciler.contexts;

import dev.lockstep.runtime.build.BuildRequest;
import dev.lockstep.runtime.context.Ignore;
import dev.lockstep.runtime.context.OpenDirectory;
import dev.lockstep.runtime.context.SourceTree;
import dev.lockstep.runtime.dockerfile.Dockerfile;
import dev.lockstep.runtime.dockerfile.DockerfileParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Directories and files of this host, for who may read them.
 *
 * @param base of relative paths, absolute
 */
public record HostFiles(Path base) implements ContextFiles {
    @Override
    public BuildContexts.Found find(
            String context, Optional<String> dockerfile, Optional<Dockerfile> given, Dockerfiles dockerfiles)
            throws IOException {
        var directory = directory(context);
        var file = existing(directory.resolve(dockerfile.orElse("Dockerfile")).normalize());
        // From the base on: many services have a file of that name.
        var name = (file.startsWith(base) ? base.relativize(file) : file).toString();
        return find(directory, file, name, given, dockerfiles);
    }

    /** The same with a Dockerfile wherever it is, which errors call by its name alone. */
    public BuildContexts.Found find(Path directory, Path file, Optional<Dockerfile> given, Dockerfiles dockerfiles)
            throws IOException {
        var existing = existing(file);
        return find(directory, existing, existing.getFileName().toString(), given, dockerfiles);
    }

    /** The same when it is nowhere. */
    private static Path existing(Path file) {
        return DockerfileNames.of(file.toString()).stream()
                .map(Path::of)
                .filter(Files::exists)
                .findFirst()
                .orElse(file);
    }

    private static BuildContexts.Found find(
            Path directory, Path file, String name, Optional<Dockerfile> given, Dockerfiles dockerfiles)
            throws IOException {
        return new BuildContexts.Found(
                given.isPresent() ? given.get() : dockerfile(file, name, dockerfiles),
                Optional.of(context(directory, given.isPresent() ? Optional.empty() : Optional.of(file))),
                Map.of());
    }

    /** Where a path leads. */
    public Path path(String text) {
        return base.resolve(text).normalize();
    }

    /**
     * A context's directory.
     *
     * @throws UnbuildableException when it is none
     */
    public Path directory(String text) throws UnbuildableException {
        var directory = path(text);
        if (!Files.isDirectory(directory)) {
            throw new UnbuildableException("unable to prepare context: path \"" + text + "\" "
                    + (Files.exists(directory) ? "is not a directory" : "not found"));
        }
        return directory;
    }

    private static Dockerfile dockerfile(Path file, String name, Dockerfiles dockerfiles) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new UnbuildableException("failed to read dockerfile: " + file + " "
                    + (Files.exists(file) ? "is not a file" : "does not exist"));
        }
        if (Files.size(file) > DockerfileParser.LARGEST) {
            throw new UnbuildableException(file + " is larger than " + DockerfileParser.LARGEST + " bytes");
        }
        return dockerfiles.read(name, Files.readAllBytes(file));
    }

    /** @param dockerfile whose own ignore file counts before the context's; absent: it has none */
    private static BuildRequest.Context context(Path directory, Optional<Path> dockerfile) throws IOException {
        var own = dockerfile.map(file -> file.resolveSibling(file.getFileName() + ".dockerignore"));
        BuildRequest.Opener opener = () -> OpenDirectory.open(directory);
        if (own.filter(Files::isRegularFile).isPresent()) {
            var file = own.get();
            var ignore =
                    Ignore.parse(Files.readAllBytes(file), file.getFileName().toString());
            return new BuildRequest.Context(opener, ignore);
        }
        // Inside the context: a link in it leads to no file of the host.
        try (var root = opener.open()) {
            return new BuildRequest.Context(
                    opener, BuildContexts.ignore(SourceTree.context(root, Ignore.NOTHING), Optional.empty()));
        }
    }

    @Override
    public BuildRequest.Context further(String path) throws IOException {
        return context(directory(path), Optional.empty());
    }

    @Override
    public byte[] secret(String name, String path) throws IOException {
        var file = path(path);
        if (!Files.isRegularFile(file)) {
            throw new UnbuildableException("the secret " + name + " is the file " + file + ", which is not there");
        }
        return Files.readAllBytes(file);
    }
}
