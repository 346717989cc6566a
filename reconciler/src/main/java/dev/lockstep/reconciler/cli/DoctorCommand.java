package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.reconciler.deploy.KeyRing;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.HostTools;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/** {@code doctor}: what is here, what is missing, and which command brings it. */
final class DoctorCommand implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description("Checks that this host has what Lockstep needs. Exits with 1 if something is missing.");
        spec.addOption(Options.value("FORMAT", "text or json", "-o", "--output"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var format = call.choice("--output", "text", List.of("text", "json"));
        var checks = new ArrayList<>(new HostChecks(HostTools.ofThisProcess(), Distribution.ofThisHost()).all());
        checks.addAll(installation(call));
        if (format.equals("json")) {
            call.world().out().print(JsonText.document(json -> write(json, checks)));
        } else {
            checks.forEach(check -> call.world()
                    .out()
                    .println("%-8s %-16s %s"
                            .formatted(check.verdict().word(), check.what(), Printable.text(check.found()))));
        }
        var missing = checks.stream()
                .filter(c -> c.verdict() == HostCheck.Verdict.MISSING)
                .map(HostCheck::what)
                .toList();
        if (format.equals("text")) {
            call.say(
                    missing.isEmpty()
                            ? "This host has what Lockstep needs."
                            : "Missing: " + String.join(", ", missing) + ".");
        }
        return missing.isEmpty() ? ExitCodes.OK : ExitCodes.ERROR;
    }

    /** What only root can see of this installation. */
    private static List<HostCheck> installation(Invocation call) throws IOException, CommandException {
        var globals = call.globals();
        if (!call.world().privileged()) {
            return List.of(HostCheck.note("root", "not root: networks, state and the agent were not looked at"));
        }
        var checks = new ArrayList<HostCheck>();
        var door = EngineDoor.of(call);
        checks.add(HostCheck.ok("host", door.host()));
        KeyRing.problems(door.settings().images().keys())
                .forEach(problem -> checks.add(HostCheck.missing("image keys", problem.toString())));
        if (!door.hasRoot()) {
            checks.add(HostCheck.note("root", globals.root() + " does not exist yet; the first apply makes it"));
            return checks;
        }
        try (var engine = door.open()) {
            checks.add(HostCheck.ok(
                    "root", globals.root() + ", id " + engine.root().id()));
            checks.add(
                    EngineDoor.agentRuns(engine.root())
                            ? HostCheck.ok("agent", "runs")
                            : HostCheck.note("agent", "does not run on this root"));
            try {
                checks.add(
                        HostCheck.ok("starts with", engine.runtime().program().toString()));
            } catch (IOException e) {
                checks.add(HostCheck.missing("starts with", Sentences.of(e)));
            }
            try {
                var changes = engine.networks().hostChanges();
                changes.made().forEach(c -> checks.add(HostCheck.note("changed", c)));
                changes.wanted().forEach(c -> checks.add(HostCheck.missing("firewall", c)));
                changes.overlaps().forEach(c -> checks.add(HostCheck.missing("addresses", c)));
                changes.listeners().forEach(c -> checks.add(HostCheck.note("ports", c)));
            } catch (IOException e) {
                checks.add(HostCheck.missing("networks", Sentences.of(e)));
            }
        }
        return checks;
    }

    private static void write(JsonGenerator json, List<HostCheck> checks) throws IOException {
        json.writeStartObject();
        json.writeStringField("format", "lockstep.doctor/1");
        json.writeArrayFieldStart("checks");
        for (var check : checks) {
            json.writeStartObject();
            json.writeStringField("verdict", check.verdict().word());
            json.writeStringField("what", check.what());
            json.writeStringField("found", check.found());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }
}
