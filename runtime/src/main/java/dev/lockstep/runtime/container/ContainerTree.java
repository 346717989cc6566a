package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.DetachedMount;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The files of a container as it sees them: of a running one by its first process, with all that is mounted there; of
 * one that does not run its root, volumes and binds, mounted for as long as this is open. Until then the container
 * neither starts nor ends. Paths are to be resolved with {@link Directory#directoryInRoot} and its like.
 */
public final class ContainerTree implements AutoCloseable {
    private final Directory root;
    private final List<AutoCloseable> scopes;

    private ContainerTree(Directory root, List<AutoCloseable> scopes) {
        this.root = root;
        this.scopes = scopes;
    }

    /** What {@code /} is in the container. */
    public Directory root() {
        return root;
    }

    /** Of a running container. The descriptor outlives the process: what it leads to is still the container's. */
    static ContainerTree running(Run run) throws IOException {
        var process = run.process().orElseThrow();
        var root = Directory.open(Path.of("/proc/" + process.pid() + "/root"));
        if (!process.isAlive()) {
            root.close(); // the pid may be somebody else's by now
            throw new IOException("the container has just ended");
        }
        return new ContainerTree(root, List.of());
    }

    /** Of one that does not run; takes over the container's lock. */
    static ContainerTree stopped(
            ContainerRooms rooms, RunRoot runRoot, ContainerRecord record, ContainerFiles files, Flock lock)
            throws IOException {
        var scopes = new ArrayList<AutoCloseable>();
        scopes.add(lock);
        var opened = false;
        try {
            scopes.add(runRoot.enter());
            var place = rooms.root().run().resolve("looking").resolve(record.id());
            Root.directory(rooms.root().run().resolve("looking"));
            Root.directory(place);
            while (Mounts.isMountPoint(place)) {
                Mounts.unmount(place); // left by one that was killed
            }
            scopes.add(() -> Files.deleteIfExists(place));
            Mounts.overlay(
                    rooms.images().layers(record.made().image()),
                    Optional.of(new Mounts.Upper(files.upper(), files.work())),
                    place);
            scopes.add(() -> {
                while (Mounts.isMountPoint(place)) {
                    Mounts.unmount(place);
                }
            });
            var root = Directory.open(place);
            scopes.add(root);
            mounts(rooms, record, root);
            opened = true;
            return new ContainerTree(root, scopes);
        } finally {
            if (!opened) {
                close(scopes);
            }
        }
    }

    private static void mounts(ContainerRooms rooms, ContainerRecord record, Directory root) throws IOException {
        var anonymous = record.made().anonymousVolumes();
        for (var use : MountPlan.volumes(record.spec(), anonymous)) {
            if (rooms.volumes().find(use.volume()).isPresent()) {
                mount(rooms.volumes().path(use.volume()), use.target(), root);
            }
        }
        for (var mount : record.spec().mounts()) {
            // A source below a directory that containers write to is mounted where no link leads on the way.
            if (mount instanceof MountSpec.Bind bind && bind.base().isEmpty() && Files.exists(bind.source())) {
                mount(bind.source(), bind.target(), root);
            } else if (mount instanceof MountSpec.Bind bind && bind.base().isPresent()) {
                var path = bind.base().get().relativize(bind.source()).toString();
                try (var base = Directory.open(bind.base().get());
                        var source =
                                path.isEmpty() ? Fd.openPath(bind.base().get()) : base.placeBeneath(RawPath.of(path))) {
                    mount(source, bind.target(), root);
                } catch (LinuxException e) {
                    if (!e.isGone()) {
                        throw e;
                    }
                }
            }
        }
    }

    private static void mount(Path source, String target, Directory root) throws IOException {
        try (var fd = Fd.openPath(source)) {
            mount(fd, target, root);
        }
    }

    private static void mount(Fd source, String target, Directory root) throws IOException {
        try (var place = root.placeInRoot(RawPath.of(target.substring(1)));
                var mount = DetachedMount.bindRecursively(source)) {
            mount.attach(place);
        } catch (LinuxException e) {
            if (!e.isGone()) {
                throw e; // where the container has no such place before its first start there is nothing to see
            }
        }
    }

    private static void close(List<AutoCloseable> scopes) throws IOException {
        IOException failure = null;
        for (var scope : scopes.reversed()) {
            try {
                scope.close();
            } catch (IOException e) {
                failure = e;
            } catch (Exception e) {
                failure = new IOException(e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    @Override
    public void close() throws IOException {
        if (scopes.isEmpty()) {
            root.close();
        }
        close(scopes);
    }
}
