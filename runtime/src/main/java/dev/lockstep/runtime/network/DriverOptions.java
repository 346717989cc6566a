package dev.lockstep.runtime.network;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * What Docker's options of network drivers say.
 *
 * @param bridgeName name of the bridge; absent: ours
 * @param betweenContainers whether containers of the network reach each other but through published ports
 * @param masquerade whether what leaves the network has the host's address
 * @param hostBinding address of the host for ports that are published without one
 * @param gatewayMode how the outside and its containers reach each other over IPv4
 * @param gatewayMode6 and over IPv6
 * @param bridgeAddress whether the bridge gets the gateway's IPv4 address
 * @param mtu in bytes
 * @param interfacePrefix what interfaces of containers are called, a number behind it
 * @param parent link of the host that a macvlan or ipvlan network is on; {@code eth0.10} is a VLAN of eth0
 * @param mode of macvlan or ipvlan
 */
public record DriverOptions(
        Optional<String> bridgeName,
        boolean betweenContainers,
        boolean masquerade,
        Optional<String> hostBinding,
        GatewayMode gatewayMode,
        GatewayMode gatewayMode6,
        boolean bridgeAddress,
        Optional<Integer> mtu,
        String interfacePrefix,
        Optional<String> parent,
        Optional<String> mode) {
    /** How the outside and the containers of a bridge reach each other. */
    public enum GatewayMode {
        /** Ports are published on the host's addresses, and nothing else comes in. */
        NAT("nat"),
        /** Ports are published, and whoever has a route to the containers reaches all of them. */
        NAT_UNPROTECTED("nat-unprotected"),
        /** No address is translated: whoever has a route reaches the ports that are published, at the container. */
        ROUTED("routed"),
        /** Nor does the host reach its containers, or they the host, but for names. Only of an internal network. */
        ISOLATED("isolated");

        private final String word;

        GatewayMode(String word) {
            this.word = word;
        }

        private static GatewayMode parse(String option, String text) {
            for (var mode : values()) {
                if (mode.word.equals(text)) {
                    return mode;
                }
            }
            throw new IllegalArgumentException(
                    option + " takes nat, nat-unprotected, routed or isolated, not \"" + text + "\"");
        }
    }

    /** Kinds of networks that there are. */
    static final Set<String> DRIVERS = Set.of("bridge", "macvlan", "ipvlan");

    private static final String BRIDGE = "com.docker.network.bridge.";
    private static final String NAME = BRIDGE + "name";
    private static final String ICC = BRIDGE + "enable_icc";
    private static final String MASQUERADE = BRIDGE + "enable_ip_masquerade";
    private static final String BINDING = BRIDGE + "host_binding_ipv4";
    private static final String GATEWAY_MODE = BRIDGE + "gateway_mode_ipv4";
    private static final String GATEWAY_MODE6 = BRIDGE + "gateway_mode_ipv6";
    private static final String INHIBIT = BRIDGE + "inhibit_ipv4";
    private static final String MTU = "com.docker.network.driver.mtu";
    private static final String PREFIX = "com.docker.network.container_iface_prefix";
    private static final String PARENT = "parent";
    private static final Set<String> OF_BRIDGES =
            Set.of(NAME, ICC, MASQUERADE, BINDING, GATEWAY_MODE, GATEWAY_MODE6, INHIBIT, MTU, PREFIX);

    /** As the kernel numbers them (linux/if_link.h). */
    private static final Map<String, Map<String, Integer>> MODES = Map.of(
            "macvlan",
            Map.of("private", 1, "vepa", 2, "bridge", 4, "passthru", 8),
            "ipvlan",
            Map.of("l2", 0, "l3", 1, "l3s", 2));

    private static final Pattern ADDRESS = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");

    /**
     * Reads them.
     *
     * @throws IllegalArgumentException for one that the driver does not have, or that says what cannot be
     */
    static DriverOptions of(String driver, Map<String, String> options, boolean internal) {
        if (!DRIVERS.contains(driver)) {
            throw new IllegalArgumentException(
                    "there is no network driver \"" + driver + "\"" + Spelling.hint(driver, DRIVERS));
        }
        var modeOption = driver + "_mode";
        var known = new TreeSet<>(driver.equals("bridge") ? OF_BRIDGES : Set.of(PARENT, modeOption, MTU, PREFIX));
        for (var option : options.keySet()) {
            if (!known.contains(option)) {
                throw new IllegalArgumentException("the network driver " + driver + " has no option \"" + option + "\""
                        + Spelling.hint(option, known));
            }
        }
        var read = new DriverOptions(
                value(options, NAME),
                flag(options, ICC, true),
                flag(options, MASQUERADE, true),
                value(options, BINDING),
                GatewayMode.parse(GATEWAY_MODE, options.getOrDefault(GATEWAY_MODE, "nat")),
                GatewayMode.parse(GATEWAY_MODE6, options.getOrDefault(GATEWAY_MODE6, "nat")),
                !flag(options, INHIBIT, false),
                value(options, MTU).map(text -> number(text)),
                value(options, PREFIX).orElse("eth"),
                value(options, PARENT),
                value(options, modeOption));
        read.check(driver, modeOption, internal);
        return read;
    }

    /** How the outside and its containers reach each other over addresses of that family. */
    GatewayMode gatewayMode(AddressFamily family) {
        return family == AddressFamily.IPV6 ? gatewayMode6 : gatewayMode;
    }

    private void check(String driver, String modeOption, boolean internal) {
        bridgeName.ifPresent(name -> {
            interfaceName(NAME, name);
            if (InterfaceNames.isReserved(name)) {
                throw new IllegalArgumentException(NAME + ": a bridge cannot be called \"" + name
                        + "\": the kernel has all, default and lo in every network namespace. Choose another name");
            }
            inRules(name);
        });
        // With a number of three digits behind it.
        interfaceName(PREFIX, interfacePrefix + "000");
        hostBinding.filter(address -> !ADDRESS.matcher(address).matches()).ifPresent(address -> {
            throw new IllegalArgumentException(BINDING + " takes an IPv4 address of the host, not \"" + address + "\"");
        });
        if (!internal && (gatewayMode == GatewayMode.ISOLATED || gatewayMode6 == GatewayMode.ISOLATED)) {
            throw new IllegalArgumentException(
                    "the gateway mode isolated is of internal networks. Write internal: true");
        }
        if (mtu.filter(m -> m < 68 || m > 65535).isPresent()) {
            throw new IllegalArgumentException("the MTU goes from 68 to 65535 bytes");
        }
        if (driver.equals("bridge")) {
            return;
        }
        var modes = MODES.getOrDefault(driver, Map.of()).keySet();
        mode.filter(word -> !modes.contains(word)).ifPresent(word -> {
            throw new IllegalArgumentException(
                    modeOption + " takes " + String.join(", ", new TreeSet<>(modes)) + ", not \"" + word + "\"");
        });
        var link = parent.orElseThrow(() -> new IllegalArgumentException(
                "a network of the driver " + driver + " needs the option parent: a link of the host, such as eth0"));
        interfaceName(PARENT, link);
        if (physical().equals("lo")) {
            throw new IllegalArgumentException(PARENT + " \"" + link
                    + "\": the loopback cannot be shared. Write a link of the host, such as eth0");
        }
        vlan().filter(id -> id < 1 || id > 4094).ifPresent(id -> {
            throw new IllegalArgumentException(PARENT + " \"" + link + "\": VLANs have the numbers 1 to 4094");
        });
    }

    /** The VLAN that {@code eth0.10} means; absent where the parent is a link as it is. */
    Optional<Integer> vlan() {
        return parent.filter(name -> name.matches(".+\\.\\d{1,5}"))
                .map(name -> Integer.valueOf(name.substring(name.lastIndexOf('.') + 1)));
    }

    /** The link whose VLAN the parent is, or the parent itself. */
    String physical() {
        var name = parent.orElseThrow();
        return vlan().isPresent() ? name.substring(0, name.lastIndexOf('.')) : name;
    }

    /** Number of the mode of macvlan or ipvlan; Docker's where none is asked for. */
    int modeNumber(String driver) {
        return MODES.getOrDefault(driver, Map.of())
                .getOrDefault(mode.orElse(driver.equals("macvlan") ? "bridge" : "l2"), 0);
    }

    private static void interfaceName(String option, String name) {
        if (!InterfaceNames.isValid(name) || name.contains("\"")) {
            throw new IllegalArgumentException(
                    option + ": \"" + name + "\" cannot be the name of an interface; " + InterfaceNames.RULE);
        }
    }

    /**
     * To the kernel a link may be called so; in rules it would be every link, or a set of them (libnftables-json(5)).
     * Worse: where such a name is a part of something, the library ends the process.
     */
    private static void inRules(String name) {
        if (name.startsWith("@") || name.contains("*") || name.contains("\\")) {
            throw new IllegalArgumentException(
                    NAME + ": \"" + name + "\" means something else in rules of a firewall; a bridge's name has no '*'"
                            + " and no '\\', and does not begin with '@'");
        }
    }

    private static Optional<String> value(Map<String, String> options, String name) {
        return Optional.ofNullable(options.get(name)).filter(text -> !text.isEmpty());
    }

    /** As Go reads it. */
    private static boolean flag(Map<String, String> options, String name, boolean otherwise) {
        var text = options.get(name);
        if (text == null) {
            return otherwise;
        }
        return switch (text) {
            case "1", "t", "T", "true", "TRUE", "True" -> true;
            case "0", "f", "F", "false", "FALSE", "False" -> false;
            default -> throw new IllegalArgumentException(name + " takes true or false, not \"" + text + "\"");
        };
    }

    private static int number(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("the MTU is a number of bytes, got \"" + text + "\"", e);
        }
    }
}
