package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.agent.Agent;
import dev.lockstep.reconciler.agent.AgentLock;
import dev.lockstep.reconciler.agent.Once;
import dev.lockstep.reconciler.git.FollowedRef;
import dev.lockstep.reconciler.git.Remote;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.spec.settings.AgentSettings;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import picocli.CommandLine.Model.CommandSpec;

/** {@code agent}: settings from the host's file or from options, then the agent until somebody ends it. */
final class AgentCommand implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Follows the repositories of " + HostSettings.FILE + " and keeps this host in step with them.",
                        "Exit codes of --once: 0 converged, 1 error, 3 applied but unhealthy, 4 rolled back, 5 refused.");
        spec.addOption(Options.flag("Look once, apply, and end", "--once"));
        spec.addOption(Options.flag("With --once: show the plans and change nothing", "--dry-run"));
        spec.addOption(Options.flag(
                "With --once: also outside of the windows in which stacks may be changed; it is written down",
                "--now"));
        spec.addOption(Options.flag("With --once: try again also a revision that was left", "--retry"));
        spec.addOption(
                Options.value("COMMIT", "With --once: follow a ref to this commit that it was moved to", "--moved"));
        spec.addOption(Options.value("FILE", "Instead of " + HostSettings.FILE, "--config"));
        spec.addOption(Options.value("URL", "Follow this repository instead of those in the file", "--repository"));
        spec.addOption(Options.value("REF", "Branch or tag of --repository (default: main)", "--ref"));
        spec.addOption(Options.value("DIR", "Directory of --repository to look in", "--path"));
        spec.addOption(Options.value("NAME", "Name of this host", "--host"));
        spec.addOption(Options.value("TIME", "Time between two looks at the repositories (default 60)", "--interval"));
        spec.addOption(Options.value("TIME", "Time between two checks of what runs (default 60)", "--drift-interval"));
        spec.addOption(Options.flag("Print a unit for systemd and end", "--print-unit"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        if (call.flag("--print-unit")) {
            call.world().out().print(SystemdUnit.of(call));
            return ExitCodes.OK;
        }
        if (call.dryRun() && !call.flag("--once")) {
            throw new CommandException("--dry-run goes with --once: an agent that follows is there to change things");
        }
        var asked = asked(call);
        var first = followed(call);
        var over = new CompletableFuture<Integer>();
        var running = new AgentRuns();
        Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> end(running, over)));
        try {
            over.complete(call.flag("--once") ? once(call, asked, first, running) : follow(call, first, running));
        } catch (AgentLock.TakenException e) {
            throw new CommandException(String.valueOf(e.getMessage()), ExitCodes.REFUSED);
        } finally {
            call.world().out().flush();
            over.complete(ExitCodes.ERROR); // unless there is a better word
        }
        return over.join();
    }

    private static Once asked(Invocation call) throws CommandException {
        for (var word : List.of("--now", "--retry", "--moved")) {
            if (call.flag(word) && !call.flag("--once")) {
                throw new CommandException(
                        word + " goes with --once; of an agent that runs 'lockstep sync " + word + "' asks it");
            }
            if (call.flag(word) && call.dryRun()) {
                throw new CommandException(word + " does not go with --dry-run, which changes nothing");
            }
        }
        var moved = call.text("--moved");
        return new Once(
                moved.isPresent() ? Optional.of(SyncCommand.commit(moved.get())) : Optional.empty(),
                call.flag("--retry"),
                call.flag("--now"));
    }

    private static int once(Invocation call, Once asked, AgentSettings settings, AgentRuns running) throws Exception {
        try (var engine = door(call, settings).open()) {
            var agent = agent(call, engine, settings);
            running.begin(agent::stop);
            return call.dryRun() ? agent.show() : agent.run(asked);
        }
    }

    private static int follow(Invocation call, AgentSettings first, AgentRuns running) throws Exception {
        try (var _ = SettingsWatch.start(
                file(call), () -> followed(call), first, running::change, line -> say(call, line))) {
            return running.follow(
                    first,
                    settings -> {
                        try (var engine = door(call, settings).open()) {
                            var agent = agent(call, engine, settings);
                            running.begin(agent::stop);
                            return agent.run();
                        }
                    },
                    line -> say(call, line));
        }
    }

    private static EngineDoor door(Invocation call, AgentSettings settings) throws IOException, CommandException {
        HostSettings.tellKeys(call, settings);
        return EngineDoor.of(call, settings, HostSettings.name(settings));
    }

    private static Agent agent(Invocation call, Engine engine, AgentSettings settings) throws IOException {
        return new Agent(
                engine,
                settings,
                HostSettings.name(settings),
                HostSettings.stacks(call.world().environment()),
                call.world().launcher(),
                line -> say(call, line));
    }

    /** Where the settings stand, which need not be there. */
    private static Path file(Invocation call) {
        return call.text("--config")
                .map(f -> call.world().directory().resolve(f))
                .orElseGet(() -> HostSettings.file(call.world().environment()));
    }

    private static AgentSettings followed(Invocation call) throws Exception {
        var settings = settings(call);
        if (settings.repositories().isEmpty()) {
            throw new CommandException("there is no repository to follow: write one into "
                    + call.text("--config").orElse(HostSettings.FILE.toString())
                    + ", or name one with --repository URL");
        }
        return checked(call, settings);
    }

    /**
     * Tells all that an agent would fail on that had these settings, before the one that runs ends for it.
     *
     * @throws CommandException with a sentence for each
     */
    private static AgentSettings checked(Invocation call, AgentSettings settings) throws CommandException {
        var wrong = new ArrayList<String>();
        for (var repository : settings.repositories()) {
            try {
                var _ = Remote.parse(repository.url());
                repository.ref().ifPresent(FollowedRef::new);
            } catch (IllegalArgumentException e) {
                wrong.add(Sentences.of(e));
            }
        }
        try {
            var _ = EngineDoor.of(call, settings, HostSettings.name(settings)).options();
        } catch (IOException | IllegalArgumentException e) {
            wrong.add(Sentences.of(e));
        }
        if (!wrong.isEmpty()) {
            throw new CommandException(String.join("; ", wrong));
        }
        return settings;
    }

    /** SIGTERM and SIGINT: the process ends when this returns. */
    private static void end(AgentRuns running, Future<Integer> over) {
        var byItself = over.isDone();
        running.end();
        try {
            var code = over.get();
            if (!byItself) {
                // Whoever asked an agent to end got what was asked for; 143 would look like a crash.
                Runtime.getRuntime().halt(code);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException("only completed with codes", e);
        }
    }

    /** Several threads talk. */
    private static void say(Invocation call, String line) {
        synchronized (call.world().out()) {
            line.lines().forEach(l -> call.world().out().println(Printable.text(l)));
            call.world().out().flush();
        }
    }

    static AgentSettings settings(Invocation call) throws Exception {
        var file = call.text("--config").map(f -> call.world().directory().resolve(f));
        var written = file.isPresent() ? ofFile(call, file.get()) : HostSettings.read(call);
        var url = call.text("--repository");
        if (url.isEmpty() && (call.flag("--ref") || call.flag("--path"))) {
            throw new CommandException("--ref and --path belong to --repository URL");
        }
        var repositories = url.isPresent()
                ? List.of(new AgentSettings.Repository(url(call, url.get()), call.text("--ref"), call.text("--path")))
                : written.repositories().stream().map(r -> local(call, r)).toList();
        return new AgentSettings(
                call.text("--host").or(written::host),
                written.labels(),
                new ArrayList<>(repositories),
                call.duration("--interval").orElse(written.interval()),
                call.duration("--drift-interval").orElse(written.driftInterval()),
                written.foreignFirewall(),
                written.housekeeping(),
                written.registries(),
                written.images(),
                written.policy(),
                written.proxy(),
                written.unpackLimits(),
                written.userNamespaces(),
                written.builds());
    }

    private static AgentSettings ofFile(Invocation call, Path file) throws Exception {
        try {
            return HostSettings.read(call, file);
        } catch (NoSuchFileException e) {
            throw new CommandException(file + ": no such file; --config names the agent's settings");
        }
    }

    private static AgentSettings.Repository local(Invocation call, AgentSettings.Repository repository) {
        return repository.at(
                url(call, repository.url()),
                repository.formerly().stream().map(url -> url(call, url)).toList());
    }

    /** A path as the user sees it; a service has another working directory. */
    private static String url(Invocation call, String url) {
        return url.startsWith("./") || url.startsWith("../") || url.equals(".")
                ? call.world().directory().resolve(url).normalize().toString()
                : url;
    }
}
