package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.builds.BuildLines;
import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.BuildRecords;
import dev.lockstep.reconciler.builds.BuildTest;
import dev.lockstep.reconciler.builds.Redaction;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.build.BuildException;
import dev.lockstep.runtime.build.BuildRequest;
import dev.lockstep.runtime.build.Builder;
import dev.lockstep.runtime.container.SharedLimits;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.ImageReference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;

/**
 * What an image must stand before it counts: a test of itself, and beside it of an image of every combination of the
 * matrix; each has to pass.
 *
 * @param timer ends what takes too long
 * @param limits that containers of tests have together, with steps of builds
 * @param redaction of the build's log; learns the secrets of stacks
 */
record CommitTests(
        Engine engine,
        Deployment deployment,
        BuildRecords records,
        ScheduledExecutorService timer,
        SharedLimits limits,
        Stop stop,
        Redaction redaction) {
    /** More only make each slower. */
    private static final int AT_ONCE = 4;

    /**
     * What is tested.
     *
     * @param reference what the image will be called
     * @param stack whose service is run with the image; absent: a bare container
     */
    record Subject(BuildRecord record, ImageReference reference, BuildTest test, Optional<BuildSources.Stack> stack) {
        /** @throws BuildException when the service that is asked for is not there */
        static Subject of(BuildRecord record, BuildTest test, BuildSources.Source source) throws IOException {
            var first = record.tags().stream().limit(1).toList();
            var reference = CommitBuild.references(record, first).stream()
                    .findFirst()
                    .orElseGet(() -> ImageReference.parse(record.image()));
            if (test.service().isEmpty()) {
                return new Subject(record, reference, test, Optional.empty());
            }
            var service = test.service().get();
            var stack = source.stack(service)
                    .orElseThrow(() -> new BuildException("test.service of " + record.target()
                            + ": no stack of this host has a service " + service
                            + " at this commit; write STACK/SERVICE"));
            return new Subject(record, reference, test, Optional.of(stack));
        }
    }

    /** What the containers of a build's tests are called, those of a matrix with a number behind it. */
    static String name(String build) {
        return "build-" + build + "-test";
    }

    /** Whether something of that name is of a test of the build. */
    static boolean isName(String name, String build) {
        return name.equals(name(build)) || name.startsWith(name(build) + "-");
    }

    /**
     * Runs them all.
     *
     * @param request that the image was built by; arguments of the matrix come over its own
     * @throws BuildException when one fails
     * @throws AwaitedBuildsException when a service that they need is still being built
     */
    void run(Subject subject, BuildRequest request, Image image, Builder builder, Consumer<String> log)
            throws IOException {
        if (subject.stack().isPresent()) {
            ServiceTest.requireOthersBuilt(
                    subject.record().number(), subject.stack().get());
        }
        var reports = records.reports(subject.record().number());
        var name = name(Long.toString(subject.record().number()));
        var work = new ArrayList<Callable<Optional<String>>>();
        for (var combination : Matrix.combinations(subject.test().matrix())) {
            var other = request.withArguments(combination);
            if (other.arguments().equals(request.arguments())) {
                continue; // the image itself
            }
            var container = name + "-" + (work.size() + 1);
            var prefix = "[" + Matrix.name(combination) + "] ";
            Consumer<String> own = line -> log.accept(line.isEmpty() ? "" : prefix + line);
            work.add(() -> problem(
                    prefix,
                    own,
                    () -> builder.build(
                            other,
                            new BuildLines(own),
                            stop.steps(),
                            built -> one(subject, container, built.image(), reports.resolve(container), own))));
        }
        work.addFirst(() -> problem("", log, () -> one(subject, name, image, reports, log)));
        var problems = all(work);
        if (!problems.isEmpty()) {
            throw new BuildException(String.join("; ", problems));
        }
    }

    /** Something that fails with a sentence. */
    @FunctionalInterface
    private interface Work {
        void run() throws IOException;
    }

    private static Optional<String> problem(String prefix, Consumer<String> log, Work work) {
        try {
            work.run();
            return Optional.empty();
        } catch (IOException | RuntimeException e) {
            return Optional.of(prefix + Reason.of(e, log));
        }
    }

    private void one(Subject subject, String container, Image image, Path reports, Consumer<String> log)
            throws IOException {
        var test = subject.test();
        var build = subject.record().number();
        log.accept("test " + container + ": "
                + (test.command().isEmpty() ? "its own program" : String.join(" ", test.command()))
                + subject.stack()
                        .map(stack -> ", as service " + stack.service() + " of stack " + stack.name())
                        .orElse(""));
        var bare = new ImageTest(engine, timer, stop, log, limits.cgroup());
        if (subject.stack().isPresent()) {
            new ServiceTest(engine, deployment, timer, bare, stop, log, redaction, limits.cgroup())
                    .run(build, container, test, subject.stack().get(), image, reports);
        } else {
            bare.run(build, container, test, subject.reference(), image, reports);
        }
        log.accept("test " + container + " passed");
    }

    /** Native calls block, so each on a thread of its own; in the order of the work. */
    private static List<String> all(List<Callable<Optional<String>>> work) throws IOException {
        try (var threads = Executors.newFixedThreadPool(
                AT_ONCE, Thread.ofPlatform().name("build-test-", 0).factory())) {
            var problems = new ArrayList<String>();
            for (var done : threads.invokeAll(work)) {
                done.get().ifPresent(problems::add);
            }
            return problems;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BuildException("the build was interrupted", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("only ends with sentences", e);
        }
    }
}
