package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The program is killed at any moment of an apply, again and again; the next apply converges, and nothing is left over.
 * {@code lockstep.count} is the number of rounds × 10; {@code lockstep.seed.fixed} and {@code lockstep.seed} decide
 * when.
 */
class KillIT {
    private static final int LONGEST_MILLIS = 1500;

    @TempDir
    Path directory;

    private static String compose(int revision) {
        var text = new StringBuilder("services:\n");
        for (var service : new String[] {"a", "b", "c"}) {
            // One of the three changes with each revision; so there is something to make, to replace and to leave.
            var level = service.equals("abc".substring(revision % 3, revision % 3 + 1)) ? revision : 0;
            text.append("  " + service + ":\n")
                    .append("    image: web:1\n")
                    .append("    command: [sh, -c, \"trap 'exit 0' TERM; sleep 1000000 & wait\"]\n")
                    .append("    environment: {LEVEL: \"" + level + "\"}\n")
                    .append("    volumes: [\"data:/data\"]\n");
        }
        return text.append("volumes: {data: }\n").toString();
    }

    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed.fixed", "lockstep.seed"})
    void killed_at_any_moment_the_next_apply_converges(String property) throws Exception {
        var seed = Long.parseUnsignedLong(System.getProperty(property, "1"));
        var rounds = Math.max(1, Integer.getInteger("lockstep.count", 30) / 10);
        System.out.println("kill test: seed " + Long.toUnsignedString(seed) + ", " + rounds + " rounds");
        var chance = new Random(seed);
        try (var host = new Host(directory)) {
            var project = Files.createDirectories(directory.resolve("kill"));
            for (var round = 0; round < rounds; round++) {
                Files.writeString(project.resolve("compose.yaml"), compose(round));
                var apply = host.start(project, "apply", "-y");
                if (!apply.waitFor(chance.nextInt(LONGEST_MILLIS), TimeUnit.MILLISECONDS)) {
                    apply.destroyForcibly();
                }
                apply.waitFor();
                if (round % 3 == 2 || round == rounds - 1) {
                    converges(host, project, "seed " + Long.toUnsignedString(seed) + ", round " + round);
                }
            }
        }
    }

    private static void converges(Host host, Path project, String when) throws IOException {
        var applied = host.lockstepIn(project, "apply", "-y");
        assertThat(applied.code()).as(when + ": " + applied.all()).isZero();
        var planned = host.lockstepIn(project, "plan", "--detailed-exitcode");
        assertThat(planned.code()).as(when + ": " + planned.all()).isZero();
        assertThat(host.pids()).as(when).containsOnlyKeys("kill-a-1", "kill-b-1", "kill-c-1");
    }
}
