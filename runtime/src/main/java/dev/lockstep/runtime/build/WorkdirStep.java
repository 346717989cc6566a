package dev.lockstep.runtime.build;

import dev.lockstep.runtime.dockerfile.Instruction;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.oci.ContainerUser;
import dev.lockstep.runtime.oci.UserDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** {@code WORKDIR}: makes the directory, which belongs to the image's user with all that was missing above it. */
final class WorkdirStep {
    private static final RawPath HERE = new RawPath(".");

    /** As path_resolution(7) has it. */
    private static final int MOST_LINKS = 40;

    private final StageBuild.Step step;
    private final Instruction.Workdir workdir;

    WorkdirStep(StageBuild.Step step, Instruction.Workdir workdir) {
        this.step = step;
        this.workdir = workdir;
    }

    StageBuild.Outcome run() throws IOException {
        var draft = step.state().draft();
        var path = draft.workingDirectory(workdir.path());
        if (path.equals("/")) {
            return new StageBuild.Outcome(draft.workdir(workdir.path(), Optional.empty()), true);
        }
        var user = draft.config().user().orElse("");
        var key = step.key("workdir").add(path).add(user).key();
        var outcome = step.solver()
                .cache()
                .obtain(
                        key,
                        step.anew(),
                        step.solver().cancellation(),
                        asked -> new StepCache.Made(make(path, user), Optional.of(asked)));
        return new StageBuild.Outcome(draft.workdir(workdir.path(), Optional.of(outcome.result())), outcome.cached());
    }

    private Layer make(String path, String user) throws IOException {
        try (var workspace =
                StepWorkspace.open(step.solver().rooms().root(), step.solver().cancellation())) {
            var layers = step.layers();
            workspace.mount(layers);
            try (var root = Directory.open(workspace.rootfs())) {
                make(root, workspace.rootfs(), path, owner(workspace, user), 0);
            }
            workspace.unmountRoot();
            return step.commit(workspace, layers);
        }
    }

    private static ContainerUser owner(StepWorkspace workspace, String user) throws IOException {
        try {
            return UserDatabase.read(workspace.rootfs()).resolve(user);
        } catch (IllegalArgumentException e) {
            throw new BuildException("unable to find user " + user + ": " + e.getMessage(), e);
        }
    }

    /** A link to what is not there leads to what is made. */
    private static void make(Directory root, Path mounted, String path, ContainerUser owner, int links)
            throws IOException {
        var at = new StringBuilder();
        for (var part : path.substring(1).split("/", -1)) {
            var parent = at.isEmpty() ? HERE : RawPath.of(at.toString());
            at.append(at.isEmpty() ? "" : "/").append(part);
            try (var _ = root.directoryInRoot(RawPath.of(at.toString()))) {
                continue; // It is there, and stays as it is.
            } catch (LinuxException e) {
                if (e.errno() == Errno.ENOTDIR) {
                    throw new BuildException("mkdir /" + at + ": not a directory", e);
                }
                if (e.errno() != Errno.ENOENT) {
                    throw new BuildException("mkdir /" + at + ": " + e.getMessage(), e);
                }
            }
            try (var above = root.directoryInRoot(parent)) {
                var name = RawPath.of(part);
                if (above.status(name)
                        .filter(there -> there.type() == FileStatus.Type.SYMLINK)
                        .isPresent()) {
                    if (links == MOST_LINKS) {
                        throw new BuildException("mkdir /" + at + ": too many levels of symbolic links");
                    }
                    var inside = Files.readSymbolicLink(above.fd().procPath())
                            .toString()
                            .substring(mounted.toString().length());
                    var rest = path.substring(1 + at.length());
                    make(root, mounted, ImagePath.resolve("/" + inside, above.readLink(name) + rest), owner, links + 1);
                    return;
                }
                above.makeDirectory(name, 0755);
                above.setOwner(name, owner.uid(), owner.gid());
            } catch (LinuxException e) {
                throw new BuildException("/" + at + " cannot be made: " + e.getMessage(), e);
            }
        }
    }
}
