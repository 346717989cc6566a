package dev.lockstep.reconciler.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The families of distributions whose packages we can name. */
enum Distribution {
    DEBIAN("apt-get install"),
    RED_HAT("dnf install"),
    SUSE("zypper install"),
    ARCH("pacman -S");

    private final String command;

    Distribution(String command) {
        this.command = command;
    }

    /** What installs the packages that are named behind it. */
    String command() {
        return command;
    }

    /** That of this host; empty: none of these. */
    static Optional<Distribution> ofThisHost() {
        for (var file : List.of(Path.of("/etc/os-release"), Path.of("/usr/lib/os-release"))) {
            try {
                return of(Files.readAllLines(file));
            } catch (IOException e) {
                // The second one is where it is when nobody has written the first.
            }
        }
        return Optional.empty();
    }

    /**
     * By what it calls itself, then by what it says it is like.
     *
     * @param lines os-release(5)
     */
    static Optional<Distribution> of(List<String> lines) {
        return Stream.of("ID=", "ID_LIKE=")
                .flatMap(key ->
                        lines.stream().filter(line -> line.startsWith(key)).map(line -> line.substring(key.length())))
                .flatMap(value -> Arrays.stream(value.replaceAll("[\"']", "").split(" ")))
                .flatMap(word -> called(word).stream())
                .findFirst();
    }

    private static Optional<Distribution> called(String word) {
        return switch (word) {
            case "debian", "ubuntu" -> Optional.of(DEBIAN);
            case "fedora", "rhel" -> Optional.of(RED_HAT);
            case "suse" -> Optional.of(SUSE);
            case "arch" -> Optional.of(ARCH);
            default -> Optional.empty();
        };
    }
}
