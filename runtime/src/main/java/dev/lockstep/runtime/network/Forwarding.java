package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.linux.Rtnetlink;
import dev.lockstep.runtime.linux.Sysctls;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code net.ipv4.ip_forward}. Published ports and the way out need it; turned on, it makes a router of a host that was
 * none. So, where Lockstep turns it on, the links that the host has at that moment are kept from forwarding to each
 * other. Only those: what is made later (a VPN, another container engine) was made by somebody who knows that
 * forwarding is on.
 */
final class Forwarding {
    private static final Logger log = LoggerFactory.getLogger(Forwarding.class);
    private static final String SYSCTL = "net/ipv4/ip_forward";

    /** Kept under the run root: at the next boot the host decides anew. */
    record Marker(List<String> guarded) {
        Marker {
            guarded = List.copyOf(guarded);
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
     * on, so that there is no moment without the rules.
     *
     * @return true when it is off, so that the rules have to be loaded
     */
    boolean prepare() throws IOException {
        if (!isOff()) {
            return false;
        }
        var guarded = kernel.rtnetlink().links().stream()
                .filter(Forwarding::isHosts)
                .map(Rtnetlink.Link::name)
                .sorted()
                .toList();
        files.write(new Marker(guarded));
        return true;
    }

    /** Turns it on where it is off. */
    void enable() throws IOException {
        if (isOff()) {
            namespaces.home(() -> {
                Sysctls.write(SYSCTL, "1");
                return Optional.empty();
            });
            log.info("turned on net.ipv4.ip_forward guarded={}", guarded());
        }
    }

    private boolean isOff() throws IOException {
        return namespaces.home(() -> Sysctls.read(SYSCTL)).filter("0"::equals).isPresent();
    }

    /** Links that must not forward to each other. */
    List<String> guarded() throws IOException {
        return files.forwarding().map(Marker::guarded).orElse(List.of());
    }

    /** Whether it was us who turned it on since the last boot. */
    boolean isOurs() throws IOException {
        return files.forwarding().isPresent();
    }

    private static boolean isHosts(Rtnetlink.Link link) {
        return !link.name().equals("lo") && !link.alias().startsWith(Links.ALIAS);
    }
}
