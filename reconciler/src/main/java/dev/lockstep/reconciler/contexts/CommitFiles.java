package dev.lockstep.reconciler.contexts;

import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.RepositoryPath;
import dev.lockstep.reconciler.git.TreeEntry;
import dev.lockstep.runtime.build.BuildRequest;
import dev.lockstep.runtime.context.Ignore;
import dev.lockstep.runtime.dockerfile.Dockerfile;
import dev.lockstep.runtime.dockerfile.DockerfileParser;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/**
 * Directories and files of a commit, read from its objects: what is not committed is not there, and nothing of the host
 * is.
 *
 * @param base of relative paths in the repository, empty for its root
 */
public record CommitFiles(CommitTree tree, String base) implements ContextFiles {
    private static final String IGNORE = ".dockerignore";

    @Override
    public BuildContexts.Found find(
            String context, Optional<String> dockerfile, Optional<Dockerfile> given, Dockerfiles dockerfiles)
            throws IOException {
        var directory = directory(context);
        if (given.isPresent()) {
            return new BuildContexts.Found(given.get(), Optional.of(context(directory, Optional.empty())), Map.of());
        }
        var written = inside(directory, dockerfile.orElse("Dockerfile"), "the Dockerfile");
        var file = dockerfile(tree, written)
                .orElseThrow(() -> new UnbuildableException("failed to read dockerfile: there is no file " + written
                        + " in commit " + tree.revision().shortCommit()));
        var bytes = tree.read(file).orElseThrow();
        if (bytes.length > DockerfileParser.LARGEST) {
            throw new UnbuildableException(file + " is larger than " + DockerfileParser.LARGEST + " bytes");
        }
        return new BuildContexts.Found(
                dockerfiles.read(file, bytes), Optional.of(context(directory, Optional.of(file))), Map.of());
    }

    /** What a path of a Dockerfile leads to, whether it can be read or not; absent: nothing, or a directory. */
    public static Optional<String> dockerfile(CommitTree tree, String path) throws IOException {
        for (var name : DockerfileNames.of(path)) {
            if (tree.resolve(name).filter(entry -> !entry.isDirectory()).isPresent()) {
                return Optional.of(name);
            }
        }
        return Optional.empty();
    }

    private String inside(String directory, String path, String what) throws UnbuildableException {
        if (path.startsWith("/")) {
            throw new UnbuildableException(what + " " + path
                    + " is the host's own, and who can push must not read it. Put it into the repository");
        }
        return RepositoryPath.resolve(directory, path)
                .orElseThrow(() -> new UnbuildableException(
                        what + " " + path + " leaves the repository, of which alone a commit has files"));
    }

    private String directory(String context) throws IOException {
        var directory = inside(base, context, "the context");
        if (tree.resolve(directory).filter(TreeEntry::isDirectory).isEmpty()) {
            throw new UnbuildableException("unable to prepare context: path \"" + context + "\" "
                    + (tree.resolve(directory).isPresent() ? "is not a directory" : "not found") + " in commit "
                    + tree.revision().shortCommit());
        }
        return directory;
    }

    private BuildRequest.Context context(String directory, Optional<String> dockerfile) throws IOException {
        return new BuildRequest.Context(() -> tree.directory(directory), ignore(directory, dockerfile));
    }

    /** The Dockerfile's own ignore file counts before the context's. */
    private Ignore ignore(String directory, Optional<String> dockerfile) throws IOException {
        if (dockerfile.isPresent()) {
            var own = dockerfile.get() + IGNORE;
            var bytes = tree.read(own);
            if (bytes.isPresent()) {
                return Ignore.parse(bytes.get(), own);
            }
        }
        var common = RepositoryPath.child(directory, IGNORE);
        var bytes = tree.read(common);
        return bytes.isPresent() ? Ignore.parse(bytes.get(), common) : Ignore.NOTHING;
    }

    @Override
    public BuildRequest.Context further(String path) throws IOException {
        return context(directory(path), Optional.empty());
    }

    @Override
    public byte[] secret(String name, String path) throws IOException {
        var file = inside(base, path, "the secret " + name + " is the file");
        return tree.read(file)
                .orElseThrow(() -> new UnbuildableException("the secret " + name + " is the file " + file
                        + ", which is not in commit " + tree.revision().shortCommit()));
    }
}
