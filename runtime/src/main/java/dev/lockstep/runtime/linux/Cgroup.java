package dev.lockstep.runtime.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.locks.LockSupport;

/** One cgroup: a directory of the same name in every tree of the host. Files of it are read and written as they are. */
public final class Cgroup {
    private static final Duration FREEZES = Duration.ofSeconds(20);
    private static final Duration FREEZER_LOOK = Duration.ofMillis(2);
    /** Looks after which all of them may move again for a moment. */
    private static final int FREEZER_TRY = 50;

    private final Cgroups cgroups;
    private final String name;

    Cgroup(Cgroups cgroups, String name) {
        this.cgroups = cgroups;
        this.name = name;
    }

    /** Makes it in every tree where it is missing. */
    public void create() throws IOException {
        for (var tree : cgroups.trees()) {
            var directory = tree.resolve(name);
            if (Files.notExists(directory)) {
                Files.createDirectories(directory);
            }
        }
        if (!cgroups.isUnified()) {
            var tree = cgroups.tree("cpuset");
            if (tree.isPresent()) {
                inheritCpuset(tree.get(), tree.get().resolve(name));
            }
        }
    }

    /** A new cpuset of version 1 has no processors and takes no process (cpuset(7)). */
    private static void inheritCpuset(Path tree, Path directory) throws IOException {
        if (directory.equals(tree)) {
            return;
        }
        inheritCpuset(tree, Objects.requireNonNull(directory.getParent(), "below the tree"));
        for (var file : List.of("cpuset.cpus", "cpuset.mems")) {
            if (Files.readString(directory.resolve(file)).isBlank()) {
                put(
                        directory.resolve(file),
                        Files.readString(directory.resolveSibling(file)).strip());
            }
        }
    }

    /** Moves a process into it, in every tree. */
    public void add(int pid) throws IOException {
        for (var tree : cgroups.trees()) {
            put(tree.resolve(name).resolve("cgroup.procs"), String.valueOf(pid));
        }
    }

    /**
     * Starts a program in it, in every tree, and returns its pid. Nothing is moved that runs: that waits until no
     * processor uses what it used before, 10 ms where nobody did it just now. A child can begin in a cgroup of version
     * 2 (clone3(2), CLONE_INTO_CGROUP); with version 1 a thread may go there alone, and its child begins where it is.
     */
    public int spawn(ProcessSpawner.Command command) throws IOException {
        return OwnThread.call("spawn", () -> {
            for (var tree : cgroups.first()) {
                put(tree.resolve(name).resolve("tasks"), "0");
            }
            var second = cgroups.second().map(tree -> tree.resolve(name));
            return second.isPresent() ? spawn(command, second.get()) : ProcessSpawner.spawn(command);
        });
    }

    private static int spawn(ProcessSpawner.Command command, Path second) throws IOException {
        try (var directory = Fd.open(second)) {
            var child = ProcessSpawner.spawnIn(directory, command);
            if (child.isPresent()) {
                return child.getAsInt();
            }
        }
        var pid = ProcessSpawner.spawn(command);
        put(second.resolve("cgroup.procs"), String.valueOf(pid));
        return pid;
    }

    /** Its processes, of all trees together. */
    public List<Integer> processes() throws IOException {
        var pids = new TreeSet<Integer>();
        for (var tree : cgroups.trees()) {
            for (var line : lines(tree.resolve(name).resolve("cgroup.procs"))) {
                pids.add(Integer.parseInt(line));
            }
        }
        return List.copyOf(pids);
    }

    /** Whether it exists in any tree. */
    public boolean exists() {
        return cgroups.trees().stream().anyMatch(tree -> Files.exists(tree.resolve(name)));
    }

    /** Names of the cgroups directly below it, of all trees together. */
    public List<String> children() throws IOException {
        var names = new TreeSet<String>();
        for (var tree : cgroups.trees()) {
            var directory = tree.resolve(name);
            if (Files.isDirectory(directory)) {
                try (var entries = Files.newDirectoryStream(directory, Files::isDirectory)) {
                    entries.forEach(child -> names.add(child.getFileName().toString()));
                } catch (NoSuchFileException e) {
                    // Removed meanwhile.
                }
            }
        }
        return List.copyOf(names);
    }

    /** The cgroup of that name directly below. */
    public Cgroup below(String child) {
        return new Cgroup(cgroups, name + "/" + child);
    }

    /** Kills every process in it once; new ones may come up meanwhile, so ask {@link #processes} again. */
    public void kill() throws IOException {
        for (var pid : processes()) {
            var process = ProcessIdentity.of(pid);
            if (process.isPresent()) {
                try (var pidfd = Pidfd.open(process.get()).orElse(null)) {
                    if (pidfd != null && processes().contains(pid)) {
                        pidfd.send(Signal.KILL);
                    }
                }
            }
        }
    }

