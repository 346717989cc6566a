package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A plan is written down, looked at, applied once, and refused when the world has moved; planning touches nothing. */
class SavedPlanIT {
    private static final String FILES = """
            name: saved
            services:
              victim:
                image: web:1
                command: sleep 1000
                stop_grace_period: 1s
                environment: {LEVEL: info, DB_PASSWORD: hunter2hunter2}
            """;

    @TempDir
    private Path directory;

    @Test
    void it_is_applied_once_and_only_to_the_world_that_it_was_made_for() throws IOException {
        var project = Files.createDirectory(directory.resolve("project"));
        Files.writeString(project.resolve("compose.yaml"), FILES);
        try (var host = new Host(directory)) {
            var first = directory.resolve("first.plan").toString();
            var before = everythingBelow(host);
            assertThat(host.lockstepIn(project, "plan", "--out", first).code()).isZero();
            assertThat(everythingBelow(host)).isEqualTo(before);
            assertThat(Files.getPosixFilePermissions(Path.of(first)))
                    .isEqualTo(PosixFilePermissions.fromString("rw-------"));
            assertThat(Files.readString(Path.of(first))).doesNotContain("hunter2hunter2");

            var applied = host.lockstep("apply", first);
            assertThat(applied.code()).as(applied.all()).isZero();
            var again = host.lockstep("apply", first);
            assertThat(again.code()).isEqualTo(5);
            assertThat(again.err()).contains("The plan is stale: it was applied at ");
            assertThat(host.lockstep("plan", "show", first).out()).contains("+ container saved-victim-1");

            Files.writeString(project.resolve("compose.yaml"), FILES.replace("info", "debug"));
            var second = directory.resolve("second.plan").toString();
            before = everythingBelow(host);
            assertThat(host.lockstepIn(project, "plan", "--out", second).out())
                    .contains("-/+ container saved-victim-1");
            assertThat(everythingBelow(host)).isEqualTo(before);
            Files.writeString(project.resolve("compose.yaml"), FILES.replace("info", "trace"));
            assertThat(host.lockstep("container", "stop", "saved-victim-1").code())
                    .isZero();
            var stale = host.lockstep("apply", second);
            assertThat(stale.code()).isEqualTo(5);
            assertThat(stale.err())
                    .contains(
                            "container saved-victim-1: state was running and is stopped by hand",
                            "services.victim.environment has changed");
        }
    }

    /** Each file with its size and the time of its last change, locks and all. */
    private static Map<String, String> everythingBelow(Host host) throws IOException {
        var files = new TreeMap<String, String>();
        for (var root : new Path[] {host.root(), host.runRoot()}) {
            try (var all = Files.walk(root)) {
                for (var file : all.filter(f -> !Files.isSymbolicLink(f)).toList()) {
                    FileTime changed = Files.getLastModifiedTime(file);
                    files.put(file.toString(), Files.size(file) + " " + changed);
                }
            }
        }
        return files;
    }
}
