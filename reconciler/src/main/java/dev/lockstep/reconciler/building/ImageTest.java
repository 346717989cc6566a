package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.builds.BuildLines;
import dev.lockstep.reconciler.builds.BuildTest;
import dev.lockstep.reconciler.deploy.DefaultBridge;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.build.BuildException;
import dev.lockstep.runtime.container.ContainerException;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.ExecStreams;
import dev.lockstep.runtime.container.HealthCheck;
import dev.lockstep.runtime.container.Resources;
import dev.lockstep.runtime.container.RestartPolicy;
import dev.lockstep.runtime.copy.Copying;
import dev.lockstep.runtime.copy.Keep;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.store.Owner;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** Runs a command in a container of an image that was just built, and keeps what it leaves. */
final class ImageTest {
    /** Every container of a test has it, with the build's number. */
    static final String LABEL = "dev.lockstep.build";

    /** What a test may leave in all. */
    static final long LARGEST_REPORTS = 256L << 20;

    private static final Duration SOON = Duration.ofMillis(200);

    private final Engine engine;
    private final ScheduledExecutorService timer;
    private final Stop stop;
    private final Consumer<String> log;
    private final String cgroup;

    /**
     * Runs one.
     *
     * @param timer ends what takes too long
     * @param cgroup whose limits containers have together
     */
    ImageTest(Engine engine, ScheduledExecutorService timer, Stop stop, Consumer<String> log, String cgroup) {
        this.cgroup = cgroup;
        this.engine = engine;
        this.timer = timer;
        this.stop = stop;
        this.log = log;
    }

    /**
     * Runs it to its end.
     *
     * @param container what it is called
     * @param reference what the image will be called
     * @param reports directory for what it leaves, made when there is something
     * @throws BuildException when it fails, or takes longer than it may
     */
    void run(long build, String container, BuildTest test, ImageReference reference, Image image, Path reports)
            throws IOException {
        var spec = spec(build, container, test, reference, image);
        var record = new DefaultBridge(engine)
                .with(spec.owner(), () -> engine.containers().create(spec));
        // Why it failed is not hidden by what cannot be removed.
        try (Closeable _ = () -> new DefaultBridge(engine).remove(record, true)) {
            attend(record, test, reports);
        }
    }

    /**
     * Runs a container that was made to its end.
     *
     * @throws BuildException when that is not well
     */
    void attend(ContainerRecord record, BuildTest test, Path reports) throws IOException {
        var problem = end(record, test);
        if (test.reports().isPresent()) {
            keep(record, test.reports().get(), reports);
        }
        if (problem.isPresent()) {
            throw new BuildException(problem.get());
        }
    }

    private ContainerSpec spec(long build, String container, BuildTest test, ImageReference reference, Image image) {
        // The command takes the place of the image's own program, whatever starts that.
        var command = test.command().isEmpty() ? Optional.<List<String>>empty() : Optional.of(test.command());
        return new ContainerSpec(
                        container,
                        new Owner(engine.host(), "", Optional.empty()),
                        "",
                        1,
                        reference,
                        image.digest(),
                        command.map(_ -> List.of()),
                        command,
                        Map.of(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Map.of(LABEL, Long.toString(build)),
                        List.of(),
                        List.of(new AttachmentSpec(DefaultBridge.NAME, List.of(), List.of(), 0)),
                        List.of(),
                        Resources.UNLIMITED,
                        RestartPolicy.NONE,
                        Optional.of(HealthCheck.OFF),
                        Optional.empty(),
                        Optional.of(Duration.ZERO))
                .below(cgroup);
    }

    /** Waits until it has ended; a sentence when that was not well. */
    private Optional<String> end(ContainerRecord record, BuildTest test) throws IOException {
        var over = new AtomicBoolean();
        var late = new AtomicBoolean();
        var timeout = timer.schedule(
                () -> {
                    late.set(true);
                    kill(record.id(), over);
                },
                test.timeout().toMillis(),
                TimeUnit.MILLISECONDS);
        Optional<Integer> code;
        try (var _ = stop.watch(() -> kill(record.id(), over));
                var out = new LineStream(line -> log.accept(BuildLines.printable(line)));
                var err = new LineStream(line -> log.accept(BuildLines.printable(line)))) {
            code = engine.containers()
                    .startAttached(record.id(), false, new ExecStreams(InputStream.nullInputStream(), out, err));
            engine.containers().finishExit(record.id());
        } catch (ContainerException e) {
            return Optional.of("the test cannot be run: " + e.getMessage());
        } finally {
            over.set(true);
            timeout.cancel(false);
        }
        if (late.get()) {
            return Optional.of("the test was not over after " + shown(test.timeout()));
        }
        return code.filter(number -> number == 0).isPresent()
                ? Optional.empty()
                : Optional.of("the test failed with exit code "
                        + code.map(String::valueOf).orElse("unknown"));
    }

    /** {@code 90s}, {@code 2h}: as a file would have it. */
    static String shown(Duration time) {
        return time.toMillis() % 1000 == 0
                ? time.toString().substring(2).toLowerCase(Locale.ROOT)
                : time.toMillis() + "ms";
    }

    /** It may be about to start: then it is killed as soon as it runs. */
    private void kill(String id, AtomicBoolean over) {
        if (over.get()) {
            return;
        }
        try {
            engine.containers().kill(id, "KILL");
        } catch (IOException e) {
            var _ = timer.schedule(() -> kill(id, over), SOON.toMillis(), TimeUnit.MILLISECONDS);
        }
    }

    /** Whether the test has passed or not; what is not there or too much is said, and changes nothing of that. */
    private void keep(ContainerRecord record, String path, Path reports) throws IOException {
        var parent = Objects.requireNonNull(reports.getParent());
        try (var tree = engine.containers().tree(record.id(), "archive-path")) {
            var from = new Copying.End(tree.root(), path, "in the test's container", tree.ids(), tree.mounts());
            Copying.archive(from, false, new Measure());
            Files.createDirectories(parent);
            // The parent may have what another container of this build has left, as a link of the very name: inside it
            // that leads nowhere.
            try (var above = Directory.open(parent);
                    var own = above.makeDirectoriesInRoot(RawPath.of(String.valueOf(reports.getFileName())), 0755)) {
                Copying.copy(from, new Copying.End(own, "/", "on this host"), false, new Keep(false, false))
                        .forEach(left -> log.accept("Warning: reports: " + left));
            }
        } catch (IOException e) {
            log.accept("Warning: the reports " + path + " are not kept: " + e.getMessage());
        }
    }

    /** Takes bytes, and no more than allowed. */
    private static final class Measure extends OutputStream {
        private long bytes;

        @Override
        public void write(int b) throws IOException {
            add(1);
        }

        @Override
        public void write(byte[] all, int offset, int count) throws IOException {
            add(count);
        }

        private void add(int count) throws IOException {
            bytes += count;
            if (bytes > LARGEST_REPORTS) {
                throw new IOException("they have more than " + (LARGEST_REPORTS >> 20) + " MiB");
            }
        }
    }
}
