package dev.lockstep.runtime.network;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What only some containers ask of a network that they are on.
 *
 * @param macAddress of the end inside, {@code 02:42:ac:11:00:02}; absent: made of its address
 * @param gatewayPriority the network with the highest one is the way out; ties: by the attachment's priority
 * @param interfaceName of the end inside; absent: the network's prefix and a number
 * @param linkLocal further IPv4 addresses of 169.254.0.0/16, which hold on the link only
 * @param sysctls of the interface, by the name below {@code net}, with {@code IFNAME} for the interface's
 * @param links containers of that network under names that this one alone knows
 * @param byHand a person connected it: no file asks for it
 */
public record EndpointOptions(
        Optional<String> macAddress,
        int gatewayPriority,
        Optional<String> interfaceName,
        List<String> linkLocal,
        Map<String, String> sysctls,
        List<Link> links,
        boolean byHand) {
    /** Nothing. */
    public static final EndpointOptions NONE =
            new EndpointOptions(Optional.empty(), 0, Optional.empty(), List.of(), Map.of(), List.of(), false);

    private static final Pattern MAC = Pattern.compile("[0-9a-f]{2}(:[0-9a-f]{2}){5}");
    private static final Pattern LINK_LOCAL =
            Pattern.compile("169\\.254(\\.(\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d|25[0-5])){2}");
    private static final String IFNAME = "com.docker.network.endpoint.ifname";
    private static final String SYSCTLS = "com.docker.network.endpoint.sysctls";
    private static final Pattern SETTING = Pattern.compile("net\\.(ipv4|ipv6|mpls)\\.[a-z_]+\\.IFNAME\\.[a-z0-9_]+");

    /**
     * Another container, and what it is called.
     *
     * @param target its service or its name
     */
    public record Link(String target, String alias) {}

    public EndpointOptions {
        macAddress = macAddress.map(mac -> mac.toLowerCase(Locale.ROOT).replace('-', ':'));
        macAddress.filter(mac -> !MAC.matcher(mac).matches()).ifPresent(mac -> {
            throw new IllegalArgumentException(
                    "\"" + mac + "\" is no hardware address; write six bytes like 02:42:ac:11:00:02");
        });
        // The lowest bit of the first byte says that it is the address of a group (IEEE 802).
        macAddress
                .filter(mac -> (Integer.parseInt(mac.substring(0, 2), 16) & 1) != 0)
                .ifPresent(mac -> {
                    throw new IllegalArgumentException("the hardware address " + mac
                            + " is of a group; the first byte is even" + " in one of a single interface");
                });
        interfaceName
                .filter(name -> !InterfaceNames.isValid(name) || InterfaceNames.isReserved(name))
                .ifPresent(name -> {
                    throw new IllegalArgumentException("\"" + name + "\" is no name of an interface; "
                            + InterfaceNames.RULE + ", and all, default and lo are there already");
                });
        linkLocal = List.copyOf(linkLocal);
        for (var address : linkLocal) {
            if (!LINK_LOCAL.matcher(address).matches()) {
                throw new IllegalArgumentException(
                        "the address " + address + " is not link-local; those are in 169.254.0.0/16");
            }
        }
        sysctls = Collections.unmodifiableMap(new LinkedHashMap<>(sysctls));
        links = List.copyOf(links);
    }

    /** The same, as a person's own deed. */
    public EndpointOptions connectedByHand() {
        return new EndpointOptions(macAddress, gatewayPriority, interfaceName, linkLocal, sysctls, links, true);
    }

    /** What another container beside that one can have, too. */
    public EndpointOptions shared() {
        return new EndpointOptions(Optional.empty(), gatewayPriority, interfaceName, List.of(), sysctls, links, byHand);
    }

    /** With the options of Docker's driver, {@code com.docker.network.endpoint.*}, read into it. */
    public EndpointOptions with(Map<String, String> driverOptions) {
        var name = interfaceName;
        var settings = new LinkedHashMap<>(sysctls);
        for (var option : driverOptions.entrySet()) {
            switch (option.getKey()) {
                case IFNAME -> name = Optional.of(option.getValue());
                case SYSCTLS -> settings.putAll(settings(option.getValue()));
                default ->
                    throw new IllegalArgumentException("a network's attachment has no option \"" + option.getKey()
                            + "\"" + Spelling.hint(option.getKey(), List.of(IFNAME, SYSCTLS)));
            }
        }
        return new EndpointOptions(macAddress, gatewayPriority, name, linkLocal, settings, links, byHand);
    }

    /** {@code net.ipv4.conf.IFNAME.log_martians=1,…}: only of the interface itself, as Docker has it. */
    private static Map<String, String> settings(String text) {
        var settings = new LinkedHashMap<String, String>();
        for (var setting : text.split(",", -1)) {
            var words = setting.split("=", 2);
            if (words.length < 2 || !SETTING.matcher(words[0]).matches()) {
                throw new IllegalArgumentException(SYSCTLS + " takes settings of the interface such as"
                        + " net.ipv4.conf.IFNAME.log_martians=1, with commas between, not \"" + setting + "\"");
            }
            settings.put(words[0].substring("net.".length()), words[1]);
        }
        return settings;
    }
}
