package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ObservedContainer;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.Executors;
import picocli.CommandLine.Model.CommandSpec;

/** {@code wait}: until running containers of services have ended; ends with the exit code of the last of them. */
final class WaitCommand implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Waits until the running containers of services have ended, and tells their exit codes.",
                        "Ends with that of the one that ended last; with --down-project of the first.");
        spec.addOption(Options.flag("Take the stack down when the first has ended", "--down-project"));
        spec.addOption(Options.dryRun());
        spec.addPositional(Options.arguments("SERVICE...", "1..*", "Services"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var down = call.flag("--down-project");
        var stack = Stack.of(call);
        int code;
        var door = EngineDoor.of(call);
        try (var engine = door.openForReading()) {
            var running = stack.containers(engine, call.arguments(), Stack.Which.OF_SERVICES).stream()
                    .filter(ObservedContainer::isRunning)
                    .toList();
            if (running.isEmpty()) {
                throw new CommandException("no containers for project \"" + stack.name() + "\" are running");
            }
            if (call.dryRun()) {
                running.forEach(c -> ComposeProgress.of(call).line("Container " + c.name(), "Would be waited for"));
                return ExitCodes.OK;
            }
            code = await(call, engine, running, down);
        }
        if (down) {
            DownCommand.down(
                    call,
                    door,
                    new ProjectFiles(call),
                    stack.name(),
                    Optional.empty(),
                    ApplyCommand.LOCK_TIMEOUT,
                    Optional.empty());
        }
        return code;
    }

    private static int await(Invocation call, Engine engine, List<ObservedContainer> running, boolean first)
            throws IOException, InterruptedException {
        // Waiting blocks in native calls: no virtual threads; nobody waits for those that are not needed any more.
        var threads = Executors.newCachedThreadPool(Thread.ofPlatform().daemon().factory());
        var ends = new ExecutorCompletionService<String>(threads);
        for (var container : running) {
            ends.submit(() -> container.id() + " " + engine.containers().await(container.id()));
        }
        var code = 0;
        for (var i = 0; i < (first ? 1 : running.size()); i++) {
            try {
                var end = ends.take().get().split(" ", -1);
                code = Integer.parseInt(end[1]);
                call.world().out().println("container \"" + end[0] + "\" exited with status code " + code);
                call.world().out().flush();
            } catch (ExecutionException e) {
                throw new IOException(Sentences.of(e), e);
            }
        }
        threads.shutdownNow();
        return code;
    }
}
