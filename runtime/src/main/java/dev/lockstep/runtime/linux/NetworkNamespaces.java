package dev.lockstep.runtime.linux;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Network namespaces and the threads that go into them. In Linux a namespace belongs to a thread, and a thread that is
 * started while its maker is inside is born inside: so nobody but the two platform threads made here calls setns(2),
 * and no virtual thread's carrier is moved by accident.
 *
 * <p>"Home" is where the networks of a root live: the namespace of this process or, in tests, one of their own. Sockets
 * and nftables contexts belong to the namespace of the thread that made them and work from any thread afterwards.
 *
 * <p>Actions may call {@link #home} and {@link #inside} again: nested ones run on the same thread. They contain system
 * calls and plain file access only: no executor, no virtual thread, no HTTP client.
 */
public final class NetworkNamespaces implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(NetworkNamespaces.class);

    private final Fd home;
    private final ThreadPoolExecutor threads;

    /** Something to do in a namespace. */
    @FunctionalInterface
    public interface Action<T> {
        T run() throws IOException;
    }

    /** The thread could not go back; it ends, and nobody ever works in the wrong namespace. */
    private static final class LostThread extends Error {
        private static final long serialVersionUID = 1L;

        LostThread(Throwable cause) {
            super("a thread cannot return to its network namespace", cause);
        }
    }

    private static final class NamespaceThread extends Thread {
        private final NetworkNamespaces room;

        NamespaceThread(NetworkNamespaces room, Runnable work) {
            super(work, "network-namespace");
            this.room = room;
            setDaemon(true);
        }

        /** Why this thread is not at home: whatever it is asked to do fails with it. */
        private Optional<IOException> stranded = Optional.empty();

        @Override
        public void run() {
            try {
                // Born in the namespace of its maker, mostly home already; then setns(2), and root, are not needed.
                if (!isHere(room.home)) {
                    enter(room.home);
                }
            } catch (IOException e) {
                stranded = Optional.of(e);
            } catch (RuntimeException e) {
                // Closed meanwhile. A thread that ended here would take what it is to do with it, and its caller waits.
                stranded = Optional.of(new IOException(e));
            }
            super.run();
        }

        void requireHome() throws IOException {
            if (stranded.isPresent()) {
                throw stranded.get();
            }
        }
    }

    private NetworkNamespaces(Fd home) {
        this.home = home;
        // Two: one may wait for a lock that another process holds.
        this.threads = new ThreadPoolExecutor(
                2, 2, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), work -> new NamespaceThread(this, work));
        threads.allowCoreThreadTimeOut(true);
    }

    /** Home is the namespace that this process was started in. */
    public static NetworkNamespaces ofThisProcess() throws LinuxException {
        return new NetworkNamespaces(Fd.open(Path.of("/proc/self/ns/net")));
    }

    /** Home is the namespace that the file pins. */
    public static NetworkNamespaces at(Path pin) throws LinuxException {
        return new NetworkNamespaces(Fd.open(pin));
    }

    /** Runs the action at home and returns what it returns. */
    public <T> T home(Action<T> action) throws IOException {
        if (Thread.currentThread() instanceof NamespaceThread thread && thread.room == this) {
            return action.run();
        }
        return on(action);
    }

    /** Something that is done beside what the caller does. */
    public static final class Aside<T> {
        private final FutureTask<T> task;

        private Aside(FutureTask<T> task) {
            this.task = task;
        }

        /** Waits for its end, and does it itself where nobody has begun. At home only. */
        public T await() throws IOException {
            task.run(); // nothing, where it was begun
            try {
                return task.get();
            } catch (ExecutionException e) {
                throw rethrown(e, e.getCause());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while something was done in a network namespace");
            }
        }

        /** Waits for its end, whatever comes of it: for who gives up. At home only. */
        public void abandon() {
            try {
                var outcome = await();
                log.debug("not needed any more outcome={}", outcome);
            } catch (IOException | RuntimeException e) {
                log.debug("not needed any more", e);
            }
        }
    }

    /**
     * Begins the action at home on another thread, when one is free. The caller is at home, and awaits it in any case.
     */
    public <T> Aside<T> aside(Action<T> action) {
        var task = new FutureTask<>(action::run);
        threads.execute(() -> {
            if (Thread.currentThread() instanceof NamespaceThread thread && thread.stranded.isEmpty()) {
                task.run();
                if (task.state() == Future.State.FAILED && task.exceptionNow() instanceof LostThread lost) {
                    throw lost;
                }
            }
        });
        return new Aside<>(task);
    }

    /** Runs the action in the namespace that the file pins. */
    public <T> T inside(Path pin, Action<T> action) throws IOException {
        return home(() -> {
            try (var namespace = Fd.open(pin)) {
                enter(namespace);
                try {
                    return action.run();
                } finally {
                    goBack();
                }
            }
        });
    }

    /**
     * Makes a namespace and pins it with a mount on {@code pin}, whose directory exists. Its {@code lo} is down. A file
     * that is there already and pins nothing (after a reboot, after a crash) is used.
     *
     * @param inside done in it before anybody can find it
     */
    public void create(Path pin, Action<?> inside) throws IOException {
        home(() -> {
            if (Files.notExists(pin)) {
                Files.createFile(pin);
            }
            Libc.check(NamespaceLibrary.unshare(NamespaceLibrary.CLONE_NEWNET), "unshare", "network namespace");
            try {
                inside.run();
                var own = Path.of("/proc/self/task/" + Libc.gettid() + "/ns/net");
                Libc.check(
                        Libc.mount(Libc.bytes(own), Libc.bytes(pin), null, NamespaceLibrary.MS_BIND, null),
                        "mount",
                        pin);
            } finally {
                goBack();
            }
            return Optional.empty();
        });
    }

    /** The same, as the kernel makes it. */
    public void create(Path pin) throws IOException {
        create(pin, () -> pin);
    }

    /**
     * The same, of a user namespace that {@code owner} pins: who is root there may do with its network what root may.
     */
    public void create(Path pin, Path owner) throws IOException {
        home(() -> {
            UserNamespaces.createNetwork(owner, pin);
            return Optional.empty();
        });
    }

    /** Pins the namespace of a process that lives, see {@link #create(Path)}. */
    public void adopt(Path pin, ProcessIdentity process) throws IOException {
        home(() -> {
            if (Files.notExists(pin)) {
                Files.createFile(pin);
            }
            try (var namespace = Fd.open(process.directory().resolve("ns/net"))) {
                // Looked at after it was opened: the pid may be another's by now, and the descriptor is not.
                if (!process.isAlive()) {
                    throw new LinuxException("open", "network namespace of process " + process.pid(), Errno.ESRCH);
                }
                var source = Path.of("/proc/thread-self/fd/" + namespace.number());
                Libc.check(
                        Libc.mount(Libc.bytes(source), Libc.bytes(pin), null, NamespaceLibrary.MS_BIND, null),
                        "mount",
                        pin);
            }
            return Optional.empty();
        });
    }

    /** True when the file pins a namespace. */
    public boolean isPinned(Path pin) throws IOException {
        try (var buffer = Libc.zeroed(FileCalls.STATFS_SIZE)) {
            if (FileCalls.statfs(Libc.bytes(pin), Libc.address(buffer)) < 0) {
                return false;
            }
            return buffer.getLong(0) == NamespaceLibrary.NSFS_MAGIC;
        }
    }

    /** Takes the pin away, if there is one. The namespace ends when no process, descriptor or mount holds it. */
    public void delete(Path pin) throws IOException {
        while (isPinned(pin)) {
            Libc.check(
                    Libc.umount2(Libc.bytes(pin), NamespaceLibrary.MNT_DETACH | NamespaceLibrary.UMOUNT_NOFOLLOW),
                    "umount2",
                    pin);
        }
        Files.deleteIfExists(pin);
    }

    /** Ends the threads. Sockets that were made at home live on. */
    @Override
    public void close() {
        threads.shutdown();
        home.close();
    }

    private <T> T on(Action<T> action) throws IOException {
        var result = new CompletableFuture<T>();
        threads.execute(() -> {
            try {
                if (Thread.currentThread() instanceof NamespaceThread thread) {
                    thread.requireHome();
                }
                result.complete(action.run());
            } catch (LostThread e) {
                result.completeExceptionally(e);
                throw e;
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        try {
            return result.join();
        } catch (CompletionException e) {
            throw rethrown(e, e.getCause());
        }
    }

    /** The cause, as what it is. */
    private static IOException rethrown(Exception around, @Nullable Throwable cause) {
        return switch (cause) {
            case IOException e -> e;
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            case null, default -> new IOException(around);
        };
    }

    private void goBack() {
        try {
            enter(home);
        } catch (LinuxException e) {
            throw new LostThread(e);
        }
    }

    private static boolean isHere(Fd namespace) throws IOException {
        var here = Files.readSymbolicLink(Path.of("/proc/thread-self/ns/net"));
        return here.equals(Files.readSymbolicLink(Path.of("/proc/self/fd/" + namespace.number())));
    }

    private static void enter(Fd namespace) throws LinuxException {
        Libc.check(NamespaceLibrary.setns(namespace.number(), NamespaceLibrary.CLONE_NEWNET), "setns", namespace);
    }
}