    /**
     * Stops its processes where they are, until {@link #thaw}. Returns when all of them stand still.
     *
     * @throws IOException when the host has no freezer, or some process does not come to rest in that time (it waits in
     *     the kernel); then all of them run on
     */
    public void freeze() throws IOException {
        var deadline = System.nanoTime() + FREEZES.toNanos();
        for (var looks = 1; System.nanoTime() - deadline < 0; looks++) {
            if (looks % FREEZER_TRY == 0) {
                // Of two processes the one that stands still may be what the other one waits for in the kernel; to
                // ask again does not help them then (fs.go of runc's freezer found the same).
                thaw();
                LockSupport.parkNanos(FREEZER_LOOK.toNanos());
            }
            // Version 1 may need to be asked again: a process that forks meanwhile escapes (cgroup freezer-subsystem).
            write("freezer", freezerFile(), isUnified() ? "1" : "FROZEN");
            if (isFrozen()) {
                return;
            }
            LockSupport.parkNanos(FREEZER_LOOK.toNanos());
        }
        thaw();
        throw new IOException("the processes of cgroup " + this + " do not come to rest");
    }

    /** Lets its processes go on. */
    public void thaw() throws IOException {
        write("freezer", freezerFile(), isUnified() ? "0" : "THAWED");
    }

    /** Whether all of its processes stand still by {@link #freeze}; false where it does not exist. */
    public boolean isFrozen() throws IOException {
        return isUnified()
                ? read("freezer", "cgroup.events")
                        .filter(e -> e.contains("frozen 1"))
                        .isPresent()
                : read("freezer", "freezer.state").filter("FROZEN"::equals).isPresent();
    }

    /**
     * Whether they stand still, or some do and the others are to. Nobody may be about to say that they go on: who froze
     * them may have been killed before the last one stood still, and that one may never.
     */
    public boolean isFreezing() throws IOException {
        return isFrozen()
                || read("freezer", freezerFile())
                        .filter(asked -> asked.equals(isUnified() ? "1" : "FREEZING"))
                        .isPresent();
    }

    private String freezerFile() {
        return isUnified() ? "cgroup.freeze" : "freezer.state";
    }

    /** Removes it where it is empty; true when it is nowhere any more. */
    public boolean remove() throws IOException {
        var gone = true;
        for (var tree : cgroups.trees()) {
            try {
                Files.deleteIfExists(tree.resolve(name));
            } catch (DirectoryNotEmptyException e) {
                gone = false;
            } catch (FileSystemException e) {
                if (Files.exists(tree.resolve(name))) {
                    // EBUSY: a process, or one that has not quite gone yet.
                    gone = false;
                }
            }
        }
        return gone;
    }

    /** Content of a file without the newline; empty when it is not there. */
    public Optional<String> read(String controller, String file) throws IOException {
        var tree = cgroups.tree(controller);
        if (tree.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    KernelFile.read(tree.get().resolve(name).resolve(file)).strip());
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            // ENODEV: removed while it was read.
            if (Files.notExists(tree.get().resolve(name))) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /**
     * Writes a value.
     *
     * @throws IOException with the kernel's reason: {@code Device or resource busy} when a limit is below what is used
     */
    public void write(String controller, String file, String value) throws IOException {
        var tree = cgroups.tree(controller)
                .orElseThrow(() -> new IOException("this host has no cgroup controller " + controller));
        put(tree.resolve(name).resolve(file), value);
    }

    /** The one that all of the host is in. */
    public Cgroup root() {
        return cgroups.at("/");
    }

    /**
     * Has cgroups below it get these controllers, as far as this one has them; with version 1 they always do
     * (cgroup-v2.rst, Enabling and Disabling).
     */
    public void offer(List<String> controllers) throws IOException {
        if (isUnified()) {
            var here = List.of(read("", "cgroup.controllers").orElse("").split(" ", -1));
            for (var controller : controllers) {
                if (here.contains(controller)) {
                    write(controller, "cgroup.subtree_control", "+" + controller);
                }
            }
        }
    }

    /** Forbids a character device, whatever the runtime allowed. */
    public void deny(DeviceNumber device) throws IOException {
        if (cgroups.isUnified()) {
            for (var tree : cgroups.trees()) {
                DeviceProgram.deny(tree.resolve(name), device);
            }
        } else if (cgroups.tree("devices").isPresent()) {
            write("devices", "devices.deny", "c " + device + " rwm");
        }
    }

    /** Whether the host has version 2 of cgroups alone: the files have other names there. */
    public boolean isUnified() {
        return cgroups.isUnified();
    }

    private static List<String> lines(Path file) throws IOException {
        try {
            return Files.readAllLines(file, StandardCharsets.US_ASCII);
        } catch (IOException e) {
            if (Files.notExists(file.getParent())) {
                return new ArrayList<>();
            }
            throw e;
        }
    }

    private static void put(Path file, String value) throws IOException {
        // One write(2), and never O_CREAT or O_TRUNC: the file is the kernel's.
        Files.write(file, value.getBytes(StandardCharsets.US_ASCII), StandardOpenOption.WRITE);
    }

    /** The absolute path in each tree. */
    @Override
    public String toString() {
        return "/" + name;
    }
}
