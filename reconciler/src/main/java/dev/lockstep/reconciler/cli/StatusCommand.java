package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.agent.AgentStatus;
import dev.lockstep.reconciler.agent.Cron;
import dev.lockstep.reconciler.agent.FollowedRemotes;
import dev.lockstep.reconciler.agent.StatusReport;
import dev.lockstep.reconciler.builds.BuildRecords;
import dev.lockstep.reconciler.decision.Decisions;
import dev.lockstep.reconciler.desired.JobLabel;
import dev.lockstep.reconciler.git.Remote;
import dev.lockstep.reconciler.history.JobRuns;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.HealthState;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.prune.PruneRecords;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import picocli.CommandLine.Model.CommandSpec;

/** {@code status}: what each stack should be, what became of it, and whether an agent is there. */
final class StatusCommand implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Shows what each stack of this host should be and what became of it.");
        spec.addOption(Options.value("FORMAT", "text or json", "-o", "--output"));
        spec.addOption(Options.value("URL", "What the hosts that follow it have reported there", "--repository"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.choice("--output", "text", List.of("text", "json"));
        var door = EngineDoor.of(call);
        var repository = call.text("--repository");
        if (repository.isPresent()) {
            return reported(call, door, repository.get(), format);
        }
        HostStatus status;
        Map<String, String> unreported;
        try (var engine = door.openForReading()) {
            status = read(call, door.host(), engine);
            unreported = StatusReport.failures(engine.root());
        }
        call.world()
                .out()
                .print(
                        format.equals("json")
                                ? JsonText.document(status::write)
                                : status.text(call.world().clock().instant()));
        unreported.forEach((_, why) -> call.say(Printable.text(why) + "."));
        return ExitCodes.OK;
    }

    private static int reported(Invocation call, EngineDoor door, String url, String format)
            throws IOException, CommandException {
        Remote remote;
        try {
            remote = Remote.parse(url);
        } catch (IllegalArgumentException e) {
            throw new CommandException(Sentences.of(e));
        }
        try (var engine = door.open();
                var source = FollowedRemotes.of(engine, HostSettings.read(call).repositories(), remote)
                        .open(remote)) {
            var status = new ReportedStatus(source.reported());
            if (status.hosts().isEmpty()) {
                call.say("No host has reported to " + remote + "; report: true in their agent.yaml makes them.");
            } else {
                call.world().out().print(format.equals("json") ? status.json() : status.text());
            }
            return ExitCodes.OK;
        }
    }

    private static HostStatus read(Invocation call, String host, Engine engine) throws IOException {
        var only = call.globals().projectName();
        var decisions = new Decisions(engine.root());
        var stacks = new TreeMap<String, HostStatus.Stack>();
        for (var status : new StatusFiles(engine.root()).all()) {
            stacks.put(
                    status.stack(),
                    new HostStatus.Stack(
                            status.stack(),
                            Optional.of(status),
                            0,
                            0,
                            List.of(),
                            decisions.ofStack(status.stack()),
                            decisions.held(status.stack()),
                            List.of(),
                            Map.of()));
        }
        for (var container : engine.containers().observe()) {
            var spec = container.record().spec();
            var name = spec.owner().stack();
            var job = job(engine, container, call.world().clock().instant());
            stacks.merge(
                    name,
                    new HostStatus.Stack(
                            name,
                            Optional.empty(),
                            job.isPresent() && !container.isRunning() ? 0 : 1,
                            container.isRunning() ? 1 : 0,
                            container.health().map(HealthState::status).stream().toList(),
                            Optional.empty(),
                            Optional.empty(),
                            job.stream().toList(),
                            Map.of(spec.image().familiar(), spec.digest())),
                    HostStatus.Stack::plus);
        }
        var shown = stacks.values().stream()
                .filter(s -> only.isEmpty() || only.get().equals(s.name()))
                .toList();
        DamagedContainers.tell(call, engine);
        for (var listener : engine.networks().listeners()) {
            call.say("Warning: " + Printable.text(listener) + ".");
        }
        for (var unusable : new StatusFiles(engine.root()).unusable()) {
            call.say("Warning: " + Printable.text(unusable.sentence()) + ".");
        }
        var agent = AgentStatus.read(engine.root());
        return new HostStatus(
                agent.map(AgentStatus::host).orElse(host),
                EngineDoor.agentRuns(engine.root()),
                // Also where none seems to run: that its lock is not to be found may be the problem.
                agent.map(AgentStatus::problems).orElse(List.of()),
                decisions.ofHost(),
                agent.map(AgentStatus::repositories).orElse(List.of()),
                new PruneRecords(engine.root()).all().stream().reduce((_, later) -> later),
                shown,
                HostStatus.open(new BuildRecords(engine.root()).all()));
    }

    private static Optional<HostStatus.Job> job(Engine engine, ObservedContainer container, Instant now)
            throws IOException {
        var spec = container.record().spec();
        var schedule = JobLabel.schedule(spec.labels())
                .filter(_ -> !spec.owner().stack().isEmpty());
        return schedule.isEmpty()
                ? Optional.empty()
                : Optional.of(new HostStatus.Job(
                        spec.service(),
                        Optional.ofNullable(new JobRuns(engine.root())
                                .of(spec.owner().stack())
                                .get(spec.service())),
                        Cron.of(schedule.get().cron(), schedule.get().zone()).after(now)));
    }
}
