package dev.lockstep.runtime.linux;

import com.sun.jna.Native;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Mounts in the mount namespace of the calling thread, which is the process's: nobody here unshares it. */
public final class Mounts {
    private static final long MS_RDONLY = 0x1;
    /** fsconfig(2) cuts strings here (strndup_user in fs/fsopen.c). */
    private static final int FSCONFIG_TEXT = 255;

    private static final Path PROC_FD = Path.of("/proc/self/fd");

    private Mounts() {}

    /**
     * Where an overlay keeps what is written.
     *
     * @param content becomes the difference to the layers
     * @param work an empty directory on the same file system, for overlayfs alone
     * @param synced whether {@code fsync(2)} in it reaches the disk
     */
    public record Upper(Path content, Path work, boolean synced) {
        public Upper(Path content, Path work) {
            this(content, work, true);
        }

        /**
         * The same for what is thrown away if this host stops, and synced as a whole by whoever keeps it (mount option
         * {@code volatile}): programs that sync each file, as dpkg does, are several times as fast.
         */
        public Upper unsynced() {
            return new Upper(content, work, false);
        }
    }

    /**
     * Mounts layers over each other. Without {@code upper} it is read-only. Copying metadata alone and redirects of
     * renamed directories are off: they would make the upper directory unreadable on its own, and a layer could forge
     * them.
     *
     * @param layers top layer first, at least one, at most 500 (kernel limit; about 200 before Linux 6.7); of one that
     *     comes again only the topmost counts, for it hides all of the others
     * @throws LinuxException with the kernel's own sentence where it has one
     */
    public static void overlay(List<Path> layers, Optional<Upper> upper, Path target) throws LinuxException {
        overlay(layers, upper, Optional.empty(), target);
    }

    /**
     * The same.
     *
     * @param all the layers
     * @param context SELinux context of all files in it
     */
    public static void overlay(List<Path> all, Optional<Upper> upper, Optional<String> context, Path target)
            throws LinuxException {
        // Steps that write nothing have the same layer, and the kernel refuses one that is there twice (ELOOP).
        var layers = all.stream().distinct().toList();
        if (layers.isEmpty()) {
            throw new IllegalArgumentException("an overlay needs a layer");
        }
        if (layers.size() == 1 && upper.isEmpty()) {
            // overlayfs wants two layers when nothing is writable.
            bind(layers.getFirst(), target, List.of(DetachedMount.Attribute.READ_ONLY));
            return;
        }
        var fds = new ArrayList<Fd>();
        try {
            if (!overlayByContext("overlay", layers, upper, context, target, fds)) {
                overlayByOptions(layers, upper, context, target, fds);
            }
        } finally {
            fds.forEach(Fd::close);
        }
    }

    /**
     * False, and nothing is mounted, when this kernel cannot: before Linux 6.7 the key {@code lowerdir+} is unknown,
     * and before 6.5 that is found out at the end only.
     */
    static boolean overlayByContext(
            String type, List<Path> layers, Optional<Upper> upper, Optional<String> label, Path target, List<Fd> fds)
            throws LinuxException {
        try (var context = MountCalls.fsopen(type)) {
            if (!MountCalls.looksAtKeys(context)) {
                return false;
            }
            try {
                MountCalls.fsconfig(context, "lowerdir+", shortName(layers.getFirst(), fds));
            } catch (LinuxException e) {
                if (e.errno() == Errno.EINVAL) {
                    return false;
                }
                throw e;
            }
            for (var layer : layers.subList(1, layers.size())) {
                MountCalls.fsconfig(context, "lowerdir+", shortName(layer, fds));
            }
            if (upper.isPresent()) {
                MountCalls.fsconfig(context, "upperdir", shortName(upper.get().content(), fds));
                MountCalls.fsconfig(context, "workdir", shortName(upper.get().work(), fds));
                if (!upper.get().synced()) {
                    MountCalls.fsconfig(context, "volatile");
                }
            }
            for (var option : List.of("index", "metacopy", "redirect_dir")) {
                MountCalls.fsconfig(context, option, "off");
            }
            MountCalls.fsconfig(context, "source", "lockstep");
            if (label.isPresent()) {
                MountCalls.fsconfig(context, "context", label.get());
            }
            try (var mount = new DetachedMount(MountCalls.fsmount(context, 0));
                    var place = Fd.openPath(target)) {
                if (upper.isEmpty()) {
                    mount.forbid(List.of(DetachedMount.Attribute.READ_ONLY));
                }
                mount.attach(place);
            }
            return true;
        }
    }

