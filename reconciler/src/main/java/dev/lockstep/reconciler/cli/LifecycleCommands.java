package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.desired.ComposeLabels;
import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.reconciler.plan.Step;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerException;
import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.ObservedContainer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;

/**
 * {@code start stop restart kill pause unpause rm}: what is done to containers that exist, by service, as docker
 * compose does it.
 */
final class LifecycleCommands {
    private LifecycleCommands() {}

    private static void services(CommandSpec spec) {
        spec.addOption(Options.dryRun());
        spec.addPositional(Options.arguments("[SERVICE...]", "0..*", "Only these services"));
    }

    private static void timeout(CommandSpec spec) {
        spec.addOption(
                Options.value("SECONDS", "Kill containers that have not ended after that time", "-t", "--timeout"));
    }

    private static boolean runs(ObservedContainer container) {
        return container.isRunning();
    }

    /** Starts what there is, as it is. */
    static final class Start implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description("Starts existing containers of services and of what these depend on, as they are.");
            services(spec);
        }

        @Override
        public int run(Invocation call) throws Exception {
            var stack = Stack.of(call);
            try (var change = StackChange.begin(call, stack.name())) {
                var named = stack.containers(change.engine(), call.arguments(), Stack.Which.OF_SERVICES);
                var all = call.arguments().isEmpty()
                        ? named
                        : withDependencies(
                                named, stack.containers(change.engine(), List.of(), Stack.Which.OF_SERVICES));
                var with = named.stream().map(Stack::service).toList();
                var expected = call.arguments().isEmpty() && !stack.byName() ? stack.services() : call.arguments();
                var without = expected.stream().filter(s -> !with.contains(s)).toList();
                if (named.isEmpty() && !without.isEmpty()) {
                    throw new CommandException("service \"" + without.getFirst() + "\" has no container to start;"
                            + " 'lockstep up -d' makes them");
                }
                without.forEach(s -> call.say("Warning: service \"" + s + "\" has no container to start"));
                var idle = all.stream().filter(c -> !runs(c)).toList();
                return change.run(
                        ByHand.forwards(
                                idle,
                                c -> new Operation.StartContainer(
                                        c.id(), c.record().spec())),
                        Optional.empty());
            }
        }

        /** And those of the services that they depend on, and so on: as with Compose, one does not run without. */
        private static List<ObservedContainer> withDependencies(
                List<ObservedContainer> named, List<ObservedContainer> all) {
            var services = named.stream().map(Stack::service).collect(Collectors.toCollection(TreeSet::new));
            for (var grown = true; grown; ) {
                grown = false;
                for (var container : all) {
                    grown |= services.contains(Stack.service(container))
                            && services.addAll(ComposeLabels.dependencies(
                                    container.record().spec().labels()));
                }
            }
            return all.stream().filter(c -> services.contains(Stack.service(c))).toList();
        }
    }

    /** Stops, what depends on others first. */
    static final class Stop implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Stops containers of services; they stay and can be started again.");
            timeout(spec);
            services(spec);
        }

        @Override
        public int run(Invocation call) throws Exception {
            var grace = call.duration("--timeout");
            var stack = Stack.of(call);
            try (var change = StackChange.begin(call, stack.name())) {
                var all = stack.containers(change.engine(), call.arguments(), Stack.Which.OF_SERVICES);
                return change.run(stopping(all), grace);
            }
        }

        private static List<Step> stopping(List<ObservedContainer> containers) {
            return ByHand.backwards(containers, c -> new Operation.StopContainer(c.id(), c.name()));
        }
    }

    /** Stops and starts; no change of the files is picked up. */
    static final class Restart implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description("Restarts containers of services as they are; changes of the files do not count.");
            timeout(spec);
            spec.addOption(Options.flag("Not those that restart with the services named", "--no-deps"));
            services(spec);
        }

        @Override
        public int run(Invocation call) throws Exception {
            var grace = call.duration("--timeout");
            var stack = Stack.of(call);
            try (var change = StackChange.begin(call, stack.name())) {
                var named = stack.containers(change.engine(), call.arguments(), Stack.Which.OF_SERVICES);
                var all = call.flag("--no-deps") || call.arguments().isEmpty()
                        ? named
                        : withDependants(named, stack.containers(change.engine(), List.of(), Stack.Which.OF_SERVICES));
                return change.run(
                        ByHand.forwards(
                                all,
                                c -> new Operation.RestartContainer(
                                        c.id(), c.record().spec())),
                        grace);
            }
        }

        /** And those whose {@code depends_on} asks to be restarted with one of them, and so on. */
        private static List<ObservedContainer> withDependants(
                List<ObservedContainer> named, List<ObservedContainer> all) {
            var services = named.stream().map(Stack::service).collect(Collectors.toCollection(TreeSet::new));
            for (var grown = true; grown; ) {
                grown = false;
                for (var container : all) {
                    var gates = ComposeLabels.gates(container.record().spec().labels());
                    var follows = gates.entrySet().stream()
                            .anyMatch(g -> g.getValue().restart() && services.contains(g.getKey()));
                    grown |= follows && runs(container) && services.add(Stack.service(container));
                }
            }
            return all.stream().filter(c -> services.contains(Stack.service(c))).toList();
        }
    }

    /** What a command does to one container, and what it says of it. */
    private interface Deed {
        void to(String id) throws IOException;
    }

    /** One container after the other; the first failure is the last line. */
    private static int each(
            Invocation call,
            StackChange change,
            List<ObservedContainer> containers,
            Optional<String> begun,
            String failed,
            String done,
            Deed deed)
            throws IOException {
        var progress = ComposeProgress.of(call);
        var failures = new ArrayList<String>();
        for (var container : containers) {
            begun.ifPresent(word -> progress.line("Container " + container.name(), word));
            try {
                if (!call.dryRun()) {
                    deed.to(container.id());
                }
                progress.line("Container " + container.name(), done);
            } catch (ContainerException e) {
                progress.line("Container " + container.name(), "Error while " + failed);
                failures.add(String.valueOf(e.getMessage()));
            }
        }
        failures.stream().distinct().forEach(why -> call.say("lockstep: " + why));
        change.tellAgent();
        return failures.isEmpty() ? ExitCodes.OK : ExitCodes.ERROR;
    }

    /** A signal to the first process of each. */
    static final class Kill implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description("Sends a signal to running containers of services (SIGKILL unless another is named).");
            spec.addOption(Options.value("SIGNAL", "Name with or without SIG, or number", "-s", "--signal"));
            spec.addOption(Options.flag("Also those whose service the files do not name", "--remove-orphans"));
            services(spec);
        }

        @Override
        public int run(Invocation call) throws Exception {
            var signal = call.text("--signal").orElse("SIGKILL");
            var stack = Stack.of(call);
            try (var change = StackChange.beginUnlocked(call, stack.name())) {
                var running = stack.containers(change.engine(), call.arguments(), Stack.Which.ALL).stream()
                        .filter(LifecycleCommands::runs)
                        .filter(c -> call.flag("--remove-orphans") || !stack.isOrphan(Stack.service(c)))
                        .toList();
                if (running.isEmpty()) {
                    call.say("no container to kill");
                    return ExitCodes.OK;
                }
                return each(
                        call,
                        change,
                        running,
                        Optional.of("Killing"),
                        "Killing",
                        "Killed",
                        id -> change.engine().containers().kill(id, signal));
            }
        }
    }

    /** Stands still. */
    static final class Pause implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Stops the processes of running containers where they are.");
            services(spec);
        }

        @Override
        public int run(Invocation call) throws Exception {
            var stack = Stack.of(call);
            try (var change = StackChange.beginUnlocked(call, stack.name())) {
                var running = stack.containers(change.engine(), call.arguments(), Stack.Which.OF_SERVICES).stream()
                        .filter(LifecycleCommands::runs)
                        .toList();
                return each(
                        call,
                        change,
                        running,
                        Optional.empty(),
                        "Pausing",
                        "Paused",
                        change.engine().containers()::pause);
            }
        }
    }

    /** Goes on. */
    static final class Unpause implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Lets paused containers go on.");
            services(spec);
        }

        @Override
        public int run(Invocation call) throws Exception {
            var stack = Stack.of(call);
            try (var change = StackChange.beginUnlocked(call, stack.name())) {
                var running = stack.containers(change.engine(), call.arguments(), Stack.Which.OF_SERVICES).stream()
                        .filter(LifecycleCommands::runs)
                        .toList();
                return each(
                        call,
                        change,
                        running,
                        Optional.empty(),
                        "Unpausing",
                        "Unpaused",
                        change.engine().containers()::unpause);
            }
        }
    }

    /** Removes stopped containers. */
    static final class Remove implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Removes stopped containers of services; named volumes stay. Asks first.");
            spec.addOption(Options.flag("Do not ask", "-f", "--force"));
            spec.addOption(Options.flag("Stop those that run first", "-s", "--stop"));
            spec.addOption(Options.flag("Remove their anonymous volumes too: their data is lost", "-v", "--volumes"));
            Options.ignored("-a", "--all").forEach(spec::addOption);
            services(spec);
        }

        @Override
        public int run(Invocation call) throws Exception {
            var stack = Stack.of(call);
            Set<String> named;
            try (var look = StackChange.beginUnlocked(call, stack.name())) {
                var doomed = doomed(call, stack, look.engine());
                if (doomed.isEmpty()) {
                    call.say("No stopped containers");
                    return ExitCodes.OK;
                }
                call.world().out().println(Printable.text("Going to remove " + names(doomed)));
                call.world().out().flush();
                named = doomed.stream().map(ObservedContainer::id).collect(Collectors.toSet());
            }
            // Without the lock: an answer may take as long as it wants, and others change the stack meanwhile.
            if (!agreed(call)) {
                return ExitCodes.OK;
            }
            try (var change = StackChange.beginUnmended(call, stack.name())) {
                var doomed = doomed(call, stack, change.engine()).stream()
                        .filter(c -> named.contains(c.id()))
                        .toList();
                return change.run(
                        ByHand.backwards(
                                doomed,
                                c -> new Operation.RemoveContainer(
                                        c.id(), c.name(), Optional.empty(), call.flag("--volumes"))),
                        Optional.empty());
            }
        }

        private static List<ObservedContainer> doomed(Invocation call, Stack stack, Engine engine)
                throws IOException, CommandException {
            return stack.containers(engine, call.arguments(), Stack.Which.OF_SERVICES).stream()
                    .filter(c -> call.flag("--stop") || !(c.state() instanceof ContainerState.Running))
                    .toList();
        }

        private static String names(List<ObservedContainer> containers) {
            return containers.stream().map(ObservedContainer::name).collect(Collectors.joining(", "));
        }

        /** Without an answer nothing is removed, and that is no error, as with Compose. */
        private static boolean agreed(Invocation call) throws IOException {
            if (call.flag("--force") || call.dryRun()) {
                return true;
            }
            call.world().err().print("Are you sure? [yN] ");
            call.world().err().flush();
            var answer =
                    new BufferedReader(new InputStreamReader(call.world().in(), StandardCharsets.UTF_8)).readLine();
            return answer != null && answer.strip().matches("(?i)y|yes");
        }
    }
}
