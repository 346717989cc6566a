package dev.lockstep.runtime.build;

import dev.lockstep.runtime.context.Copier;
import dev.lockstep.runtime.context.CopyRequest;
import dev.lockstep.runtime.context.CopySource;
import dev.lockstep.runtime.context.Ignore;
import dev.lockstep.runtime.context.InlineDirectory;
import dev.lockstep.runtime.context.SourceTree;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.oci.OciRuntime;
import dev.lockstep.runtime.snapshot.Snapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A build whose steps do nothing: each is recorded as if it had been done and had written one small file. For who needs
 * builds that find all they ask for where none can be done, such as the run that fills a start-up cache. Only for roots
 * that are thrown away afterwards.
 */
public final class BuildRehearsal {
    private static final Logger LOG = LoggerFactory.getLogger(BuildRehearsal.class);
    private static final byte[] CONTENT = {'x'};

    private final BuildRooms rooms;

    /** With these rooms, of which nothing is mounted and nothing run. */
    public BuildRehearsal(BuildRooms rooms) {
        this.rooms = rooms;
    }

    /** Does as if the target was built; a build of an equal request finds everything then. */
    public Image build(BuildRequest request) throws IOException {
        return new Builder(
                        rooms.with(new Unmounted(), rooms.runtime()),
                        _ -> asked -> new StepCache.Made(layer(), Optional.of(asked)))
                .build(request, _ -> {}, new Cancellation(), _ -> {});
    }

    /** Nothing is mounted, so the run root stays a directory like any other. */
    private final class Unmounted implements BuildRooms.RunRoot {
        @Override
        public Flock enter() throws IOException {
            return Flock.fleeting(rooms.root().lock("rehearsal"));
        }

        @Override
        public void leave() {}
    }

    private Layer layer() throws IOException {
        try (var workspace = StepWorkspace.open(rooms.root())) {
            copy(workspace);
            run(workspace);
            return rooms.snapshots()
                    .commit(new Snapshots.Change(workspace.upper(), List.of(), Set.of(), Optional.of(Instant.EPOCH)));
        }
    }

    private void copy(StepWorkspace workspace) throws IOException {
        try (var tree = InlineDirectory.text(new RawPath("file"), CONTENT, Instant.EPOCH);
                var target = Directory.open(workspace.upper())) {
            var source = new CopySource(SourceTree.context(tree, Ignore.NOTHING), ".");
            var _ = Copier.copy(
                    new CopyRequest(
                            List.of(source),
                            "/",
                            "/",
                            Optional.empty(),
                            Optional.empty(),
                            false,
                            Ignore.NOTHING,
                            Optional.empty()),
                    target,
                    target);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EPERM) {
                throw e;
            }
            // Only root gives files to somebody: then the layer has less in it.
        }
    }

    /** All that a RUN does, with a program that does nothing in the place of the runtime. */
    private void run(StepWorkspace workspace) throws IOException {
        Files.createDirectories(workspace.rootfs());
        var process = new StepProcess(
                List.of("true"),
                Map.of("PATH", "/bin"),
                "",
                "/",
                StepProcess.Network.NONE,
                false,
                "rehearsal",
                List.of(),
                StepProcess.SHM_SIZE,
                Map.of(),
                Optional.empty());
        try {
            var state = rooms.runtime().get().state();
            var idle = rooms.with(rooms.runRoot(), () -> new OciRuntime("true", Path.of("/bin/true"), state));
            var _ = new StepContainer(idle, workspace).run(process, List.of(), (_, _, _) -> {}, new Cancellation());
        } catch (IOException e) {
            LOG.debug("rehearsed without a container", e); // No runtime here, or no cgroups.
        }
    }
}