    /**
     * mount(2) cuts its options at one page and reports ENOENT then, so every layer is named by a descriptor: 200 of
     * them fit.
     */
    static void overlayByOptions(
            List<Path> layers, Optional<Upper> upper, Optional<String> label, Path target, List<Fd> fds)
            throws LinuxException {
        var options = new StringBuilder("index=off,metacopy=off,redirect_dir=off,lowerdir=");
        var separator = "";
        for (var layer : layers) {
            options.append(separator).append(byDescriptor(layer, fds));
            separator = ":";
        }
        if (upper.isPresent()) {
            options.append(",upperdir=").append(byDescriptor(upper.get().content(), fds));
            options.append(",workdir=").append(byDescriptor(upper.get().work(), fds));
            options.append(upper.get().synced() ? "" : ",volatile");
        }
        // Categories have commas in them.
        label.ifPresent(text -> options.append(",context=\"").append(text).append('"'));
        Libc.check(
                Libc.mount(
                        Libc.bytes("lockstep"),
                        Libc.bytes(target),
                        Libc.bytes("overlay"),
                        upper.isPresent() ? 0 : MS_RDONLY,
                        Libc.bytes(options.toString())),
                "mount overlay of " + layers.size() + " layers at",
                target);
    }

    /** The path itself where the kernel takes it as it is, for mountinfo is read by people; else a descriptor's. */
    private static String shortName(Path path, List<Fd> fds) throws LinuxException {
        var text = path.toAbsolutePath().toString();
        var plain = text.chars().noneMatch(c -> c == ':' || c == ',' || c == '\\');
        return plain && text.getBytes(StandardCharsets.UTF_8).length < FSCONFIG_TEXT ? text : byDescriptor(path, fds);
    }

    private static String byDescriptor(Path path, List<Fd> fds) throws LinuxException {
        var fd = Fd.openPath(path);
        fds.add(fd);
        return PROC_FD.resolve(Integer.toString(fd.number())).toString();
    }

    /** Bind-mounts a file or directory, without what is mounted below it. Follows links on both sides. */
    public static void bind(Path source, Path target, Collection<DetachedMount.Attribute> forbidden)
            throws LinuxException {
        try (var from = Fd.openPath(source);
                var to = Fd.openPath(target);
                var mount = DetachedMount.bind(from)) {
            mount.forbid(forbidden).attach(to);
        }
    }

    /** Mounts a file system in memory, root's, with that mode and at most that many bytes. */
    public static void tmpfs(Path target, long bytes, int mode, Collection<DetachedMount.Attribute> forbidden)
            throws LinuxException {
        tmpfs(target, bytes, mode, 0, forbidden);
    }

    /** The same, of that user and the group of the same number. */
    public static void tmpfs(
            Path target, long bytes, int mode, int owner, Collection<DetachedMount.Attribute> forbidden)
            throws LinuxException {
        try (var context = MountCalls.fsopen("tmpfs")) {
            MountCalls.fsconfig(context, "source", "lockstep");
            MountCalls.fsconfig(context, "size", Long.toString(bytes));
            MountCalls.fsconfig(context, "mode", "0" + Integer.toOctalString(mode));
            MountCalls.fsconfig(context, "uid", Integer.toUnsignedString(owner));
            MountCalls.fsconfig(context, "gid", Integer.toUnsignedString(owner));
            try (var mount = new DetachedMount(
                            MountCalls.fsmount(context, (int) DetachedMount.Attribute.bits(forbidden)));
                    var place = Fd.openPath(target)) {
                mount.attach(place);
            }
        }
    }

    /** Forbids that at the topmost mount at that place, and at nothing that is mounted below it. */
    public static void forbid(Path target, Collection<DetachedMount.Attribute> forbidden) throws LinuxException {
        try (var place = Fd.openPath(target)) {
            MountCalls.setAttributes(place, DetachedMount.Attribute.bits(forbidden), 0, 0, 0);
        }
    }

    /** Permits again what the topmost mount at that place forbids, and not what is mounted below it. */
    public static void permit(Path target, Collection<DetachedMount.Attribute> permitted) throws LinuxException {
        try (var place = Fd.openPath(target)) {
            MountCalls.setAttributes(place, 0, DetachedMount.Attribute.bits(permitted), 0, 0);
        }
    }

