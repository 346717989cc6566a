package dev.lockstep.runtime.container;

import dev.lockstep.runtime.network.Attached;
import dev.lockstep.runtime.network.IpAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The hosts, hostname and resolv.conf of a container; written in place, since a running one has them mounted. */
final class EtcFiles {
    private static final Path HOST_RESOLV_CONF = Path.of("/etc/resolv.conf");
    private static final Path HOST_HOSTS = Path.of("/etc/hosts");
    private static final List<String> HOSTS = List.of(
            "127.0.0.1\tlocalhost",
            "::1\tlocalhost ip6-localhost ip6-loopback",
            "fe00::\tip6-localnet",
            "ff00::\tip6-mcastprefix",
            "ff02::1\tip6-allnodes",
            "ff02::2\tip6-allrouters");

    /** Where {@link #mounted} are in a container. */
    static final List<String> TARGETS = List.of("/etc/hosts", "/etc/hostname", "/etc/resolv.conf");

    private EtcFiles() {}

    /** Which files are mounted: its own, or those of the container whose network it is in. */
    static List<Path> mounted(ContainerFiles own, Joined joined) {
        var whose = joined.network()
                .map(target -> new ContainerFiles(own.root(), target.id()))
                .orElse(own);
        return List.of(whose.hosts(), whose.hostname(), whose.resolvConf());
    }

    /** Writes them. */
    static void write(ContainerRecord record, ContainerFiles files, Optional<Attached> attached) throws IOException {
        var naming = record.spec().options().naming();
        var network = record.spec().options().isolation().namespaces().network();
        var hostname = record.made().hostname();
        var names = names(hostname, naming.domainname());
        var hosts = new ArrayList<String>();
        if (Namespaces.isHost(network) && Files.exists(HOST_HOSTS)) {
            hosts.addAll(Files.readAllLines(HOST_HOSTS, StandardCharsets.ISO_8859_1));
        } else {
            hosts.addAll(HOSTS);
        }
        for (var extra : naming.extraHosts()) {
            address(record, extra, attached).ifPresent(address -> hosts.add(address + "\t" + extra.name()));
        }
        attached.ifPresent(place -> place.endpoints()
                .forEach(end -> end.addresses().forEach(address -> hosts.add(address.address() + "\t" + names))));
        new EtcFile(files.hosts()).write(hosts);
        new EtcFile(files.hostname()).write(List.of(hostname));
        var hostResolver = Files.exists(HOST_RESOLV_CONF)
                ? Files.readString(HOST_RESOLV_CONF, StandardCharsets.ISO_8859_1) // as it is written, whatever it is
                : "";
        var resolver = attached.filter(place -> !place.endpoints().isEmpty())
                .map(place -> naming.resolver().onNetworks(place.nameServers(), hostResolver))
                .orElseGet(() -> naming.resolver().elsewhere(hostResolver));
        new EtcFile(files.resolvConf()).write(resolver.lines().toList());
    }

    /** In full, as it is called, and as Docker does the first word of it: programs ask for themselves by each. */
    static String names(String hostname, Optional<String> domain) {
        var full = domain.map(name -> hostname + "." + name).orElse(hostname);
        return Stream.of(full, hostname, full.substring(0, (full + ".").indexOf('.')))
                .distinct()
                .collect(Collectors.joining(" "));
    }

    /**
     * The host is reached at the gateway of the first network where that is the host's own address, and by who shares
     * its network at its loopback. Empty for who has been taken off such networks since it was made.
     */
    private static Optional<String> address(
            ContainerRecord record, Naming.ExtraHost extra, Optional<Attached> attached) {
        if (!extra.address().equals(Naming.HOST_GATEWAY)) {
            return Optional.of(extra.address());
        }
        if (Namespaces.isHost(record.spec().options().isolation().namespaces().network())) {
            return Optional.of("127.0.0.1");
        }
        // What is silent shares a link of the host: its gateway is another machine.
        return attached.stream()
                .flatMap(place -> place.endpoints().stream())
                .filter(end -> !end.silent())
                .flatMap(end -> end.gateway().stream())
                .map(IpAddress::toString)
                .findFirst();
    }
}
