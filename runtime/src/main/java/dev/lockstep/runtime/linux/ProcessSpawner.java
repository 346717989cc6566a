package dev.lockstep.runtime.linux;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Starts programs that inherit chosen descriptors, which {@code ProcessBuilder} cannot do. The child gets nothing else
 * of this process: every other descriptor is closed, all signals are at their defaults and unblocked (a JVM blocks and
 * ignores some, and exec keeps that), and it leads a session of its own. It does not begin in this process's directory:
 * there it would leave files that it writes beside itself, and keep a file system from being unmounted.
 *
 * <p>The child belongs to the namespaces of the calling thread. The JDK knows nothing of it: call {@link #reap}.
 */
public final class ProcessSpawner {
    private static final int F_DUPFD_CLOEXEC = 1030;

    /** glibc's types are 80, 128 and 336 bytes on both architectures; larger is harmless, trusting them is not. */
    private static final int OPAQUE = 1024;

    private static final Path ROOT = Path.of("/");

    private ProcessSpawner() {}

    /**
     * What to start.
     *
     * @param argv the first word is the absolute path of the program; PATH is not searched
     * @param environment {@code NAME=value}, the whole of it: nothing is added from this process
     * @param directory where it begins
     * @param inherited the first becomes descriptor 3 of the child, the next 4, …; they stay open here
     */
    public record Command(
            List<String> argv,
            List<String> environment,
            Path directory,
            Stream stdin,
            Stream stdout,
            Stream stderr,
            List<Fd> inherited) {
        public Command {
            argv = List.copyOf(argv);
            environment = List.copyOf(environment);
            inherited = List.copyOf(inherited);
            if (argv.isEmpty() || !argv.getFirst().startsWith("/")) {
                throw new IllegalArgumentException("a program is named by its absolute path, got " + argv);
            }
        }

        /** A program that does not care where it begins: at the root. */
        public Command(
                List<String> argv,
                List<String> environment,
                Stream stdin,
                Stream stdout,
                Stream stderr,
                List<Fd> inherited) {
            this(argv, environment, ROOT, stdin, stdout, stderr, inherited);
        }
    }

    /** Where one of the standard streams of the child leads. */
    public sealed interface Stream {
        /** {@code /dev/null}. */
        record Nothing() implements Stream {}

        /** Appended to the file, which is made with mode 0600 when it is missing. */
        record Append(Path file) implements Stream {}

        /** An open descriptor of this process, which stays open here. */
        record Descriptor(Fd fd) implements Stream {}
    }

    /**
     * Starts the program and returns its pid. Returns after exec succeeded; takes under a millisecond.
     *
     * @throws LinuxException with the error number of exec too (ENOENT: no such program)
     */
    public static int spawn(Command command) throws LinuxException {
        return spawn(command, Optional.empty());
    }

    /**
     * The same in a cgroup of version 2, from its first moment.
     *
     * @param cgroup its directory
     * @return empty, and nothing is started, where this host cannot do that: before glibc 2.39, or without clone3(2)
     */
    static OptionalInt spawnIn(Fd cgroup, Command command) throws LinuxException {
        if (SpawnLibrary.SET_CGROUP.isEmpty()) {
            return OptionalInt.empty();
        }
        try {
            return OptionalInt.of(spawn(command, Optional.of(cgroup)));
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENOSYS || e.errno() == Errno.EOPNOTSUPP) {
                return OptionalInt.empty();
            }
            throw e;
        }
    }

    private static int spawn(Command command, Optional<Fd> cgroup) throws LinuxException {
        var program = command.argv().getFirst();
        var lifted = new ArrayList<Fd>();
        try (var actions = Libc.zeroed(OPAQUE);
                var attributes = Libc.zeroed(OPAQUE);
                var all = Libc.zeroed(OPAQUE);
                var none = Libc.zeroed(OPAQUE);
                var argv = Libc.strings(command.argv());
                var environment = Libc.strings(command.environment())) {
            check(SpawnLibrary.posix_spawn_file_actions_init(actions), program);
            check(SpawnLibrary.posix_spawnattr_init(attributes), program);
            try {
                stream(actions, 0, command.stdin(), lifted, program);
                stream(actions, 1, command.stdout(), lifted, program);
                stream(actions, 2, command.stderr(), lifted, program);
                var target = 3;
                for (var fd : command.inherited()) {
                    check(SpawnLibrary.posix_spawn_file_actions_adddup2(actions, lift(fd, lifted), target++), program);
                }
                check(SpawnLibrary.posix_spawn_file_actions_addclosefrom_np(actions, target), program);
                var directory = Libc.bytes(command.directory());
                check(SpawnLibrary.posix_spawn_file_actions_addchdir_np(actions, directory), program);
                SpawnLibrary.sigfillset(all);
                SpawnLibrary.sigemptyset(none);
                check(SpawnLibrary.posix_spawnattr_setsigdefault(attributes, all), program);
                check(SpawnLibrary.posix_spawnattr_setsigmask(attributes, none), program);
                var flags = SpawnLibrary.SETSIGDEF | SpawnLibrary.SETSIGMASK | SpawnLibrary.SETSID;
                if (cgroup.isPresent()) {
                    check(SpawnLibrary.setCgroup(attributes, cgroup.get().number()), program);
                    flags |= SpawnLibrary.SETCGROUP;
                }
                check(SpawnLibrary.posix_spawnattr_setflags(attributes, (short) flags), program);
                var pid = new int[1];
                check(
                        SpawnLibrary.posix_spawn(pid, Libc.bytes(program), actions, attributes, argv, environment),
                        program);
                return pid[0];
            } finally {
                SpawnLibrary.posix_spawn_file_actions_destroy(actions);
                SpawnLibrary.posix_spawnattr_destroy(attributes);
            }
        } finally {
            lifted.forEach(Fd::close);
        }
    }

    /**
     * Waits for the end of a child that {@link #spawn} started and removes it from the process table. Platform threads
     * only.
     *
     * @return its exit code, or 128 + the signal that ended it
     */
    public static int reap(int pid) throws LinuxException {
        var status = new int[1];
        while (SpawnLibrary.waitpid(pid, status, 0) < 0) {
            var errno = Native.getLastError();
            if (errno != Errno.EINTR) {
                throw new LinuxException("waitpid", String.valueOf(pid), errno);
            }
        }
        var signal = status[0] & 0x7f;
        return signal == 0 ? status[0] >> 8 & 0xff : 128 + signal;
    }

    private static void stream(Memory actions, int number, Stream stream, List<Fd> lifted, String program)
            throws LinuxException {
        check(
                switch (stream) {
                    case Stream.Nothing() ->
                        SpawnLibrary.posix_spawn_file_actions_addopen(
                                actions, number, Libc.bytes("/dev/null"), Libc.O_RDWR, 0);
                    case Stream.Append(var file) ->
                        SpawnLibrary.posix_spawn_file_actions_addopen(
                                actions, number, Libc.bytes(file), Libc.O_WRONLY | Libc.O_CREAT | Libc.O_APPEND, 0600);
                    case Stream.Descriptor(var fd) ->
                        SpawnLibrary.posix_spawn_file_actions_adddup2(actions, lift(fd, lifted), number);
                },
                program);
    }

    /**
     * A copy of the descriptor out of the way. The actions run in order: a source that happens to be 3 or 4 itself
     * would be overwritten before its turn.
     */
    private static int lift(Fd fd, List<Fd> lifted) throws LinuxException {
        var copy = new Fd(
                Libc.check(Libc.fcntl(fd.number(), F_DUPFD_CLOEXEC, 100), "fcntl F_DUPFD_CLOEXEC", fd), fd.toString());
        lifted.add(copy);
        return copy.number();
    }

    private static void check(int errno, String program) throws LinuxException {
        if (errno != 0) {
            throw new LinuxException("posix_spawn", program, errno);
        }
    }
}