    /**
     * Mounts what the words of {@code mount -t TYPE -o OPTIONS SOURCE} say. Whatever fails, nothing is mounted.
     *
     * @throws LinuxException with the kernel's error; its path is the source
     */
    public static void fileSystem(String type, String source, String options, Path target) throws LinuxException {
        var parsed = MountOptions.parse(options);
        var isBind = (parsed.flags() & MountOptions.BIND) != 0;
        mount(
                source,
                source,
                target,
                type,
                isBind ? parsed.flags() & ~MountOptions.PER_MOUNT : parsed.flags(),
                parsed.data());
        var whole = false;
        try {
            var own = parsed.flags() & MountOptions.PER_MOUNT;
            if (isBind && own != 0) {
                mount(source, "none", target, "none", MountOptions.REMOUNT | MountOptions.BIND | own, "");
            }
            if (parsed.propagation() != 0) {
                mount(source, "none", target, "none", parsed.propagation(), "");
            }
            whole = true;
        } finally {
            if (!whole) {
                unmount(target);
            }
        }
    }

    private static void mount(String what, String source, Path target, String type, long flags, String data)
            throws LinuxException {
        Libc.check(
                Libc.mount(Libc.bytes(source), Libc.bytes(target), Libc.bytes(type), flags, Libc.bytes(data)),
                "mount",
                what);
    }

    /**
     * Takes the topmost mount away from {@code target} at once; what still uses it keeps it until it lets go. No error
     * when nothing is mounted there or there is no such place.
     */
    public static void unmount(Path target) throws LinuxException {
        unmountTopmost(target);
    }

    /**
     * The same for all that is mounted there, one over the other. Nobody is asked what it is: of a file system whose
     * server or process is gone the answer is an error, or never comes.
     */
    public static void unmountAll(Path target) throws LinuxException {
        while (unmountTopmost(target)) {
            // The next one is to be seen now.
        }
    }

    private static boolean unmountTopmost(Path target) throws LinuxException {
        var result = Libc.umount2(Libc.bytes(target), MountCalls.MNT_DETACH | MountCalls.UMOUNT_NOFOLLOW);
        var errno = result < 0 ? Native.getLastError() : 0;
        // EINVAL: not a mount point (umount2(2)).
        if (errno != 0 && errno != Errno.EINVAL && errno != Errno.ENOENT) {
            throw new LinuxException("umount2", target.toString(), errno);
        }
        return errno == 0;
    }

    /** Whether something is mounted exactly here; false when there is no such place. */
    public static boolean isMountPoint(Path place) throws LinuxException {
        try (var status = Libc.zeroed(FileCalls.STATX_SIZE)) {
            var result = FileCalls.statx(
                    Libc.AT_FDCWD,
                    Libc.bytes(place),
                    Libc.AT_SYMLINK_NOFOLLOW,
                    FileCalls.STATX_BASIC_STATS,
                    Libc.address(status));
            if (result < 0 && Native.getLastError() == Errno.ENOENT) {
                return false;
            }
            Libc.check(result, "statx", place);
            return FileStatus.of(status).mountRoot();
        }
    }

    /**
     * The same where a file system may be that never answers: the kernel waits for the server of an NFS that is mounted
     * hard as long as it takes (nfs(5)).
     *
     * @throws LinuxException ETIMEDOUT when there is no answer for so long; a thread goes on waiting for it
     */
    public static boolean isMountPoint(Path place, Duration patience) throws IOException {
        var answer = new FutureTask<>(() -> isMountPoint(place));
        Thread.ofPlatform().daemon().name("mount-point").start(answer);
        try {
            return answer.get(patience.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new LinuxException("statx", place.toString(), Errno.ETIMEDOUT);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof LinuxException cause) {
                throw cause;
            }
            throw new IOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while " + place + " was asked for");
        }
    }

    /**
     * What the mount that a place is in forbids; {@code READ_ONLY} also where its whole file system is. Asked of the
     * kernel and not read from the table of all mounts, which has lines for each container of the host.
     *
     * @param place links are followed
     */
    public static Set<DetachedMount.Attribute> forbidden(Path place) throws LinuxException {
        try (var status = Libc.zeroed(FileCalls.STATFS_SIZE)) {
            Libc.check(FileCalls.statfs(Libc.bytes(place), Libc.address(status)), "statfs", place);
            return DetachedMount.Attribute.of(status.getLong(FileCalls.STATFS_FLAGS));
        }
    }
}
