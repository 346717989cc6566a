package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Cgroups;
import dev.lockstep.runtime.linux.DetachedMount;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What all runs of a root share: the run root as a mount of its own, and the parent of their cgroups. Made with the
 * first run and taken away with the last.
 *
 * <p>The mount is shared: a process that copies the mount namespace would otherwise keep our mounts and namespace pins
 * alive after we took them away (mount_namespaces(7)).
 */
final class RunRoot {
    private final Root root;

    RunRoot(Root root) {
        this.root = root;
    }

    /** Makes sure that it is there, and that it stays as long as the result is open. */
    Flock enter() throws IOException {
        var use = Flock.shared(root.lock("run-root"));
        var entered = false;
        try {
            if (!Mounts.isMountPoint(root.run())) {
                mount();
            }
            Root.directory(ContainerFiles.allRun(root));
            Root.directory(ContainerFiles.exits(root));
            entered = true;
            return use;
        } finally {
            if (!entered) {
                use.close();
            }
        }
    }

    private void mount() throws IOException {
        try (var _ = Flock.exclusive(root.lock("run-root-mount"))) {
            if (Mounts.isMountPoint(root.run())) {
                return;
            }
            // Written first, and seen through the mount as well: without it the mount is somebody else's, and stays.
            AtomicFiles.writeVolatile(mounted(), new byte[0]);
            try (var place = Fd.openPath(root.run());
                    var mount = DetachedMount.bindRecursively(place)) {
                // Of a shared mount below, as /run is with systemd, it would be a peer: all that is mounted here would
                // be mounted there once more, where nobody sees it.
                mount.propagate(DetachedMount.Propagation.PRIVATE)
                        .propagate(DetachedMount.Propagation.SHARED)
                        .attach(place);
            }
        }
    }

    /** Takes it away unless somebody uses it or a run is left. */
    void leave(Cgroups cgroups) throws IOException {
        var alone = Flock.tryExclusive(root.lock("run-root"));
        if (alone.isEmpty()) {
            return;
        }
        try (var _ = alone.get()) {
            if (!ContainerStore.names(ContainerFiles.allRun(root)).isEmpty() || !Contents.isEmpty(root)) {
                return;
            }
            cgroups.at(ContainerFiles.supervisorCgroup(root)).remove();
            cgroups.at(ContainerFiles.cgroupParent(root)).remove();
            if (Files.exists(mounted()) && Mounts.isMountPoint(root.run())) {
                Mounts.unmount(root.run());
            }
            Files.deleteIfExists(mounted());
        }
    }

    /** There while the mount is ours. */
    private Path mounted() {
        return root.run().resolve("mounted");
    }
}
