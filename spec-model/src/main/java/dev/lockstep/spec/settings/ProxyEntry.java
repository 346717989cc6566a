package dev.lockstep.spec.settings;

import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Proxies for what registries and repositories are asked, below {@code proxy} of {@code agent.yaml}.
 *
 * @param https {@code [http://][USER:PASSWORD@]HOST[:PORT]}, for registries that are reached by https; may hold a
 *     password
 * @param http the same for those that are reached in plain text
 * @param direct hosts that are asked without a proxy: {@code *}, {@code HOST[:PORT]}, {@code .DOMAIN},
 *     {@code ADDRESS[/PREFIX]}
 */
public record ProxyEntry(Optional<String> https, Optional<String> http, List<String> direct) {
    /** There is none. */
    public static final ProxyEntry NONE = new ProxyEntry(Optional.empty(), Optional.empty(), List.of());

    static final Keys KEYS = Keys.of("https http no-proxy");

    private static final String LABEL = "[a-zA-Z0-9]([a-zA-Z0-9_-]*[a-zA-Z0-9])?";
    private static final String HOST = "(\\[[0-9a-fA-F:.]+\\]|" + LABEL + "(\\." + LABEL + ")*)";
    private static final Pattern PROXY =
            Pattern.compile("(http://)?([^@/?#\\s]+@)?" + HOST + "(:[0-9]{1,5})?/?", Pattern.CASE_INSENSITIVE);
    private static final Pattern DIRECT =
            Pattern.compile("\\*|(\\*?\\.)?" + HOST + "(:[0-9]{1,5})?|[0-9a-fA-F:.]+(/[0-9]{1,3})?");

    public ProxyEntry {
        direct = List.copyOf(direct);
    }

    /** What is below {@code key}. */
    static ProxyEntry read(Reading reading, Fields settings, String key) {
        if (!settings.has(key)) {
            return NONE;
        }
        var fields = settings.fields(key, KEYS);
        var direct = new ArrayList<String>();
        var items = fields.node("no-proxy")
                .map(n -> reading.items(fields.path("no-proxy"), n))
                .orElse(List.of());
        for (var i = 0; i < items.size(); i++) {
            reading.parsed(fields.path("no-proxy") + "[" + i + "]", items.get(i), ProxyEntry::direct)
                    .ifPresent(direct::add);
        }
        return new ProxyEntry(
                fields.parsed("https", ProxyEntry::proxy), fields.parsed("http", ProxyEntry::proxy), direct);
    }

    /** What is wrong is not quoted: it may hold a password. */
    private static String proxy(String text) {
        if (!PROXY.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "must be http://[USER:PASSWORD@]HOST[:PORT], the password percent-encoded");
        }
        return text;
    }

    private static String direct(String text) {
        if (!DIRECT.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    "\"" + text + "\" is not *, HOST[:PORT], .DOMAIN[:PORT], ADDRESS or ADDRESS/PREFIX");
        }
        return text;
    }

    /** Without what may be a password. */
    @Override
    public String toString() {
        return "ProxyEntry[https=" + https.map(ProxyEntry::shown) + ", http=" + http.map(ProxyEntry::shown)
                + ", direct=" + direct + "]";
    }

    private static String shown(String proxy) {
        return proxy.substring(proxy.lastIndexOf('@') + 1);
    }
}
