package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.agent.AgentStatus;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.prune.PruneRecords;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import picocli.CommandLine.Model.CommandSpec;

/** {@code status}: what each stack should be, what became of it, and whether an agent is there. */
final class StatusCommand implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Shows what each stack of this host should be and what became of it.");
        spec.addOption(Options.value("FORMAT", "text or json", "-o", "--output"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.choice("--output", "text", List.of("text", "json"));
        var door = EngineDoor.of(call);
        HostStatus status;
        try (var engine = door.openForReading()) {
            status = read(call, door.host(), engine);
        }
        call.world()
                .out()
                .print(
                        format.equals("json")
                                ? JsonText.document(status::write)
                                : status.text(call.world().clock().instant()));
        return ExitCodes.OK;
    }

    private static HostStatus read(Invocation call, String host, Engine engine) throws IOException {
        var only = call.globals().projectName();
        var stacks = new TreeMap<String, HostStatus.Stack>();
        for (var status : new StatusFiles(engine.root()).all()) {
            stacks.put(status.stack(), new HostStatus.Stack(status.stack(), Optional.of(status), 0, 0));
        }
        for (var container : engine.containers().observe()) {
            var name = container.record().spec().owner().stack();
            stacks.merge(
                    name,
                    new HostStatus.Stack(name, Optional.empty(), 1, container.isRunning() ? 1 : 0),
                    HostStatus.Stack::plus);
        }
        var shown = stacks.values().stream()
                .filter(s -> only.isEmpty() || only.get().equals(s.name()))
                .toList();
        DamagedContainers.tell(call, engine);
        var agent = AgentStatus.read(engine.root());
        return new HostStatus(
                agent.map(AgentStatus::host).orElse(host),
                EngineDoor.agentRuns(engine.root()),
                agent.map(AgentStatus::repositories).orElse(List.of()),
                new PruneRecords(engine.root()).all().stream().reduce((_, later) -> later),
                shown);
    }
}
