package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.apply.Applier;
import dev.lockstep.reconciler.apply.ApplyListener;
import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.apply.StepResult;
import dev.lockstep.reconciler.deploy.DefaultBridge;
import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.build.BuildException;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.Owner;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Takes away what tests of builds have had: of one that is over, and of those whose agent was killed. */
record TestLeftovers(Engine engine, Deployment deployment) {
    /**
     * All that tests of builds have had: containers that ran a command of theirs, and stacks that they were given. What
     * cannot be removed is said and stays until the next time, since builds go on without that. Not while one runs.
     */
    void removeAll(Consumer<String> out) throws IOException {
        var stacks = owned().filter(Owned::isOfTest).map(Owned::stack).collect(Collectors.toCollection(TreeSet::new));
        for (var container : engine.containers().observe()) {
            var spec = container.record().spec();
            if (isOfTest(spec.name(), spec.labels())) {
                attempt(
                        "container " + spec.name(),
                        out,
                        () -> new DefaultBridge(engine).remove(container.record(), true));
            }
        }
        for (var stack : stacks) {
            attempt("stack " + stack, out, () -> removeStack(stack));
        }
    }

    /** By its label and its name: the one alone somebody else may have chosen. */
    private static boolean isOfTest(String name, Map<String, String> labels) {
        var build = labels.get(ImageTest.LABEL);
        return build != null && CommitTests.isName(name, build);
    }

    /** Something that may not succeed. */
    @FunctionalInterface
    private interface Removal {
        void run() throws IOException;
    }

    private static void attempt(String what, Consumer<String> out, Removal removal) {
        try {
            removal.run();
        } catch (IOException e) {
            out.accept("what a test of a build has left cannot be removed: " + what + ": " + e.getMessage());
        }
    }

    /** Whether there is a stack of that name that is no test's. */
    boolean isTaken(String name) throws IOException {
        var found = owned().filter(one -> one.stack().equals(name)).toList();
        return !found.isEmpty() && found.stream().noneMatch(Owned::isOfTest);
    }

    /** Something that a stack has. */
    private record Owned(String stack, boolean isOfTest) {
        static Owned of(Owner owner, Map<String, String> labels) {
            return new Owned(owner.stack(), TestLeftovers.isOfTest(owner.stack(), labels));
        }
    }

    private Stream<Owned> owned() throws IOException {
        return Stream.of(
                        engine.containers().observe().stream()
                                .map(container -> container.record().spec())
                                .map(spec -> Owned.of(spec.owner(), spec.labels())),
                        engine.networks().observe().networks().stream()
                                .map(network -> network.record().spec())
                                .map(spec -> Owned.of(spec.owner(), spec.labels())),
                        engine.volumes().list().stream()
                                .map(volume -> volume.spec())
                                .map(spec -> Owned.of(spec.owner(), spec.labels())))
                .flatMap(all -> all);
    }

    /** One stack, with its volumes and its files. */
    void removeStack(String name) throws IOException {
        var plan = deployment.planDown(name, true);
        try (var health = engine.containers().healthMonitor((_, _) -> {})) {
            for (var result : new Applier(engine, health, BeforeStart.NOTHING, ApplyListener.NONE).apply(plan)) {
                if (result instanceof StepResult.Failed(var step, var why)) {
                    throw new BuildException(step.operation().name() + ": " + why);
                }
            }
        }
        var stacks = engine.root().state().resolve("stacks");
        if (Files.isDirectory(stacks.resolve(name))) {
            try (var all = Directory.open(stacks)) {
                all.removeTree(RawPath.of(name));
            }
        }
    }
}
