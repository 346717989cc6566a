package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.DetachedMount;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.MountTable;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.oci.BundleMount;
import dev.lockstep.runtime.oci.UserDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What is mounted into a container: files of ours, what was asked for, and the image's own volumes. */
final class MountPlan {
    /** Flags of mount(8) that take each other's place. */
    private static final List<String> TMPFS_FLAGS = List.of("exec", "suid", "dev");

    private final ContainerRecord record;
    private final ContainerSpec spec;
    private final ContainerFiles files;
    private final ContainerRooms rooms;
    private final Optional<UserNamespace> users;
    private int pins;

    private MountPlan(
            ContainerRecord record, ContainerFiles files, ContainerRooms rooms, Optional<UserNamespace> users) {
        this.users = users;
        this.record = record;
        this.spec = record.spec();
        this.files = files;
        this.rooms = rooms;
    }

    /** A volume at a place, and whether an empty one takes the image's content. */
    record VolumeUse(String volume, String target, boolean copy) {}

    /** Checks targets before anything is made. */
    static void check(ContainerSpec spec) throws ContainerException {
        var seen = new TreeMap<String, MountSpec>();
        for (var mount : spec.mounts()) {
            var target = mount.target();
            if (!target.startsWith("/")
                    || !Path.of(target).normalize().toString().equals(target)
                    || target.equals("/")
                    || isBelow(target, "/proc")
                    || isBelow(target, "/sys")) {
                throw invalid(
                        spec,
                        "cannot mount at \"" + target
                                + "\": a target is an absolute, clean path, not / and nothing in /proc or /sys");
            }
            if (seen.putIfAbsent(target, mount) != null) {
                throw invalid(spec, "mounts two things at " + target);
            }
        }
    }

    private static boolean isBelow(String path, String directory) {
        return path.equals(directory) || path.startsWith(directory + "/");
    }

    private static ContainerException invalid(ContainerSpec spec, String what) {
        return new ContainerException(
                ContainerException.Reason.INVALID, "container " + spec.name() + ": " + what + ".");
    }

    /** The volumes that it uses. */
    static List<VolumeUse> volumes(ContainerSpec spec, Map<String, String> anonymous) {
        var uses = new ArrayList<VolumeUse>();
        for (var mount : spec.mounts()) {
            if (mount instanceof MountSpec.Volume volume) {
                // What is asked for below must be there already.
                uses.add(new VolumeUse(
                        volume.name(),
                        volume.target(),
                        !volume.noCopy() && volume.subpath().isEmpty()));
            }
        }
        anonymous.forEach((target, name) -> uses.add(new VolumeUse(
                name,
                target,
                spec.mounts().stream()
                        .noneMatch(m -> m instanceof MountSpec.Anonymous own
                                && own.target().equals(target)
                                && own.noCopy()))));
        return uses;
    }

    /**
     * The mounts of a start. Mounts sources whose way cannot be trusted at places of ours; {@link Teardown} takes them
     * away.
     *
     * @param users its own, where it has some: sources are mounted with its ids at places of ours
     * @param etc hosts, hostname and resolv.conf
     * @throws ContainerException when a source is missing
     */
    static List<BundleMount> of(
            ContainerRecord record,
            ContainerFiles files,
            ContainerRooms rooms,
            Optional<UserNamespace> users,
            List<Path> etc)
            throws IOException {
        return new MountPlan(record, files, rooms, users).mounts(etc);
    }

    private List<BundleMount> mounts(List<Path> etc) throws IOException {
        var mounts = new TreeMap<String, BundleMount>();
        for (var own : etc) {
            var target = "/etc/" + own.getFileName();
            mounts.put(
                    target,
                    BundleMount.bind(
                            mapped(ours(own, !own.startsWith(files.state())), own.toString())
                                    .toString(),
                            target,
                            spec.options().isolation().readOnly()));
        }
        for (var mount : record.made().options().inherited()) {
            mounts.put(mount.target(), mount(mount));
        }
        for (var entry : record.made().anonymousVolumes().entrySet()) {
            mounts.put(entry.getKey(), anonymous(entry.getValue(), entry.getKey(), false));
        }
        for (var mount : spec.mounts()) {
            mounts.put(mount.target(), mount(mount));
        }
        return withFlags(mounts.values());
    }

