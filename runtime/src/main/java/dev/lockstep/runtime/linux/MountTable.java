package dev.lockstep.runtime.linux;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

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
