package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.linux.Rtnetlink;
import dev.lockstep.runtime.linux.Sysctls;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code net.ipv4.ip_forward}, and {@code net.ipv6.conf.all.forwarding} while there are IPv6 networks. Published ports
 * and the way out need it; turned on, it makes a router of a host that was none. So, where Lockstep turns it on, the
 * links that the host has at that moment are kept from forwarding to each other. Only those: what is made later (a VPN,
 * another container engine) was made by somebody who knows that forwarding is on.
 *
 * <p>A router does not listen to other routers: links that have their IPv6 way out from router advertisements would
 * lose it. They are told to listen nevertheless ({@code accept_ra} 2), until forwarding is off again.
 */
final class Forwarding {
    private static final Logger log = LoggerFactory.getLogger(Forwarding.class);
    private static final String IPV4 = "net/ipv4/ip_forward";
    private static final String IPV6 = "net/ipv6/conf/all/forwarding";
    private static final String IPV6_LINKS = "net/ipv6/conf";

    /**
     * Kept under the run root: at the next boot the host decides anew.
     *
     * @param guarded links that do not forward to each other
     * @param advertised links that had accepted router advertisements as hosts do
     */
    record Marker(List<String> guarded, List<String> advertised) {
        Marker {
            guarded = List.copyOf(guarded);
            // Of IPv4, and of earlier versions, there are none.
            advertised = List.copyOf(Objects.requireNonNullElse(advertised, List.of()));
        }
    }

    private final NetworkFiles files;
    private final Kernel kernel;
    private final NetworkNamespaces namespaces;

    Forwarding(NetworkFiles files, Kernel kernel, NetworkNamespaces namespaces) {
        this.files = files;
        this.kernel = kernel;
        this.namespaces = namespaces;
    }

    /**
     * Where it is off, remembers the links that must not become routed. Then the rules are loaded, then it is turned
     * on, so that there is no moment without the rules. Where it was on since the boot, by us, what was remembered then
     * counts: links that have come since are routed by who made them.
     *
     * @return true when it is off, so that the rules have to be loaded
     */
    boolean prepare(NetworkRecord network) throws IOException {
        var prepared = false;
        for (var family : needs(network)) {
            if (isOff(family)) {
                if (files.forwarding(family).isEmpty()) {
                    files.write(
                            family, new Marker(hostLinks(), family == AddressFamily.IPV6 ? advertised() : List.of()));
                }
                prepared = true;
            }
        }
        return prepared;
    }

    /** Turns it on where it is off. */
    void enable(NetworkRecord network) throws IOException {
        for (var family : needs(network)) {
            if (isOff(family)) {
                var marker = files.forwarding(family);
                namespaces.home(() -> {
                    for (var link : marker.map(Marker::advertised).orElse(List.of())) {
                        listen(link, "1", "2");
                    }
                    Sysctls.write(sysctl(family), "1");
                    return Optional.empty();
                });
                log.info("turned on {} guarded={}", sysctl(family).replace('/', '.'), marker.map(Marker::guarded));
            }
        }
    }

    /**
     * The last IPv6 network is gone: puts back what was, if it was us who changed it and no link has come since that
     * may rely on it.
     */
    void restore6() throws IOException {
        var marker = files.forwarding(AddressFamily.IPV6);
        if (marker.isEmpty() || isOff(AddressFamily.IPV6)) {
            return;
        }
        if (!marker.get().guarded().containsAll(hostLinks())) {
            log.info("net.ipv6.conf.all.forwarding stays on: there are links that were made since");
            return;
        }
        namespaces.home(() -> {
            Sysctls.write(IPV6, "0");
            for (var link : marker.get().advertised()) {
                listen(link, "2", "1");
            }
            return Optional.empty();
        });
        files.deleteForwarding(AddressFamily.IPV6);
        log.info("turned off net.ipv6.conf.all.forwarding, as it was before");
    }

    /** Links that must not forward to each other. */
    Ruleset.Guarded guarded() throws IOException {
        return new Ruleset.Guarded(guarded(AddressFamily.IPV4), guarded(AddressFamily.IPV6));
    }

    /** What was changed since the last boot, for people. */
    List<String> changes() throws IOException {
        var changes = new TreeMap<AddressFamily, String>();
        for (var family : AddressFamily.values()) {
            if (files.forwarding(family).isPresent() && !isOff(family)) {
                var advertised = files.forwarding(family).orElseThrow().advertised();
                var guarded = guarded(family);
                changes.put(
                        family,
                        sysctl(family).replace('/', '.') + " was 0 and is 1, and stays so until "
                                + (family == AddressFamily.IPV4 ? "the next boot" : "the last IPv6 network is gone")
                                + (guarded.size() < 2
                                        ? ""
                                        : "; while there are networks, " + String.join(", ", guarded)
                                                + " do not forward to each other")
                                + (advertised.isEmpty()
                                        ? ""
                                        : "; accept_ra of " + String.join(", ", advertised)
                                                + " is 2, so that they still learn their routes"));
            }
        }
        return List.copyOf(changes.values());
    }

    /** The families that must be forwarded for the network. */
    static Set<AddressFamily> needs(NetworkRecord network) {
        // IPv4 always: it was so before there were networks without.
        return network.has(AddressFamily.IPV6) ? EnumSet.allOf(AddressFamily.class) : EnumSet.of(AddressFamily.IPV4);
    }

    /** The families that the host does not forward. */
    Set<AddressFamily> off() throws IOException {
        var off = EnumSet.noneOf(AddressFamily.class);
        for (var family : AddressFamily.values()) {
            if (isOff(family)) {
                off.add(family);
            }
        }
        return off;
    }

    private static String sysctl(AddressFamily family) {
        return family == AddressFamily.IPV4 ? IPV4 : IPV6;
    }

    private boolean isOff(AddressFamily family) throws IOException {
        return namespaces
                .home(() -> Sysctls.read(sysctl(family)))
                .filter("0"::equals)
                .isPresent();
    }

    private List<String> guarded(AddressFamily family) throws IOException {
        return files.forwarding(family).map(Marker::guarded).orElse(List.of());
    }

    private List<String> hostLinks() throws IOException {
        return kernel.rtnetlink().links().stream()
                .filter(Forwarding::isHosts)
                .map(Rtnetlink.Link::name)
                .sorted()
                .toList();
    }

    /** Links that accept router advertisements as long as they are no routers, and those that will be made. */
    private List<String> advertised() throws IOException {
        var links = new ArrayList<>(hostLinks());
        links.add("default");
        return namespaces.home(() -> {
            var found = new ArrayList<String>();
            for (var link : links) {
                if (Sysctls.read(IPV6_LINKS + "/" + link + "/accept_ra")
                        .filter("1"::equals)
                        .isPresent()) {
                    found.add(link);
                }
            }
            return found;
        });
    }

    /** In the namespace of the host's links. What somebody set otherwise, or took away, is left alone. */
    private static void listen(String link, String from, String to) throws IOException {
        var path = IPV6_LINKS + "/" + link + "/accept_ra";
        if (Sysctls.read(path).filter(from::equals).isPresent()) {
            Sysctls.write(path, to);
        }
    }

    private static boolean isHosts(Rtnetlink.Link link) {
        return !link.name().equals("lo") && !link.alias().startsWith(Links.ALIAS);
    }
}
