package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.network.Cidr;
import dev.lockstep.runtime.network.IpAddress;
import dev.lockstep.runtime.network.NetworkSpec;
import dev.lockstep.runtime.network.SubnetSpec;
import dev.lockstep.runtime.store.Owner;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;

/** {@code network create}: a network of no stack, for stacks that call it external and for single containers. */
final class NetworkCreate implements Command {
    /** Words that stand for something else where a network is named. */
    private static final List<String> TAKEN = List.of("host", "none", "default", "bridge");

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Makes a network, and prints its id.");
        spec.addOption(Options.flag("No effect: containers may always be connected by hand", "--attachable"));
        spec.addOption(Options.values("NAME=ADDRESS", "An address that no container gets", "--aux-address"));
        spec.addOption(Options.value("DRIVER", "bridge (default), macvlan or ipvlan", "-d", "--driver"));
        spec.addOption(Options.values("ADDRESS", "Of the bridge; needs --subnet", "--gateway"));
        spec.addOption(Options.flag("No traffic between it and the outside", "--internal"));
        spec.addOption(Options.values("CIDR", "Where addresses come from; needs --subnet", "--ip-range"));
        spec.addOption(Options.value("DRIVER", "default", "--ipam-driver"));
        spec.addOption(Options.values("KEY[=VALUE]", "Label of the network; several may be given", "--label"));
        spec.addOption(Options.values("KEY=VALUE", "Option of the driver; several may be given", "-o", "--opt"));
        spec.addOption(Options.value("SCOPE", "local", "--scope"));
        spec.addOption(Options.values("CIDR", "Its range of addresses", "--subnet"));
        spec.addOption(Options.refusedValue("addresses are given out here, by no driver with options", "--ipam-opt"));
        spec.addOption(Options.flag("Its containers have IPv6 addresses, too", "--ipv6"));
        spec.addOption(Options.flag("They have IPv4 addresses; off with --ipv4=false", "--ipv4"));
        spec.addOption(Options.refused(
                "a network is made with all it has: there are no templates of networks", "--config-only"));
        spec.addOption(Options.refusedValue(
                "a network is made with all it has: there are no templates of networks", "--config-from"));
        spec.addOption(Options.refused("is of swarms", "--ingress"));
        spec.addPositional(Options.arguments("NETWORK", "1", "Its name"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        call.choice("--ipam-driver", "default", List.of("default"));
        call.choice("--scope", "local", List.of("local"));
        var name = call.arguments().getFirst();
        if (TAKEN.contains(name)) {
            throw new CommandException(
                    "\"" + name + "\" is no name for a network: it means another thing where" + " networks are named");
        }
        var door = EngineDoor.of(call);
        NetworkSpec spec;
        try {
            spec = spec(call, name, new Owner(door.host(), "", Optional.empty()));
        } catch (IllegalArgumentException e) {
            throw new CommandException(String.valueOf(e.getMessage()));
        }
        try (var engine = door.open()) {
            call.world().out().println(engine.networks().create(spec).id());
        }
        return ExitCodes.OK;
    }

    private static NetworkSpec spec(Invocation call, String name, Owner owner) throws CommandException {
        return new NetworkSpec(
                name,
                owner,
                call.flag("--internal"),
                !call.off("--ipv4"),
                call.flag("--ipv6"),
                subnets(call),
                Optional.empty(),
                options(call),
                Labels.of(call.texts("--label")),
                call.text("--driver").orElse("bridge"),
                call.flag("--attachable"));
    }

    /** Each of the other options belongs to the range that it lies in. */
    private static List<SubnetSpec> subnets(Invocation call) throws CommandException {
        var ranges = call.texts("--subnet").stream().map(Cidr::parse).toList();
        var gateways = call.texts("--gateway").stream().map(IpAddress::parse).toList();
        var dynamic = call.texts("--ip-range").stream().map(Cidr::parse).toList();
        var reserved = new LinkedHashMap<String, IpAddress>();
        for (var text : call.texts("--aux-address")) {
            var words = text.split("=", 2);
            if (words.length < 2 || words[0].isEmpty()) {
                throw new CommandException("--aux-address takes NAME=ADDRESS, not \"" + Printable.text(text) + "\"");
            }
            reserved.put(words[0], IpAddress.parse(words[1]));
        }
        for (var gateway : gateways) {
            within("--gateway " + gateway, ranges, range -> range.contains(gateway));
        }
        for (var part : dynamic) {
            within("--ip-range " + part, ranges, range -> range.contains(part));
        }
        for (var address : reserved.values()) {
            within("--aux-address " + address, ranges, range -> range.contains(address));
        }
        return ranges.stream()
                .map(range -> new SubnetSpec(
                        range,
                        gateways.stream().filter(range::contains).findFirst(),
                        dynamic.stream().filter(range::contains).findFirst(),
                        reserved.entrySet().stream()
                                .filter(e -> range.contains(e.getValue()))
                                .collect(Collectors.toMap(
                                        Map.Entry::getKey, Map.Entry::getValue, (a, _) -> a, LinkedHashMap::new))))
                .toList();
    }

    private static void within(String what, List<Cidr> ranges, Predicate<Cidr> contains) throws CommandException {
        if (ranges.stream().noneMatch(contains)) {
            throw new CommandException(what + " lies in no --subnet");
        }
    }

    private static Map<String, String> options(Invocation call) throws CommandException {
        for (var text : call.texts("--opt")) {
            if (!text.contains("=")) {
                throw new CommandException("--opt takes KEY=VALUE, not \"" + Printable.text(text) + "\"");
            }
        }
        return Labels.of(call.texts("--opt"));
    }
}
