package dev.lockstep.runtime.image;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Instructions of a Dockerfile that change how an image wants to be run, as {@code docker import --change} takes them
 * (https://docs.docker.com/reference/dockerfile/), and what they make of a configuration.
 */
final class ConfigChanges {
    private static final Pattern INSTRUCTION = Pattern.compile("\\s*([A-Za-z]+)\\s+(\\S.*?)\\s*", Pattern.DOTALL);
    private static final Pattern PORTS =
            Pattern.compile("([0-9]{1,5})(?:-([0-9]{1,5}))?(?:/(tcp|udp|sctp))?", Pattern.CASE_INSENSITIVE);
    private static final Pattern SIGNAL = Pattern.compile("(?i)(SIG)?[A-Z][A-Z0-9+-]*|[1-9][0-9]?");
    private static final Pattern OPTION = Pattern.compile("--([a-z-]+)=(\\S+)\\s*");
    private static final Pattern TIME = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)(ns|us|ms|s|m|h)");
    private static final Map<String, String> TIMES = Map.of(
            "interval", "Interval",
            "timeout", "Timeout",
            "start-period", "StartPeriod",
            "start-interval", "StartInterval");
    private static final int LAST_PORT = 65535;

    private final JsonMapper json;
    private final ObjectNode config;

    private ConfigChanges(JsonMapper json) {
        this.json = json;
        this.config = json.createObjectNode();
    }

    /**
     * The configuration after these instructions, in their order.
     *
     * @throws IllegalArgumentException for one that is none, or may not stand here
     */
    static ObjectNode of(JsonMapper json, List<String> instructions) {
        var changes = new ConfigChanges(json);
        instructions.forEach(changes::apply);
        return changes.config;
    }

    private void apply(String instruction) {
        var parts = INSTRUCTION.matcher(instruction);
        if (!parts.matches()) {
            throw new IllegalArgumentException(
                    "\"" + instruction + "\" is no instruction. Write for example CMD [\"/bin/app\"]");
        }
        var rest = parts.group(2);
        switch (parts.group(1).toUpperCase(Locale.ROOT)) {
            case "CMD" -> config.set("Cmd", program(rest));
            case "ENTRYPOINT" -> config.set("Entrypoint", program(rest));
            case "ENV" -> environment(rest);
            case "EXPOSE" -> words(rest).forEach(this::expose);
            case "LABEL" -> pairs(rest).forEach(config.withObjectProperty("Labels")::put);
            case "USER" -> config.put("User", rest);
            case "VOLUME" -> volumes(rest);
            case "WORKDIR" -> workingDirectory(rest);
            case "STOPSIGNAL" -> config.put("StopSignal", signal(rest));
            case "HEALTHCHECK" -> config.set("Healthcheck", healthCheck(rest));
            case "ONBUILD" -> onBuild(rest);
            default ->
                throw new IllegalArgumentException("\"" + parts.group(1) + "\" is no change of an image. Use CMD,"
                        + " ENTRYPOINT, ENV, EXPOSE, LABEL, USER, VOLUME, WORKDIR, STOPSIGNAL, HEALTHCHECK or ONBUILD");
        }
    }

    /** A JSON list of words is run as it is; anything else is a shell's. */
    private JsonNode program(String text) {
        var list = list(text);
        return list.isArray()
                ? list
                : json.createArrayNode().add("/bin/sh").add("-c").add(text);
    }

    /** The JSON list of texts that this is; something else when it is none. */
    private JsonNode list(String text) {
        if (text.startsWith("[")) {
            try {
                var node = json.readTree(text);
                var texts = true;
                for (var item : node) {
                    texts &= item.isTextual();
                }
                if (node.isArray() && texts) {
                    return node;
                }
            } catch (JsonProcessingException e) {
                // Then it is what it looks like to a shell.
            }
        }
        return json.missingNode();
    }

    private void environment(String text) {
        var variables = new LinkedHashMap<String, String>();
        for (var entry : config.path("Env")) {
            var name = entry.asText().split("=", 2);
            variables.put(name[0], name[1]);
        }
        variables.putAll(pairs(text));
        var array = config.putArray("Env");
        variables.forEach((name, value) -> array.add(name + "=" + value));
    }

    /** {@code A=1 "B c"=2}; without {@code =} in the first word, the first word and the rest, as long ago. */
    private static Map<String, String> pairs(String text) {
        var words = words(text);
        var pairs = new LinkedHashMap<String, String>();
        if (words.getFirst().indexOf('=') < 0) {
            var halves = text.split("\\s+", 2);
            if (halves.length < 2) {
                throw new IllegalArgumentException("\"" + text + "\" has no value. Write NAME=VALUE");
            }
            pairs.put(halves[0], halves[1]);
            return pairs;
        }
        for (var word : words) {
            var equals = word.indexOf('=');
            if (equals <= 0) {
                throw new IllegalArgumentException("\"" + word + "\" is not NAME=VALUE");
            }
            pairs.put(word.substring(0, equals), word.substring(equals + 1));
        }
        return pairs;
    }

    /** Words between blanks; quotes and backslashes take the meaning away. */
    private static List<String> words(String text) {
        var words = new ArrayList<String>();
        var word = new StringBuilder();
        var quote = '\0';
        var open = false;
        for (var i = 0; i < text.length(); i++) {
            var c = text.charAt(i);
            if (c == '\\' && quote != '\'' && i + 1 < text.length()) {
                word.append(text.charAt(++i));
                open = true;
            } else if (quote != '\0' ? c == quote : c == '"' || c == '\'') {
                quote = quote == '\0' ? c : '\0';
                open = true;
            } else if (quote == '\0' && Character.isWhitespace(c)) {
                if (open) {
                    words.add(word.toString());
                }
                word.setLength(0);
                open = false;
            } else {
                word.append(c);
                open = true;
            }
        }
        if (quote != '\0') {
            throw new IllegalArgumentException("\"" + text + "\" lacks the quote that ends what begins");
        }
        if (open) {
            words.add(word.toString());
        }
        return words;
    }

    private void expose(String text) {
        var ports = PORTS.matcher(text);
        if (!ports.matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is no port. Write for example 80 or 53/udp");
        }
        var first = port(ports.group(1));
        var last = ports.group(2) == null ? first : port(ports.group(2));
        if (last < first) {
            throw new IllegalArgumentException("\"" + text + "\" ends before it begins");
        }
        var protocol = ports.group(3) == null ? "tcp" : ports.group(3).toLowerCase(Locale.ROOT);
        for (var port = first; port <= last; port++) {
            config.withObjectProperty("ExposedPorts").putObject(port + "/" + protocol);
        }
    }

    private static int port(String text) {
        var port = Integer.parseInt(text);
        if (port < 1 || port > LAST_PORT) {
            throw new IllegalArgumentException("there is no port " + text);
        }
        return port;
    }

    private void volumes(String text) {
        var paths = new ArrayList<String>();
        var list = list(text);
        if (list.isArray()) {
            list.forEach(path -> paths.add(path.asText()));
        } else {
            paths.addAll(words(text));
        }
        for (var path : paths) {
            if (path.isBlank()) {
                throw new IllegalArgumentException("a volume needs a path");
            }
            config.withObjectProperty("Volumes").putObject(path);
        }
    }

    /** A relative one is below the one before it. */
    private void workingDirectory(String text) {
        config.put(
                "WorkingDir",
                text.startsWith("/") ? text : config.path("WorkingDir").asText("") + "/" + text);
    }

    private static String signal(String text) {
        if (!SIGNAL.matcher(text).matches()) {
            throw new IllegalArgumentException("\"" + text + "\" is no signal. Write for example SIGTERM or 15");
        }
        return text;
    }

    private JsonNode healthCheck(String text) {
        var check = json.createObjectNode();
        var option = OPTION.matcher(text);
        var at = 0;
        while (option.find(at) && option.start() == at) {
            option(check, option);
            at = option.end();
        }
        var rest = text.substring(at);
        var words = rest.split("\\s+", 2);
        switch (words[0].toUpperCase(Locale.ROOT)) {
            case "NONE" -> check.putArray("Test").add("NONE");
            case "CMD" -> {
                if (words.length < 2) {
                    throw new IllegalArgumentException("HEALTHCHECK CMD needs a command");
                }
                var list = list(words[1]);
                var test = check.putArray("Test").add(list.isArray() ? "CMD" : "CMD-SHELL");
                if (list.isArray()) {
                    list.forEach(test::add);
                } else {
                    test.add(words[1]);
                }
            }
            default ->
                throw new IllegalArgumentException(
                        "\"" + text + "\" is no health check. Write NONE, or CMD and a" + " command");
        }
        return check;
    }

    private static void option(ObjectNode check, Matcher option) {
        var name = option.group(1);
        var value = option.group(2);
        if (name.equals("retries") && value.matches("[1-9][0-9]{0,5}")) {
            check.put("Retries", Integer.parseInt(value));
        } else if (TIMES.containsKey(name)) {
            check.put(TIMES.get(name), time(value).toNanos());
        } else {
            throw new IllegalArgumentException("\"--" + name + "=" + value + "\" is no option of a health check");
        }
    }

    private static Duration time(String text) {
        var parts = TIME.matcher(text);
        var sum = Duration.ZERO;
        var at = 0;
        while (parts.find(at) && parts.start() == at) {
            sum = sum.plusNanos((long) (Double.parseDouble(parts.group(1)) * nanoseconds(parts.group(2))));
            at = parts.end();
        }
        if (at == 0 || at < text.length()) {
            throw new IllegalArgumentException("\"" + text + "\" is no time. Write for example 30s");
        }
        return sum;
    }

    private static double nanoseconds(String unit) {
        return switch (unit) {
            case "ns" -> 1;
            case "us" -> 1e3;
            case "ms" -> 1e6;
            case "s" -> 1e9;
            case "m" -> 60e9;
            default -> 3600e9;
        };
    }

    private void onBuild(String text) {
        if (text.toUpperCase(Locale.ROOT).matches("(?s)(ONBUILD|FROM)\\b.*")) {
            throw new IllegalArgumentException("ONBUILD cannot stand before \"" + text + "\"");
        }
        config.withArrayProperty("OnBuild").add(text);
    }
}