    /**
     * What the mount of a source forbids, its bind forbids: runc leaves flags alone that it was told nothing of, crun
     * sets them all anew, so that a volume that is mounted {@code ro} or {@code noexec} would lose that.
     */
    private static List<BundleMount> withFlags(Collection<BundleMount> mounts) throws IOException {
        var result = new ArrayList<BundleMount>();
        for (var mount : mounts) {
            result.add(mount.type().equals("bind") ? mount.keeping(forbidden(Path.of(mount.source()))) : mount);
        }
        return result;
    }

    private static List<String> forbidden(Path source) throws IOException {
        return Mounts.forbidden(source).stream()
                .map(DetachedMount.Attribute::word)
                .toList();
    }

    private BundleMount mount(MountSpec mount) throws IOException {
        return switch (mount) {
            case MountSpec.Bind bind -> bind(bind);
            case MountSpec.Volume volume -> volume(volume);
            case MountSpec.Anonymous own ->
                anonymous(
                        record.made().anonymousVolumes().getOrDefault(own.target(), ""), own.target(), own.readOnly());
            case MountSpec.Tmpfs tmpfs -> tmpfs(tmpfs);
            case MountSpec.OfImage image -> image(image);
            case MountSpec.Content content -> content(content);
        };
    }

    private BundleMount anonymous(String name, String target, boolean readOnly) throws IOException {
        var path = ours(rooms.volumes().path(name), true);
        return BundleMount.bind(mapped(path, "the volume at " + target).toString(), target, readOnly);
    }

    /** A source that the runtime may take as it is; with the ids of its users, where it has its own. */
    private Path mapped(Path source, String what) throws IOException {
        if (users.isEmpty()) {
            return source;
        }
        try (var from = Fd.openPath(source)) {
            return mountAtPin(from, what, true, true);
        }
    }

    /**
     * Mounts it at a place of ours.
     *
     * @param whole with what is mounted below it
     * @param withIds as the container's own users see it, where it has some
     */
    private Path mountAtPin(Fd source, String what, boolean whole, boolean withIds) throws IOException {
        try (var mount = whole ? DetachedMount.bindRecursively(source) : DetachedMount.bind(source)) {
            if (withIds && users.isPresent()) {
                users.get().map(mount, source.procPath(), spec.name(), what);
            }
            return attached(mount, source);
        }
    }

    private BundleMount volume(MountSpec.Volume volume) throws IOException {
        if (rooms.volumes().find(volume.name()).isEmpty()) {
            throw invalid(spec, "there is no volume \"" + volume.name() + "\"");
        }
        var path = ours(rooms.volumes().path(volume.name()), true);
        if (volume.subpath().isEmpty()) {
            return BundleMount.bind(
                    mapped(path, "the volume " + volume.name()).toString(), volume.target(), volume.readOnly());
        }
        var pin = pinnedPart(
                path,
                volume.subpath().get(),
                true,
                "the path " + volume.subpath().get() + " of volume " + volume.name() + " (mounted at " + volume.target()
                        + ")");
        return BundleMount.bind(pin.toString(), volume.target(), volume.readOnly());
    }

    private BundleMount image(MountSpec.OfImage image) throws IOException {
        var place = pin();
        Files.createDirectory(place);
        UserNamespace.overlay(
                users,
                rooms.images().layers(image.digest()),
                Optional.empty(),
                SelinuxLabels.of(record, files).map(SelinuxLabels::mount),
                files,
                spec.name(),
                place);
        var source = image.subpath().isEmpty()
                ? place
                : pinnedPart(
                        place,
                        image.subpath().get(),
                        false,
                        "the path " + image.subpath().get() + " of the image "
                                + image.image().familiar() + " (mounted at " + image.target() + ")");
        return BundleMount.bind(source.toString(), image.target(), true);
    }

    private BundleMount content(MountSpec.Content content) throws IOException {
        try {
            var users = UserDatabase.read(files.rootfs());
            var owner = users.resolve(content.uid() + ":" + content.gid());
            var file = rooms.contents()
                    .file(files.id(), content.identity(), outside(owner.uid()), outside(owner.gid()), content.mode())
                    .orElseThrow(() -> invalid(
                            spec,
                            "the " + content.name() + " is not on this host any more, since it is kept in memory"
                                    + " alone; run lockstep apply, which brings it again"));
            var mount = BundleMount.bind(ours(file, false).toString(), content.target(), true);
            // A config may be a script that the container runs, a secret is none.
            return content.isSecret() ? mount.keeping(List.of("noexec")) : mount;
        } catch (IllegalArgumentException e) {
            throw new ContainerException(
                    ContainerException.Reason.INVALID,
                    "container " + spec.name() + ": the " + content.name() + ": " + e.getMessage() + ".",
                    e);
        }
    }

