package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.agent.FileLines;
import dev.lockstep.reconciler.deploy.DirectorySource;
import dev.lockstep.reconciler.deploy.StackSource;
import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.plan.LineCommits;
import dev.lockstep.reconciler.plan.Secrets;
import dev.lockstep.spec.load.FileAccess;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.model.Project;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A person's directory as one commit has it: what would change if that commit were checked out there and applied.
 *
 * @param top directory of the repository, absolute
 */
record RevisionSource(CommitTree tree, LoadRequest load, Path top) implements StackSource {
    /** The files that the call names, read from the commit instead of the directory. */
    static RevisionSource of(CommitTree tree, LoadRequest request, Path top, Path directory) {
        var below = top.relativize(directory).toString();
        return new RevisionSource(
                tree, request.withTree(tree).withDirectory(below).withAccess(FileAccess.insideTree("")), top);
    }

    @Override
    public Optional<String> repository() {
        return Optional.empty();
    }

    @Override
    public Optional<String> revision() {
        return Optional.of(
                tree.revision().shortCommit() + " \"" + tree.revision().subject() + "\"");
    }

    @Override
    public Secrets secrets() {
        return Secrets.NONE;
    }

    @Override
    public LineCommits lines() {
        return FileLines.of(tree);
    }

    @Override
    public Files files(Project project, String projectDirectory) throws IOException {
        return new DirectorySource(load, top).files(project, projectDirectory);
    }

    @Override
    public byte[] read(String projectDirectory, String path) throws IOException {
        var file = top.resolve(projectDirectory).resolve(path).normalize();
        if (!file.startsWith(top)) {
            return new DirectorySource(load, top).read(projectDirectory, path);
        }
        var inTree = top.relativize(file).toString();
        return tree.read(inTree)
                .orElseThrow(() -> new IOException("there is no file " + inTree + " in commit "
                        + tree.revision().shortCommit()));
    }

    @Override
    public boolean isExecutable(String projectDirectory, String path) throws IOException {
        var file = top.resolve(projectDirectory).resolve(path).normalize();
        return file.startsWith(top)
                ? tree.isExecutable(top.relativize(file).toString())
                : new DirectorySource(load, top).isExecutable(projectDirectory, path);
    }
}
