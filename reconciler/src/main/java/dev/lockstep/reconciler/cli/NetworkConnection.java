package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerException;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.NamespaceMode;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.EndpointOptions;
import dev.lockstep.runtime.network.IpAddress;
import dev.lockstep.runtime.network.LeaseKey;
import dev.lockstep.runtime.network.NetworkRecord;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;

/**
 * {@code network connect} and {@code disconnect}: a running container gets and loses networks while it runs; of a
 * stopped one it is written down. What was done to a container of a stack, the next plan shows and undoes.
 */
final class NetworkConnection {
    private NetworkConnection() {}

    /** Puts a container on a network. */
    static final class Connect implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description("Connects a container to a network, at once where it runs. A stack's container is"
                            + " taken off it again by the next 'apply', unless the stack's files name the network.");
            spec.addOption(Options.values("NAME", "Another name of it in the network", "--alias"));
            spec.addOption(Options.values(
                    "KEY=VALUE",
                    "com.docker.network.endpoint.ifname or com.docker.network.endpoint.sysctls",
                    "--driver-opt"));
            spec.addOption(Options.value("N", "The network with the highest is the way out", "--gw-priority"));
            spec.addOption(Options.value("ADDRESS", "Its IPv4 address", "--ip"));
            spec.addOption(Options.value("ADDRESS", "Its IPv6 address", "--ip6"));
            spec.addOption(Options.values(
                    "CONTAINER[:NAME]", "Another container of the network under a name of its own", "--link"));
            spec.addOption(Options.values("ADDRESS", "A further address, of 169.254.0.0/16", "--link-local-ip"));
            spec.addPositional(Options.arguments("NETWORK CONTAINER", "2", "Names or ids"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            return change(call, (container, now, network) -> connected(call, container, now, network));
        }

        private static List<AttachmentSpec> connected(
                Invocation call, ObservedContainer container, ContainerSpec now, NetworkRecord network)
                throws CommandException {
            var mode = now.options().isolation().namespaces().network();
            if (mode.filter(m -> m instanceof NamespaceMode.Host || m instanceof NamespaceMode.Of)
                    .isPresent()) {
                throw new CommandException("container " + container.name()
                        + " has the network of its host or of another container; it cannot be connected to any other");
            }
            var networks = new ArrayList<>(now.networks());
            var before = networks.stream()
                    .filter(n -> n.network().equals(network.name()))
                    .findFirst();
            if (before.isPresent() && container.isRunning()) {
                throw new CommandException(
                        "container " + container.name() + " is on network " + network.name() + " already");
            }
            before.ifPresent(networks::remove);
            networks.add(attachment(call, network));
            return networks;
        }

        private static AttachmentSpec attachment(Invocation call, NetworkRecord network) throws CommandException {
            try {
                var options = new EndpointOptions(
                                Optional.empty(),
                                priority(call),
                                Optional.empty(),
                                call.texts("--link-local-ip"),
                                Map.of(),
                                links(call),
                                true)
                        .with(Labels.of(call.texts("--driver-opt")));
                var attachment = new AttachmentSpec(network.name(), call.texts("--alias"), addresses(call), 0, options);
                attachment.checkNames();
                return attachment;
            } catch (IllegalArgumentException e) {
                throw new CommandException(String.valueOf(e.getMessage()));
            }
        }

        private static List<IpAddress> addresses(Invocation call) throws CommandException {
            var addresses = new ArrayList<IpAddress>();
            for (var option : List.of("--ip", "--ip6")) {
                var text = call.text(option);
                if (text.isPresent()) {
                    var address = IpAddress.parse(text.get());
                    if (address.isIpv6() != option.equals("--ip6")) {
                        throw new CommandException(option + " takes an IPv" + (option.equals("--ip6") ? "6" : "4")
                                + " address, not \"" + Printable.text(text.get()) + "\"");
                    }
                    addresses.add(address);
                }
            }
            return addresses;
        }

        private static int priority(Invocation call) throws CommandException {
            return call.number("--gw-priority", Integer.MIN_VALUE).orElse(0);
        }

        private static List<EndpointOptions.Link> links(Invocation call) throws CommandException {
            var links = new ArrayList<EndpointOptions.Link>();
            for (var text : call.texts("--link")) {
                var words = text.split(":", -1);
                if (words.length > 2 || words[0].isEmpty() || words[words.length - 1].isEmpty()) {
                    throw new CommandException(
                            "--link takes CONTAINER or CONTAINER:NAME, not \"" + Printable.text(text) + "\"");
                }
                links.add(new EndpointOptions.Link(words[0], words[words.length - 1]));
            }
            return links;
        }
    }

    /** Takes a container off a network. */
    static final class Disconnect implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description("Takes a container off a network, at once where it runs. A stack's container is put"
                            + " back by the next 'apply', where the stack's files name the network.");
            spec.addOption(Options.flag("The same: nothing stands in the way of it", "-f", "--force"));
            spec.addPositional(Options.arguments("NETWORK CONTAINER", "2", "Names or ids"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            return change(call, (container, now, network) -> {
                var networks = new ArrayList<>(now.networks());
                if (!networks.removeIf(n -> n.network().equals(network.name()))) {
                    throw new CommandException(
                            "container " + container.name() + " is not on network " + network.name());
                }
                return networks;
            });
        }
    }

    /** On which networks the container is to be. */
    private interface Change {
        List<AttachmentSpec> networks(ObservedContainer container, ContainerSpec now, NetworkRecord network)
                throws CommandException;
    }

    private static int change(Invocation call, Change change) throws Exception {
        var door = EngineDoor.of(call);
        try (var engine = door.open()) {
            var network = NetworkCommand.named(engine, call.arguments().getFirst());
            var container = By.named(engine, call.arguments().getLast());
            var key = container.record().leaseKey();
            try {
                engine.containers().<CommandException>update(container.id(), now -> {
                    var after = now.withNetworks(change.networks(container, now, network));
                    check(engine, key, after, network);
                    return after;
                });
            } catch (ContainerException | IllegalArgumentException e) {
                throw new CommandException(String.valueOf(e.getMessage()));
            }
            forget(engine, container.id(), key, network);
            StackChange.tellAgent(
                    call, door, engine, container.record().spec().owner().stack());
        }
        return ExitCodes.OK;
    }

    /** Of a stopped container, too, before it is written down what could never be had. */
    private static void check(Engine engine, LeaseKey key, ContainerSpec spec, NetworkRecord network)
            throws IOException {
        for (var attachment : spec.networks()) {
            if (attachment.network().equals(network.name())) {
                engine.networks().check(key, attachment);
            }
        }
    }

    /** An address that nobody will ask for again is free for others. */
    private static void forget(Engine engine, String id, LeaseKey key, NetworkRecord network) throws IOException {
        var container = engine.containers().observe(id);
        if (container.isPresent()
                && container.get().record().spec().networks().stream()
                        .noneMatch(n -> n.network().equals(network.name()))) {
            engine.networks().release(network.name(), key);
        }
    }
}