    private int outside(int id) {
        return users.map(own -> own.ids().outside(id)).orElse(id);
    }

    private BundleMount bind(MountSpec.Bind bind) throws IOException {
        if (bind.base().isPresent()) {
            var path = bind.base().get().relativize(bind.source()).toString();
            if (bind.create()) {
                makeBeneath(bind.base().get(), path);
            }
            var pin = pinned(
                    bind.base().get(),
                    path,
                    bind.options().recursion() != MountSpec.Recursion.DISABLED,
                    true,
                    "the bind source " + bind.source() + " (mounted at " + bind.target() + ")");
            relabel(pin, bind);
            return bindMount(pin, bind);
        }
        if (Files.notExists(bind.source())) {
            if (!bind.create()) {
                throw invalid(
                        spec,
                        "the bind source " + bind.source() + " (mounted at " + bind.target()
                                + ") does not exist; create it, or set create_host_path");
            }
            makeDirectories(bind.source());
        }
        travels(bind);
        relabel(bind.source().toRealPath(), bind);
        var what = "the bind source " + bind.source() + " (mounted at " + bind.target() + ")";
        if (bind.options().recursion() != MountSpec.Recursion.DISABLED) {
            return bindMount(mapped(bind.source(), what), bind);
        }
        // crun takes along what is mounted below, whatever the options say.
        try (var source = Fd.openPath(bind.source())) {
            return bindMount(mountAtPin(source, what, false, true), bind);
        }
    }

    /** Makes what is missing of it with mode 0755, whatever the umask. The links on the way are the host owner's. */
    private static void makeDirectories(Path path) throws IOException {
        var parent = path.getParent();
        if (parent == null || Files.isDirectory(path)) {
            return;
        }
        makeDirectories(parent);
        try (var above = Directory.open(parent)) {
            make(above, RawPath.of(String.valueOf(path.getFileName())));
        }
    }

    /**
     * The same below a directory where containers write: no link is followed. What cannot be made for what stands in
     * its way is left to {@link #pinned}, which says so.
     */
    private static void makeBeneath(Path base, String path) throws IOException {
        makeDirectories(base);
        var at = Directory.open(base);
        try {
            for (var part : path.split("/", -1)) {
                var name = RawPath.of(part);
                var status = at.status(name);
                if (status.isEmpty()) {
                    make(at, name);
                } else if (status.get().type() != FileStatus.Type.DIRECTORY) {
                    return;
                }
                var next = at.directory(name);
                at.close();
                at = next;
            }
        } finally {
            at.close();
        }
    }

