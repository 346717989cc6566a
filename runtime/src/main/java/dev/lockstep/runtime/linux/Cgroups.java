package dev.lockstep.runtime.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where cgroups are on this host (cgroups(7)). Version 2 has one tree; version 1 a tree per controller, and a hybrid
 * host beside them a version 2 tree without the controllers that version 1 has.
 */
public final class Cgroups {
    private final Map<String, Path> controllers;
    private final List<Path> first;
    private final Optional<Path> second;
    private final List<Path> trees;
    private final boolean unified;

    private Cgroups(Map<String, Path> controllers, List<Path> first, Optional<Path> second, boolean unified) {
        this.controllers = Collections.unmodifiableMap(controllers);
        this.first = List.copyOf(first);
        this.second = second;
        this.trees = Stream.concat(first.stream(), second.stream()).toList();
        this.unified = unified;
    }

    /** What this process sees mounted. */
    public static Cgroups detect() throws IOException {
        return parse(Files.readString(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1));
    }

    /**
     * Reads a mountinfo (proc_pid_mountinfo(5)).
     *
     * @throws IOException when no cgroups are mounted
     */
    static Cgroups parse(String mountinfo) throws IOException {
        var controllers = new LinkedHashMap<String, Path>();
        var trees = new ArrayList<Path>();
        var second = new ArrayList<Path>();
        for (var line : mountinfo.split("\n", -1)) {
            var separator = line.indexOf(" - ");
            if (separator < 0) {
                continue;
            }
            var before = line.substring(0, separator).split(" ", -1);
            var after = line.substring(separator + 3).split(" ", -1);
            // Only trees from their root: a part of one that is mounted elsewhere is not where paths begin.
            if (!before[3].equals("/") && !before[4].startsWith("/sys/fs/cgroup")) {
                continue;
            }
            var mount = Path.of(before[4]);
            if (after[0].equals("cgroup2")) {
                second.add(mount);
            } else if (after[0].equals("cgroup") && !trees.contains(mount)) {
                trees.add(mount);
                for (var option : after[after.length - 1].split(",", -1)) {
                    if (!option.equals("rw") && !option.equals("ro") && !option.startsWith("name=")) {
                        controllers.putIfAbsent(option, mount);
                    }
                }
            }
        }
        if (trees.isEmpty() && second.isEmpty()) {
            throw new IOException(
                    "No cgroups are mounted. Mount them at /sys/fs/cgroup: mount -t cgroup2 none /sys/fs/cgroup");
        }
        if (controllers.isEmpty()) {
            return new Cgroups(Map.of(), List.of(), second.stream().findFirst(), true);
        }
        return new Cgroups(controllers, trees, second.stream().findFirst(), false);
    }

    /** Whether the host has version 2 alone. */
    public boolean isUnified() {
        return unified;
    }

    /** Whether version 1 has controllers beside a tree of version 2. */
    public boolean isHybrid() {
        return !unified
                && trees.size() > controllers.values().stream().distinct().count();
    }

    /** The cgroup with that absolute path in every tree; it need not exist. */
    public Cgroup at(String path) {
        if (!path.startsWith("/") || path.contains("..")) {
            throw new IllegalArgumentException("a cgroup is named by its absolute path, got " + path);
        }
        return new Cgroup(this, path.substring(1));
    }

    /** Every tree. */
    List<Path> trees() {
        return trees;
    }

    /** Those of version 1; none on a host with version 2 alone. */
    List<Path> first() {
        return first;
    }

    /** That of version 2. */
    Optional<Path> second() {
        return second;
    }

    /** The tree of that controller; the only one on version 2. */
    Optional<Path> tree(String controller) {
        return Optional.ofNullable(unified ? trees.getFirst() : controllers.get(controller));
    }

    /** Whether this host limits by that controller: a kernel is built without one, or started so. */
    public boolean has(String controller) throws IOException {
        return unified
                ? List.of(at("/").read("", "cgroup.controllers").orElse("").split(" ", -1))
                        .contains(controller)
                : controllers.containsKey(controller);
    }
}
