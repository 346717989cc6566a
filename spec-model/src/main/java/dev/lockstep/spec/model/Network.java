package dev.lockstep.spec.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A network that services join.
 *
 * @param key its name inside the project
 * @param name its name on the host: {@code PROJECT_KEY} unless the file sets one; the bare key when external
 * @param external made by somebody else; it is used, never created or removed
 * @param internal no way out to the world
 * @param attachable whether containers of others may join
 * @param driver as written; {@code bridge} when empty
 * @param ipam who gives out addresses, and which
 * @param ipv4 whether it has IPv4 addresses; yes when empty
 * @param ipv6 whether it has IPv6 addresses; no when empty
 */
public record Network(
        String key,
        String name,
        boolean external,
        boolean internal,
        boolean attachable,
        Optional<String> driver,
        Map<String, String> driverOptions,
        Map<String, String> labels,
        Ipam ipam,
        Optional<Boolean> ipv4,
        Optional<Boolean> ipv6) {
    /** The key of the network that services join which name none. */
    public static final String DEFAULT_KEY = "default";

    /**
     * How addresses are given out.
     *
     * @param driver as written; the engine's own when empty
     * @param subnets fixed address ranges; chosen by the engine when empty
     * @param options for the driver
     */
    public record Ipam(Optional<String> driver, List<Subnet> subnets, Map<String, String> options) {
        /** As the engine likes. */
        public static final Ipam NONE = new Ipam(Optional.empty(), List.of(), Map.of());

        public Ipam {
            subnets = List.copyOf(subnets);
            options = Copies.ordered(options);
        }
    }

    public Network {
        driverOptions = Copies.ordered(driverOptions);
        labels = Copies.ordered(labels);
    }

    /** The network that nobody declares and services join which name none. */
    public static Network implied(String projectName) {
        return new Network(
                DEFAULT_KEY,
                projectName + "_" + DEFAULT_KEY,
                false,
                false,
                false,
                Optional.empty(),
                Map.of(),
                Map.of(),
                Ipam.NONE,
                Optional.empty(),
                Optional.empty());
    }

    /**
     * Whether ports of its containers can be published: not when it is internal, nor when they have a share in a link
     * of the host (macvlan, ipvlan), as with Docker. Of external ones nothing is known here.
     */
    public boolean mayPublish() {
        return external || !internal && isBridge();
    }

    /**
     * Whether published ports of its containers are ports of the host: where a gateway mode is {@code routed} they are
     * reached at the containers' own addresses, and as many containers as like have the same.
     */
    public boolean takesHostPorts() {
        return mayPublish()
                && (external || ipv4.orElse(true) && !isRouted("ipv4") || ipv6.orElse(false) && !isRouted("ipv6"));
    }

    private boolean isRouted(String family) {
        return "routed".equals(driverOptions.get("com.docker.network.bridge.gateway_mode_" + family));
    }

    /** Whether containers are machines of a network that is the host's alone. */
    public boolean isBridge() {
        return driver.filter(name -> !name.equals("bridge")).isEmpty();
    }

    /** Fixed address ranges; chosen by the engine when empty. */
    public List<Subnet> subnets() {
        return ipam.subnets();
    }
}
