package dev.lockstep.reconciler.story;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** What a root may have left on the machine: processes, mounts, links, cgroups. */
final class Leftovers {
    private Leftovers() {}

    static List<String> of(Path directory, String rootJson) throws IOException {
        var matcher = Pattern.compile("\"root\"\\s*:\\s*\"([0-9a-f]{32})\"").matcher(rootJson);
        if (!matcher.find()) {
            throw new IOException("no root id in " + rootJson);
        }
        var id = matcher.group(1).substring(0, 4);
        var left = new ArrayList<String>();
        for (var line : Files.readAllLines(Path.of("/proc/self/mountinfo"))) {
            if (line.contains(directory.toString())) {
                left.add("mount " + line);
            }
        }
        left.addAll(processes(directory));
        try (var links = Files.newDirectoryStream(Path.of("/sys/class/net"), "l[sv]" + id + "*")) {
            links.forEach(link -> left.add("link " + link.getFileName()));
        }
        for (var hierarchy : hierarchies()) {
            for (var of : List.of("", "build-", "builds-")) {
                if (Files.exists(hierarchy.resolve("lockstep-" + of + id))) {
                    left.add("cgroup " + hierarchy.resolve("lockstep-" + of + id));
                }
            }
        }
        return left;
    }

    /** Those that have something of the root among their words. */
    static List<String> processes(Path directory) throws IOException {
        var left = new ArrayList<String>();
        try (var processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
            for (var process : processes) {
                var command = commandLine(process);
                if (command.contains(directory.toString()) && !command.contains("surefire")) {
                    left.add("process " + process.getFileName() + " " + command);
                }
            }
        }
        return left;
    }

    private static List<Path> hierarchies() throws IOException {
        var all = new ArrayList<Path>();
        all.add(Path.of("/sys/fs/cgroup"));
        try (DirectoryStream<Path> mounts = Files.newDirectoryStream(Path.of("/sys/fs/cgroup"), Files::isDirectory)) {
            mounts.forEach(all::add);
        }
        return all;
    }

    private static String commandLine(Path process) {
        try {
            return new String(Files.readAllBytes(process.resolve("cmdline")), StandardCharsets.UTF_8)
                    .replace('\0', ' ');
        } catch (IOException e) {
            return ""; // it ended meanwhile
        }
    }
}
