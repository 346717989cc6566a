package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.agent.Agent;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.spec.settings.AgentSettings;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
                        "Exit codes of --once: 0 converged, 1 error, 3 applied but unhealthy, 5 refused.");
        spec.addOption(Options.flag("Look once, apply, and end", "--once"));
        spec.addOption(Options.flag("With --once: show the plans and change nothing", "--dry-run"));
        spec.addOption(Options.value("FILE", "Instead of " + HostSettings.FILE, "--config"));
        spec.addOption(Options.value("URL", "Follow this repository instead of those in the file", "--repository"));
        spec.addOption(Options.value("REF", "Branch or tag of --repository (default: the remote's HEAD)", "--ref"));
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
        var settings = settings(call);
        if (settings.repositories().isEmpty()) {
            throw new CommandException("there is no repository to follow: write one into "
                    + call.text("--config").orElse(HostSettings.FILE.toString())
                    + ", or name one with --repository URL");
        }
        HostSettings.tellKeys(call, settings);
        var host = HostSettings.name(settings);
        var door = EngineDoor.of(call, settings, host);
        var over = new CompletableFuture<Integer>();
        try (var engine = door.open()) {
            var agent = new Agent(
                    engine, settings, host, HostSettings.stacks(call.world().environment()), line -> say(call, line));
            Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> end(agent, over)));
            over.complete(call.dryRun() ? agent.show() : agent.run(call.flag("--once")));
        } finally {
            call.world().out().flush();
            over.complete(ExitCodes.ERROR); // unless there is a better word
        }
        return over.join();
    }

    /** SIGTERM and SIGINT: the process ends when this returns. */
    private static void end(Agent agent, Future<Integer> over) {
        var byItself = over.isDone();
        agent.stop();
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
                written.proxy(),
                written.unpackLimits(),
                written.userNamespaces());
    }

    private static AgentSettings ofFile(Invocation call, Path file) throws Exception {
        try {
            return HostSettings.read(call, file);
        } catch (NoSuchFileException e) {
            throw new CommandException(file + ": no such file; --config names the agent's settings");
        }
    }

    private static AgentSettings.Repository local(Invocation call, AgentSettings.Repository repository) {
        return new AgentSettings.Repository(url(call, repository.url()), repository.ref(), repository.path());
    }

    /** A path as the user sees it; a service has another working directory. */
    private static String url(Invocation call, String url) {
        return url.startsWith("./") || url.startsWith("../") || url.equals(".")
                ? call.world().directory().resolve(url).normalize().toString()
                : url;
    }
}
