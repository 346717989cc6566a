package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.desired.BindSources;
import dev.lockstep.reconciler.plan.Secrets;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.model.Project;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Optional;

/**
 * A plain directory, as Compose has it: relative bind sources are that directory's own paths.
 *
 * @param root directory that the request's tree is based on, absolute
 */
public record DirectorySource(LoadRequest load, Path root) implements StackSource {
    @Override
    public Optional<String> repository() {
        return Optional.empty();
    }

    @Override
    public Optional<String> revision() {
        return Optional.empty();
    }

    @Override
    public Secrets secrets() {
        return Secrets.NONE;
    }

    @Override
    public Files files(Project project, String projectDirectory) {
        var base = root.resolve(projectDirectory).normalize();
        return new Files(
                source -> {
                    var path = base.resolve(source).normalize();
                    return new BindSources.Source(path, path.toString());
                },
                BeforeStart.NOTHING);
    }

    @Override
    public byte[] read(String projectDirectory, String path) throws IOException {
        var file = root.resolve(projectDirectory).resolve(path).normalize();
        try {
            return java.nio.file.Files.readAllBytes(file);
        } catch (IOException e) {
            throw new IOException(
                    "the file " + file + " "
                            + (e instanceof NoSuchFileException
                                    ? "does not exist"
                                    : java.nio.file.Files.isDirectory(file)
                                            ? "is a directory"
                                            : "cannot be read: " + e.getMessage()),
                    e);
        }
    }

    @Override
    public boolean isExecutable(String projectDirectory, String path) throws IOException {
        return java.nio.file.Files.getPosixFilePermissions(
                        root.resolve(projectDirectory).resolve(path).normalize())
                .contains(PosixFilePermission.OWNER_EXECUTE);
    }
}
