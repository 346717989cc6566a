package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Pidfd;
import dev.lockstep.runtime.linux.ProcessIdentity;
import dev.lockstep.runtime.linux.Scarce;
import dev.lockstep.runtime.store.Root;
import java.io.FileInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A process that has no descriptor left for a while, and says what it finds then. */
final class FewDescriptors {
    private final ContainerStore store;
    private final SupervisorWatch watch;
    private final List<FileInputStream> taken = new ArrayList<>();

    private FewDescriptors(Path directory) throws IOException {
        this.store = new ContainerStore(Root.open(directory.resolve("state"), directory.resolve("run")));
        this.watch = new SupervisorWatch(store, ProcessIdentity.bootId());
    }

    /** Starts it; it ends by itself. */
    static Process start(Path directory) throws IOException {
        var java = ProcessHandle.current().info().command().orElseThrow();
        return new ProcessBuilder(List.of(
                        "sh",
                        "-c",
                        "ulimit -n 256; exec \"$@\"",
                        "sh",
                        java,
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        FewDescriptors.class.getName(),
                        directory.toString()))
                .redirectErrorStream(true)
                .start();
    }

    public static void main(String[] args) throws Exception {
        new FewDescriptors(Path.of(args[0])).run();
    }

    private void run() throws Exception {
        var id = "b".repeat(64);
        var program = new ProcessBuilder("sleep", "600").start();
        try {
            var process = ProcessIdentity.of(Math.toIntExact(program.pid())).orElseThrow();
            loadClasses();
            write(id, process);
            takeAll();
            System.out.println("alive: " + alive(process));
            watch.watch(id);
            System.out.println("watch: " + heard());
            for (var one : taken) {
                one.close();
            }
            System.out.println("alive: " + alive(process));
            System.out.println("watch: " + heard());
            program.destroyForcibly().waitFor();
            System.out.println("watch: " + heard());
        } finally {
            program.destroyForcibly();
        }
    }

    /** Each is a file of its own, which could not be opened later. */
    private void loadClasses() throws Exception {
        var ended = new ProcessBuilder("sleep", "600").start();
        var id = "a".repeat(64);
        var process = ProcessIdentity.of(Math.toIntExact(ended.pid())).orElseThrow();
        write(id, process);
        watch.watch(id);
        heard(); // that it has no conmon
        ended.destroyForcibly().waitFor();
        heard();
        try (var _ = Pidfd.ofChild(Integer.MAX_VALUE)) {
            throw new AssertionError("there is such a child");
        } catch (IOException e) {
            var _ = Scarce.isWhy(e);
        }
    }

    private void write(String id, ProcessIdentity process) throws IOException {
        Files.createDirectories(store.files(id).runRecord().getParent());
        store.write(
                id,
                new Run(
                        ProcessIdentity.bootId(),
                        true,
                        Optional.of(process),
                        Optional.empty(),
                        Instant.EPOCH,
                        "/usr/sbin/runc",
                        List.of(),
                        List.of(),
                        false,
                        false,
                        Optional.empty(),
                        Map.of()));
    }

    private void takeAll() throws IOException {
        try {
            while (true) {
                taken.add(new FileInputStream("/dev/null"));
            }
        } catch (FileNotFoundException e) {
            // That was the last one.
        }
    }

    private static String alive(ProcessIdentity process) {
        try {
            return String.valueOf(process.isAlive());
        } catch (RuntimeException e) {
            return Scarce.isWhy(e) ? "not known" : e.toString();
        }
    }

    private String heard() {
        try {
            return watch.await().getFirst().getClass().getSimpleName();
        } catch (IOException | RuntimeException e) {
            return Scarce.isWhy(e) ? "not known" : e.toString();
        }
    }
}