    private static void make(Directory above, RawPath name) throws IOException {
        try {
            above.makeDirectory(name, 0755);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EEXIST) {
                throw e;
            }
        }
    }

    /** With {@code z} for all containers, with {@code Z} for this one; nothing where SELinux is off. */
    private void relabel(Path source, MountSpec.Bind bind) throws IOException {
        var labels = SelinuxLabels.of(record, files);
        if (bind.options().selinux().isPresent() && labels.isPresent()) {
            try {
                Relabelling.relabel(
                        source,
                        bind.options().selinux().get().equals("Z")
                                ? labels.get().mount()
                                : labels.get().shared());
            } catch (IllegalArgumentException e) {
                throw invalid(spec, String.valueOf(e.getMessage()));
            }
        }
    }

    /** Files of ours, which no policy of a distribution knows. */
    private Path ours(Path path, boolean shared) throws IOException {
        var labels = SelinuxLabels.of(record, files);
        if (labels.isPresent()) {
            Relabelling.relabel(
                    path, shared ? labels.get().shared() : labels.get().mount());
        }
        return path;
    }

    /** What is to travel to or from the host must be mounted there so that it does (mount_namespaces(7)). */
    private void travels(MountSpec.Bind bind) throws IOException {
        var word = bind.options().propagation();
        if (word.endsWith("private")) {
            return;
        }
        var around = MountTable.around(bind.source().toRealPath());
        var shared = around.isShared();
        if (!shared && !(word.endsWith("slave") && around.isSlave())) {
            throw invalid(
                    spec,
                    "the bind source " + bind.source() + " cannot be " + word + ": it is in the mount at "
                            + around.point() + ", which is private; run mount --make-rshared " + around.point());
        }
    }

    private static BundleMount bindMount(Path source, MountSpec.Bind bind) {
        var options = new ArrayList<String>();
        options.add(bind.options().recursion() == MountSpec.Recursion.DISABLED ? "bind" : "rbind");
        options.add(bind.options().propagation());
        if (bind.readOnly()) {
            options.add(
                    switch (bind.options().recursion()) {
                        case ENABLED, READONLY -> "rro";
                        case DISABLED, WRITABLE -> "ro";
                    });
        }
        return new BundleMount(bind.target(), "bind", source.toString(), options);
    }

    /** A place of ours where that mount of the source now is. */
    private Path attached(DetachedMount mount, Fd source) throws IOException {
        var pin = pin();
        if (Files.isDirectory(source.procPath())) {
            Files.createDirectory(pin);
        } else {
            Files.createFile(pin);
        }
        try (var place = Fd.openPath(pin)) {
            mount.attach(place);
        }
        return pin;
    }

    /** A place for a mount of ours. */
    private Path pin() throws IOException {
        Files.createDirectories(files.pins());
        return files.pins().resolve(String.valueOf(pins++));
    }

    /**
     * Mounts the source, found without following a link, at a place of ours that the runtime may look up by name: a
     * container that turns a directory of its own into a link to {@code /etc} gains nothing (CVE-2021-25741 and its
     * kind).
     *
     * @param whole with what is mounted below it
     */
    private Path pinned(Path base, String path, boolean whole, boolean withIds, String what) throws IOException {
        try (var directory = Directory.open(base);
                var source = path.isEmpty() ? Fd.openPath(base) : directory.placeBeneath(RawPath.of(path))) {
            return mountAtPin(source, what, whole, withIds);
        } catch (LinuxException e) {
            throw unreachable(what, "cannot be reached without following a link", e);
        }
    }

    /** The same for a part of what is mounted: Docker follows the links in it that stay beneath it, and no others. */
    private Path pinnedPart(Path base, String subpath, boolean withIds, String what) throws IOException {
        try (var directory = Directory.open(base);
                var source = directory.placeBeneathByLinks(RawPath.of(subpath))) {
            return mountAtPin(source, what, true, withIds);
        } catch (LinuxException e) {
            throw unreachable(what, "is reached by no link that is relative and stays beneath it", e);
        }
    }

    private ContainerException unreachable(String what, String why, LinuxException cause) {
        return new ContainerException(
                ContainerException.Reason.INVALID,
                "container " + spec.name() + ": " + what + " " + (cause.isGone() ? "does not exist" : why)
                        + "; look at what stands there.",
                cause);
    }

    /**
     * Where memory without a mode goes at a place of the root that is not below another mount. A directory that the
     * runtime makes for it would be found by the next start, and its mode taken for the image's.
     */
    static List<String> openMemory(ContainerRecord record) {
        var others = new ArrayList<>(record.made().anonymousVolumes().keySet());
        record.spec().mounts().forEach(mount -> others.add(mount.target()));
        record.made().options().inherited().forEach(mount -> others.add(mount.target()));
        return record.spec().mounts().stream()
                .filter(mount -> mount instanceof MountSpec.Tmpfs tmpfs
                        && tmpfs.mode().isEmpty()
                        && !isBelow(tmpfs.target(), "/dev")
                        && others.stream().noneMatch(other -> tmpfs.target().startsWith(other + "/")))
                .map(MountSpec::target)
                .toList();
    }

    static BundleMount tmpfs(MountSpec.Tmpfs tmpfs) {
        var options = new ArrayList<String>();
        for (var flag : TMPFS_FLAGS) {
            if (!tmpfs.options().contains(flag)) {
                options.add("no" + flag);
            }
        }
        options.add("rprivate");
        // Without one it has the mode of the directory that it covers, by runc and crun alike, as under Docker.
        tmpfs.mode().ifPresent(mode -> options.add("mode=" + Integer.toOctalString(mode)));
        tmpfs.size().ifPresent(size -> options.add("size=" + size));
        tmpfs.options().stream().filter(option -> !options.contains(option)).forEach(options::add);
        if (tmpfs.readOnly()) {
            options.add("ro");
        }
        return new BundleMount(tmpfs.target(), "tmpfs", "tmpfs", options);
    }
}
