package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.HostTools;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SelfCheckTest {
    private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");

    @TempDir
    private Path directory;

    private Root root;
    private AgentLock lock;
    private Path bin;
    private Path launcher;

    @BeforeEach
    void aRootWithAnAgent() throws IOException, InterruptedException {
        root = Root.open(directory.resolve("root"), directory.resolve("run"));
        lock = AgentLock.take(root, NOW);
        bin = Files.createDirectories(directory.resolve("opt/bin"));
        launcher = program("lockstep");
        program("conmon");
        program("runc");
        Files.createDirectories(directory.resolve("opt/lib"));
        Files.writeString(directory.resolve("opt/lib/lockstep.jar"), "one");
    }

    @AfterEach
    void letGo() throws IOException {
        lock.close();
    }

    private Path program(String name) throws IOException {
        return Files.createFile(
                bin.resolve(name), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    }

    private SelfCheck check() {
        return new SelfCheck(root, new HostTools(List.of(bin)), Optional.of(launcher), NOW);
    }

    @Test
    void an_agent_that_is_well_finds_nothing_and_leaves_nothing() throws IOException {
        assertThat(check().problems(List.of(new SelfCheck.Clock("https://git.example/a", Duration.ofSeconds(-59)))))
                .isEmpty();
        try (var files = Files.list(root.state())) {
            assertThat(files.map(f -> f.getFileName().toString())).noneMatch(name -> name.contains("self"));
        }
    }

    @Test
    void an_upgrade_under_it_is_seen_in_the_program_and_in_its_archives() throws IOException {
        var check = check();
        Files.writeString(directory.resolve("opt/lib/lockstep.jar"), "other");
        assertThat(check.problems(List.of()))
                .containsExactly("the program " + launcher + " is another one than this agent has run since " + NOW
                        + ": 'systemctl restart lockstep' goes over to it; containers go on running");

        var after = check();
        assertThat(after.problems(List.of())).isEmpty();
        Files.delete(launcher);
        assertThat(after.problems(List.of())).singleElement().asString().contains(launcher + " is gone");
    }

    @Test
    void another_version_behind_the_same_link_is_another_program() throws IOException {
        var two = Files.createDirectories(directory.resolve("two"));
        Files.copy(launcher, two.resolve("lockstep"));
        var link = Files.createSymbolicLink(directory.resolve("lockstep"), launcher);
        var check = new SelfCheck(root, new HostTools(List.of(bin)), Optional.of(link), NOW);
        assertThat(check.problems(List.of())).isEmpty();
        Files.delete(link);
        Files.createSymbolicLink(link, two.resolve("lockstep"));

        assertThat(check.problems(List.of())).singleElement().asString().contains("is another one");
    }

    @Test
    void what_containers_need_and_what_is_not_there_any_more_is_named() throws IOException {
        var check = check();
        Files.delete(bin.resolve("conmon"));
        Files.setPosixFilePermissions(bin.resolve("runc"), PosixFilePermissions.fromString("---------"));

        assertThat(check.problems(List.of()))
                .hasSize(2)
                .anyMatch(problem -> problem.startsWith("conmon is missing"))
                .anyMatch(problem -> problem.startsWith("crun or runc is missing"));
    }

    @Test
    void a_clock_that_is_wrong_is_the_same_problem_while_it_drifts_on() {
        var check = check();
        var problem = check.problems(List.of(new SelfCheck.Clock("https://git.example/a", Duration.ofSeconds(-125))));

        assertThat(problem)
                .singleElement()
                .asString()
                .startsWith("the clock of this host is behind that of https://git.example/a by more than 2 minutes");
        assertThat(check.problems(List.of(new SelfCheck.Clock("https://git.example/a", Duration.ofSeconds(-140)))))
                .isEqualTo(problem);
        assertThat(check.problems(List.of(new SelfCheck.Clock("https://git.example/a", Duration.ofSeconds(61)))))
                .singleElement()
                .asString()
                .contains("ahead of", "by more than a minute");
    }

    @Test
    void a_lock_whose_file_is_gone_and_a_root_that_cannot_be_written_are_told() throws IOException {
        var check = check();
        Files.delete(root.lock("agent"));
        assertThat(check.problems(List.of())).singleElement().asString().contains("lock was removed");

        // Root may write where the mode forbids it; nobody may make a file where a directory is no directory.
        Files.createDirectory(root.state().resolve("self-check"));
        Files.createFile(root.state().resolve("self-check/x"));
        assertThat(check.problems(List.of()))
                .anyMatch(problem -> problem.startsWith("nothing can be written below " + root.state()));
    }
}
