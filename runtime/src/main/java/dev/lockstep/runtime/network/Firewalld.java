package dev.lockstep.runtime.network;

import dev.lockstep.runtime.linux.SystemBus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * firewalld's door (firewalld.dbus(5)). Its nftables table belongs to its process, nobody else may add rules; but it
 * takes interfaces into zones, wildcards too, for as long as it runs. Ours go into {@code trusted}, which lets through.
 */
final class Firewalld {
    static final String TABLE = "firewalld";
    private static final Logger log = LoggerFactory.getLogger(Firewalld.class);
    private static final String ZONE = "trusted";

    private final String interfaces;
    private final SystemBus bus;

    /** @param interfaces beginning of the names of our bridges */
    Firewalld(String interfaces, SystemBus bus) {
        this.interfaces = interfaces + "+";
        this.bus = bus;
    }

    /**
     * Whether a zone has our bridges: ours, or one that the host's owner chose.
     *
     * @param named further bridges, that are not called as ours are
     */
    boolean isOpen(List<String> named) throws IOException {
        for (var link : all(named)) {
            if (!isInAZone(link)) {
                return false;
            }
        }
        return true;
    }

    void open(List<String> named) throws IOException {
        for (var link : all(named)) {
            if (!isInAZone(link)) {
                call("addInterface", ZONE, link);
                log.info("opened zone={} of=firewalld for={}", ZONE, link);
            }
        }
    }

    private boolean isInAZone(String link) throws IOException {
        return call("getZoneOfInterface", link).filter(zone -> !zone.isEmpty()).isPresent();
    }

    private List<String> all(List<String> named) {
        var all = new ArrayList<>(List.of(interfaces));
        all.addAll(named);
        return all;
    }

    /** Whether our bridges are in the zone that {@link #open} puts them into. */
    boolean isInOurZone() throws IOException {
        return call("getZoneOfInterface", interfaces).filter(ZONE::equals).isPresent();
    }

    /** Takes our bridges out again, where they are in our zone. */
    void close(List<String> named) throws IOException {
        for (var link : all(named)) {
            if (call("getZoneOfInterface", link).filter(ZONE::equals).isPresent()) {
                call("removeInterface", ZONE, link);
            }
        }
    }

    /** For people: what was done. */
    String made() {
        return "firewalld's zone \"" + ZONE + "\" has the interfaces " + interfaces
                + ", until firewalld is reloaded or the last network of this root goes";
    }

    /** For people: what they can do. */
    String cure() {
        return "firewall-cmd --permanent --zone=" + ZONE + " --add-interface=" + interfaces + "; firewall-cmd --reload";
    }

    private Optional<String> call(String method, String... arguments) throws IOException {
        return bus.call(new SystemBus.Call(
                "org.fedoraproject.FirewallD1",
                "/org/fedoraproject/FirewallD1",
                "org.fedoraproject.FirewallD1.zone",
                method,
                List.of(arguments)));
    }
}
