package dev.lockstep.runtime.dns;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A resolv.conf(5).
 *
 * @param servers whom to ask; more than three are not looked at
 * @param search domains for names without a dot
 * @param options as they stand behind {@code options}
 */
public record ResolvConf(List<String> servers, List<String> search, List<String> options) {
    public ResolvConf {
        servers = List.copyOf(servers);
        search = List.copyOf(search);
        options = List.copyOf(options);
    }

    /** Reads a file leniently, as the C library does: the last {@code search} or {@code domain} counts. */
    public static ResolvConf parse(String text) {
        var servers = new ArrayList<String>();
        var search = new ArrayList<String>();
        var options = new ArrayList<String>();
        for (var line : text.lines().toList()) {
            var words = List.of(line.strip().split("\\s+"));
            var rest = words.subList(1, words.size());
            switch (words.getFirst()) {
                case "nameserver" -> rest.stream().findFirst().ifPresent(servers::add);
                case "search", "domain" -> {
                    search.clear();
                    search.addAll(rest);
                }
                case "options" -> options.addAll(rest);
                default -> {
                    // comments, sortlist, and what other resolvers understand
                }
            }
        }
        return new ResolvConf(servers, search, options);
    }

    /**
     * What a container on bridges reads: it asks the gateways of its networks, and has the host's search domains.
     * {@code ndots:0} makes service names absolute, as Docker does: they are tried as they are, before any domain.
     *
     * @param gateways the main network's first
     */
    public static ResolvConf ofContainer(List<String> gateways, ResolvConf host) {
        return new ResolvConf(gateways.stream().limit(3).toList(), host.search, List.of("ndots:0"));
    }

    /**
     * With what is given in place of what is there, list by list; an empty list changes nothing. A search for {@code .}
     * is none at all, and an option comes in place of one of the same name.
     */
    public ResolvConf with(List<String> otherServers, List<String> otherSearch, List<String> moreOptions) {
        var names = moreOptions.stream().map(ResolvConf::name).toList();
        var all = new ArrayList<>(
                options.stream().filter(o -> !names.contains(name(o))).toList());
        all.addAll(moreOptions);
        return new ResolvConf(
                otherServers.isEmpty()
                        ? servers
                        : otherServers.stream().limit(3).toList(),
                otherSearch.isEmpty() ? search : otherSearch.equals(List.of(".")) ? List.of() : otherSearch,
                all);
    }

    /** {@code ndots} of {@code ndots:0}. */
    private static String name(String option) {
        return option.split(":", 2)[0];
    }

    /** The file's text. */
    public String text() {
        var text = servers.stream().map(s -> "nameserver " + s + "\n").collect(Collectors.joining());
        if (!search.isEmpty()) {
            text += "search " + String.join(" ", search) + "\n";
        }
        if (!options.isEmpty()) {
            text += "options " + String.join(" ", options) + "\n";
        }
        return text;
    }
}
