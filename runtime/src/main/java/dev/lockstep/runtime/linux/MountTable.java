package dev.lockstep.runtime.linux;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What is mounted where, as this process sees it (proc_pid_mountinfo(5)). */
public final class MountTable {
    private MountTable() {}

    /** Mount points below {@code directory}, not it itself; the one that was mounted last comes first. */
    public static List<Path> below(Path directory) throws IOException {
        return below(directory, Files.readString(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1));
    }

    static List<Path> below(Path directory, String mountinfo) {
        var points = new ArrayList<Path>();
        for (var line : mountinfo.split("\n", -1)) {
            var fields = line.split(" ", -1);
            if (fields.length > 4) {
                var point = Path.of(unescape(fields[4]));
                if (point.startsWith(directory) && !point.equals(directory)) {
                    points.add(point);
                }
            }
        }
        return points.reversed();
    }

    /**
     * A mount.
     *
     * @param point where it is
     * @param isShared what is mounted below travels to its peers and from them
     * @param isSlave what is mounted below its master travels here
     */
    public record Entry(Path point, boolean isShared, boolean isSlave) {}

    /** The mount that a place is in. */
    public static Entry around(Path place) throws IOException {
        return around(place, Files.readString(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1));
    }

    static Entry around(Path place, String mountinfo) {
        var found = new Entry(Path.of("/"), false, false);
        for (var line : mountinfo.split("\n", -1)) {
            var separator = line.indexOf(" - ");
            var fields = (separator < 0 ? line : line.substring(0, separator)).split(" ", -1);
            if (fields.length <= 5) {
                continue;
            }
            var point = Path.of(unescape(fields[4]));
            // The last of several at one place is on top.
            if (place.startsWith(point) && point.getNameCount() >= found.point().getNameCount()) {
                var tags = Arrays.asList(fields).subList(6, fields.length);
                found = new Entry(
                        point,
                        tags.stream().anyMatch(tag -> tag.startsWith("shared:")),
                        tags.stream().anyMatch(tag -> tag.startsWith("master:")));
            }
        }
        return found;
    }

    /** Kinds of the file systems that a place is in and that are mounted below it, each once. */
    public static List<String> types(Path place) throws IOException {
        return types(place, Files.readString(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1));
    }

    static List<String> types(Path place, String mountinfo) {
        var point = around(place, mountinfo).point();
        var own = "";
        var types = new LinkedHashSet<String>();
        for (var line : mountinfo.split("\n", -1)) {
            var halves = line.split(" - ", 2);
            var fields = halves[0].split(" ", -1);
            if (halves.length < 2 || fields.length <= 5) {
                continue;
            }
            var here = Path.of(unescape(fields[4]));
            var type = halves[1].split(" ", 2)[0];
            if (here.equals(point)) {
                own = type;
            } else if (here.startsWith(place)) {
                types.add(type);
            }
        }
        types.addFirst(own);
        return List.copyOf(types);
    }

    /**
     * The mount whose root that is, by the number that {@link #parents} has for it; empty where nothing is mounted.
     *
     * @param place what is mounted over it is not looked at
     */
    public static Optional<Long> mountedAt(Fd place) throws LinuxException {
        try (var status = Libc.zeroed(FileCalls.STATX_SIZE)) {
            Libc.check(
                    FileCalls.statx(
                            place.number(),
                            Libc.bytes(Path.of("")),
                            Libc.AT_EMPTY_PATH,
                            FileCalls.STATX_BASIC_STATS | FileCalls.STATX_MNT_ID,
                            Libc.address(status)),
                    "statx",
                    place);
            return FileStatus.of(status).mountRoot() ? Optional.of(status.getLong(144)) : Optional.empty();
        }
    }

    /** The mounts that a process sees, each with the one that it is mounted in. */
    public static Map<Long, Long> parents(ProcessIdentity process) throws IOException {
        return parents(Files.readString(process.directory().resolve("mountinfo"), StandardCharsets.ISO_8859_1));
    }

    static Map<Long, Long> parents(String mountinfo) {
        var parents = new LinkedHashMap<Long, Long>();
        for (var line : mountinfo.split("\n", -1)) {
            var fields = line.split(" ", 3);
            if (fields.length == 3) {
                parents.put(Long.valueOf(fields[0]), Long.valueOf(fields[1]));
            }
        }
        return Collections.unmodifiableMap(parents);
    }

    /** Blanks, tabs, newlines and backslashes are written as three octal digits. */
    private static String unescape(String text) {
        var bytes = new ByteArrayOutputStream();
        for (var i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '\\' && i + 3 < text.length()) {
                bytes.write(Integer.parseInt(text.substring(i + 1, i + 4), 8));
                i += 3;
            } else {
                bytes.write(text.charAt(i));
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
