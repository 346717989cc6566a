package dev.lockstep.runtime.registry;

import java.net.InetAddress;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What is asked directly, whatever proxies there are. */
public sealed interface Direct {
    Pattern NAMED =
            Pattern.compile("(?<host>\\[[0-9a-f:.]+]|\\*?\\.?[a-z0-9_-]+(\\.[a-z0-9_-]+)*)\\.?(:(?<port>[0-9]{1,5}))?");

    /** {@code *}. */
    record Everything() implements Direct {}

    /** An address, or all of a network. */
    record Network(InetAddress base, int prefix, int port) implements Direct {}

    /**
     * A name.
     *
     * @param suffix in lower case, {@code .example.com}
     * @param itself whether {@code example.com} is meant too
     * @param port 0 for all
     */
    record Domain(String suffix, boolean itself, int port) implements Direct {}

    /**
     * Reads {@code *}, an address, {@code ADDRESS/PREFIX}, {@code example.com} (with all below it) or
     * {@code .example.com} (all below it); each but a network may name a port.
     *
     * @throws IllegalArgumentException with a sentence
     */
    static Direct parse(String text) {
        var entry = text.strip().toLowerCase(Locale.ROOT);
        if (entry.equals("*")) {
            return new Everything();
        }
        var slash = entry.indexOf('/');
        if (slash >= 0) {
            var base = literal(entry.substring(0, slash));
            var prefix = entry.substring(slash + 1);
            if (base.isPresent()
                    && prefix.matches("[0-9]{1,3}")
                    && Integer.parseInt(prefix) <= base.get().getAddress().length * 8) {
                return new Network(base.get(), Integer.parseInt(prefix), 0);
            }
            throw new IllegalArgumentException("\"" + text + "\" is not ADDRESS/PREFIX");
        }
        var address = literal(entry);
        if (address.isPresent()) {
            return new Network(address.get(), address.get().getAddress().length * 8, 0);
        }
        var matcher = NAMED.matcher(entry);
        if (!matcher.matches() || port(matcher.group("port")) > 65_535) {
            throw new IllegalArgumentException(
                    "\"" + text + "\" is not *, HOST[:PORT], .DOMAIN[:PORT], ADDRESS or ADDRESS/PREFIX");
        }
        var port = port(matcher.group("port"));
        var host = matcher.group("host");
        var numbered = literal(host);
        if (numbered.isPresent()) {
            return new Network(numbered.get(), numbered.get().getAddress().length * 8, port);
        }
        var name = host.startsWith("*") ? host.substring(1) : host;
        var below = name.startsWith(".");
        return new Domain(below ? name : "." + name, !below, port);
    }

    private static int port(@Nullable String text) {
        return text == null ? 0 : Integer.parseInt(text);
    }

    /** Whether that host is one of these. */
    default boolean covers(String host, int port) {
        return switch (this) {
            case Everything() -> true;
            case Network(var base, var prefix, var only) ->
                (only == 0 || only == port)
                        && literal(host)
                                .map(a -> contains(base.getAddress(), prefix, a.getAddress()))
                                .orElse(false);
            case Domain(var suffix, var itself, var only) ->
                (only == 0 || only == port) && (host.endsWith(suffix) || itself && host.equals(suffix.substring(1)));
        };
    }

    /** Whether an address is in a network. */
    static boolean contains(byte[] base, int prefix, byte[] address) {
        if (base.length != address.length) {
            return false;
        }
        for (var bit = 0; bit < prefix; bit++) {
            var mask = 0x80 >> bit % 8;
            if ((base[bit / 8] & mask) != (address[bit / 8] & mask)) {
                return false;
            }
        }
        return true;
    }

    /** An address in digits; no name is looked up. */
    static Optional<InetAddress> literal(String text) {
        try {
            return Optional.of(InetAddress.ofLiteral(text.replaceFirst("^\\[(.*)]$", "$1")));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
