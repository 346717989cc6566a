package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.network.PublishedPort;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;

/** {@code port}: where a port of a service is published. */
final class PortCommand implements Command {
    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description(
                        "Prints the address on which a port of a running service is published; :0 for one that its image"
                                + " exposes and nobody publishes.");
        spec.addOption(Options.value("N", "Container of the service (default: the first that runs)", "--index"));
        spec.addOption(Options.value("PROTOCOL", "tcp or udp (default tcp)", "--protocol"));
        spec.addPositional(Options.arguments("SERVICE PORT", "2", "Service, and the port inside"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var index = call.number("--index", 1);
        var protocol = call.text("--protocol").orElse("tcp").toLowerCase(Locale.ROOT);
        var text = call.arguments().get(1);
        if (!text.matches("\\d{1,5}")) {
            throw new CommandException("\"" + text + "\" is no port");
        }
        var stack = Stack.of(call);
        try (var engine = EngineDoor.of(call).openForReading()) {
            var container = stack.running(engine, call.arguments().getFirst(), index);
            var ports = new ShownPorts(ShownPorts.places(container), new Exposed(engine).of(container));
            call.world()
                    .out()
                    .println(ports.place(Integer.parseInt(text), protocol)
                            .orElseThrow(() -> new CommandException("no port " + text + "/" + protocol
                                    + " for container " + container.name()
                                    + published(ShownPorts.places(container)))));
            return ExitCodes.OK;
        }
    }

    private static String published(List<PublishedPort> ports) {
        return ports.isEmpty()
                ? "; it publishes none"
                : ": " + ports.stream().map(PublishedPort::toString).collect(Collectors.joining(", "));
    }
}
