package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.container.DetachKeys;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/** {@code attach}: a person at the streams of a running container. */
final class AttachCommand implements Command {
    private final By by;

    AttachCommand(By by) {
        this.by = by;
    }

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Connects this terminal to what a container reads and writes, until it ends.",
                        "Ends with its exit code; with 0 when ctrl-p,ctrl-q is typed and it runs on.");
        spec.addOption(
                Options.value("KEYS", "What is typed to leave it running (default ctrl-p,ctrl-q)", "--detach-keys"));
        spec.addOption(Options.flag("Nothing that is typed goes in", "--no-stdin"));
        Options.switchedOn("Pass signals on to it (default; =false does not)", "--sig-proxy")
                .forEach(spec::addOption);
        spec.addOption(Options.dryRun());
        if (by == By.SERVICE) {
            spec.addOption(Options.value("N", "Container of the service (default: the first that runs)", "--index"));
        }
        spec.addPositional(Options.arguments(by == By.SERVICE ? "SERVICE" : "CONTAINER", "1", "Which"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var index = by == By.SERVICE ? call.number("--index", 1) : Optional.<Integer>empty();
        var keys = Foreground.keys(call);
        var proxied = !call.off("--sig-proxy");
        var running = by.of(call);
        try (var engine = EngineDoor.of(call).open()) {
            var container = running.find(engine, call.arguments().getFirst(), index);
            if (call.dryRun()) {
                ComposeProgress.of(call).line("Container " + container.name(), "Would be attached to");
                return ExitCodes.OK;
            }
            var how = engine.containers()
                    .streams(container.id())
                    .orElseThrow(() -> new CommandException("container " + container.name() + " has just ended"));
            var raw = how.terminal()
                    && call.world().terminals().in()
                    && call.world().terminals().out();
            if (proxied && !raw) {
                Passing.signals(engine, container.id());
            }
            try (var streams = PersonStreams.of(call, raw, raw ? keys : DetachKeys.NONE)) {
                var code = engine.containers()
                        .attach(container.id(), how.input() && !call.flag("--no-stdin"), streams.streams());
                return code.orElse(ExitCodes.OK);
            }
        }
    }
}
