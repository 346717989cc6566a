package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.network.NetworkRecord;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeSet;
import picocli.CommandLine.Model.CommandSpec;

/** {@code network}: what can be done with networks. */
final class NetworkCommand implements CommandGroup {
    private final SequencedMap<String, Command> subcommands = new LinkedHashMap<>();

    NetworkCommand() {
        subcommands.put("create", new NetworkCreate());
        subcommands.put("ls", new NetworkList());
        subcommands.put("list", new NetworkList());
        subcommands.put("inspect", new Inspect());
        subcommands.put("connect", new NetworkConnection.Connect());
        subcommands.put("disconnect", new NetworkConnection.Disconnect());
        subcommands.put("rm", new Remove());
        subcommands.put("remove", new Remove());
        subcommands.put("prune", new NetworkPrune());
    }

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Makes, lists and removes networks, and connects containers to them.");
    }

    @Override
    public Map<String, Command> subcommands() {
        return subcommands;
    }

    /** A network by name, id, or the beginning of one. */
    static Optional<NetworkRecord> find(Engine engine, String word) throws IOException, CommandException {
        var all = engine.networks().list();
        for (var network : all) {
            if (network.name().equals(word) || network.id().equals(word)) {
                return Optional.of(network);
            }
        }
        var begun = word.isEmpty()
                ? List.<NetworkRecord>of()
                : all.stream().filter(n -> n.id().startsWith(word)).toList();
        if (begun.size() > 1) {
            throw new CommandException("network " + word + " is ambiguous: " + begun.size() + " ids begin so");
        }
        return begun.stream().findFirst();
    }

    static NetworkRecord named(Engine engine, String word) throws IOException, CommandException {
        return find(engine, word).orElseThrow(() -> new CommandException(missing(word)));
    }

    private static String missing(String word) {
        return "network " + word + " not found";
    }

    private static final class Inspect implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Shows everything about networks as JSON.");
            Inspection.describe(spec, "{{.Driver}}");
            spec.addOption(Options.flag("The same: nothing is left out without it", "-v", "--verbose"));
            spec.addPositional(Options.arguments("NETWORK...", "1..*", "Names or ids"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            try (var engine = EngineDoor.of(call).openForReading()) {
                return new Inspection<NetworkRecord>(NetworkCommand::find, Inspect::write, NetworkCommand::missing)
                        .run(call, engine);
            }
        }

        private static void write(JsonGenerator json, Engine engine, NetworkRecord network) throws IOException {
            new NetworkDocument(json, engine).write(network);
        }
    }

    private static final class Remove implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description("Removes networks. One that a container is on, be it a stopped one, is refused.");
            spec.addOption(Options.flag("No error when there is no such network", "-f", "--force"));
            spec.addPositional(Options.arguments("NETWORK...", "1..*", "Names or ids"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var code = ExitCodes.OK;
            var stacks = new TreeSet<String>();
            var door = EngineDoor.of(call);
            try (var engine = door.open()) {
                for (var word : call.arguments()) {
                    try {
                        var network = find(engine, word);
                        if (network.isEmpty()) {
                            if (!call.flag("--force")) {
                                call.say("lockstep: " + missing(word));
                                code = ExitCodes.ERROR;
                            }
                            continue;
                        }
                        engine.uses().removeNetwork(network.get().name());
                        call.world().out().println(word);
                        stacks.add(network.get().spec().owner().stack());
                    } catch (IOException e) {
                        call.say("lockstep: " + Sentences.of(e));
                        code = ExitCodes.ERROR;
                    }
                }
                call.world().out().flush();
                for (var stack : stacks) {
                    StackChange.tellAgent(call, door, engine, stack);
                }
            }
            return code;
        }
    }
}
