package dev.lockstep.reconciler.content;

import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.GitException;
import dev.lockstep.reconciler.git.RepositoryPath;
import dev.lockstep.reconciler.git.TreeEntry;
import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Volume;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Decides what each relative bind source of a stack is. A path that Git tracks, and that no service of the stack mounts
 * writable (nor a directory above or below it), is content. Every other one comes from the stack's own directory, also
 * where it is mounted read-only: what one service writes another one must see.
 */
public final class MountSources {
    private final CommitTree tree;
    private final String stackDirectory;

    private MountSources(CommitTree tree, String stackDirectory) {
        this.tree = tree;
        this.stackDirectory = stackDirectory;
    }

    private record Located(BindMount mount, String written, String real, Optional<TreeEntry> entry) {}

    /**
     * Classifies all sources of a stack at once, since one service's writing decides for another.
     *
     * @param stackDirectory where the stack's Compose file lies, from the repository's root
     * @return by {@link BindMount#source()}, in the order given
     * @throws GitException when a source leaves the repository, is a submodule or a link that leaves, or lies where the
     *     stack's own directory cannot be
     */
    public static Map<String, MountSource> classify(
            CommitTree tree, String stackDirectory, Collection<BindMount> mounts) throws GitException {
        return new MountSources(tree, stackDirectory).classify(mounts);
    }

    /**
     * The same of all relative sources of a project.
     *
     * @param projectDirectory base of its relative paths, from the repository's root
     */
    public static Map<String, MountSource> of(CommitTree tree, String projectDirectory, Project project)
            throws GitException {
        var mounts = new ArrayList<BindMount>();
        project.services()
                .values()
                .forEach(service -> service.storage().mounts().forEach(mount -> {
                    if (mount instanceof Mount.Bind bind && !bind.source().startsWith("/")) {
                        mounts.add(new BindMount(
                                "service " + service.name(), bind.source(), bind.readOnly(), bind.createHostPath()));
                    }
                }));
        devices(project)
                .forEach((volume, device) -> mounts.add(new BindMount("volume " + volume, device, false, true)));
        return classify(tree, projectDirectory, mounts);
    }

    /** Volumes that are directories of the stack ({@code driver_opts: {o: bind, device: ./data}}): name to device. */
    public static Map<String, String> devices(Project project) {
        var devices = new LinkedHashMap<String, String>();
        project.volumes().values().stream().filter(Volume::bindsDirectory).forEach(volume -> {
            var device = volume.driverOptions().getOrDefault("device", "");
            if (!device.startsWith("/")) {
                devices.put(volume.name(), device);
            }
        });
        return devices;
    }

    private Map<String, MountSource> classify(Collection<BindMount> mounts) throws GitException {
        var located = new LinkedHashMap<BindMount, Located>();
        for (var mount : mounts) {
            located.put(mount, locate(mount));
        }
        var sources = new LinkedHashMap<String, MountSource>();
        for (var one : located.values()) {
            var source = source(one, located.values());
            // The same path from two services: one that may create it is enough.
            sources.merge(one.mount.source(), source, MountSources::creating);
        }
        return sources;
    }

    private static MountSource creating(MountSource first, MountSource second) {
        return first instanceof MountSource.StackFile file && !file.create() ? second : first;
    }

    private MountSource source(Located one, Collection<Located> all) throws GitException {
        var path = fromStack(one.real);
        if (one.entry.isPresent() && all.stream().noneMatch(other -> !other.mount.readOnly() && overlap(one, other))) {
            return new MountSource.Content(path, one.entry.get());
        }
        if (!one.real.equals(stackDirectory) && RepositoryPath.isWithin(stackDirectory, one.real)) {
            throw tree.refused(one.mount.who() + " mounts " + one.mount.source()
                    + ", a directory above the stack's own that a service may write into;"
                    + " mount it read-only, or only the directories below it that are needed");
        }
        return new MountSource.StackFile(path, one.real, one.entry, one.mount.create());
    }

    /** Both as written and where links lead: a writer of either name changes the other. */
    private static boolean overlap(Located one, Located other) {
        return overlap(one.real, other.real)
                || overlap(one.written, other.written)
                || overlap(one.real, other.written)
                || overlap(one.written, other.real);
    }

    private static boolean overlap(String a, String b) {
        return RepositoryPath.isWithin(a, b) || RepositoryPath.isWithin(b, a);
    }

    private Located locate(BindMount mount) throws GitException {
        var written = RepositoryPath.resolve(stackDirectory, mount.source())
                .orElseThrow(() -> tree.refused(mount.who() + " mounts " + mount.source()
                        + ", which leaves the repository; write an absolute path if a file of the host is meant"));
        var entry = tree.resolve(written);
        if (entry.filter(e -> !e.isFile() && !e.isDirectory()).isPresent()) {
            throw tree.refused(mount.who() + " mounts " + mount.source()
                    + ", a submodule; its files are not part of this repository");
        }
        var real = entry.isPresent() ? entry.get().path() : realPath(written);
        return new Located(mount, written, real, entry);
    }

    /** Where an untracked path really lies, when a directory on its way is a link in Git. */
    private String realPath(String path) throws GitException {
        for (var known = RepositoryPath.parent(path); !known.isEmpty(); known = RepositoryPath.parent(known)) {
            var directory = tree.resolve(known);
            if (directory.isPresent()) {
                return directory.get().path() + path.substring(known.length());
            }
        }
        return path;
    }

    private String fromStack(String path) {
        if (RepositoryPath.isWithin(path, stackDirectory)) {
            return stackDirectory.isEmpty() || path.equals(stackDirectory)
                    ? (path.equals(stackDirectory) ? "" : path)
                    : path.substring(stackDirectory.length() + 1);
        }
        var up = new StringBuilder();
        var above = stackDirectory;
        do {
            up.append("../");
            above = RepositoryPath.parent(above);
        } while (!RepositoryPath.isWithin(path, above));
        return up + (above.isEmpty() ? path : path.substring(Math.min(path.length(), above.length() + 1)));
    }
}
