package dev.lockstep.runtime.dockerfile;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** Reads {@code RUN --mount}: the fields when the file is read, the values when their variables are known. */
public final class MountReader {
    /** One that cannot be. The message is BuildKit's. */
    public static final class InvalidMountException extends Exception {
        private static final long serialVersionUID = 1;

        private final transient Optional<String> suggestion;

        InvalidMountException(String message, Optional<String> suggestion) {
            super(message);
            this.suggestion = suggestion;
        }

        /** The word that was probably meant. */
        public Optional<String> suggestion() {
            return suggestion;
        }
    }

    private static final List<String> TYPES = List.of("bind", "cache", "tmpfs", "secret", "ssh");
    private static final List<String> SHARING = List.of("shared", "private", "locked");
    private static final Map<String, String> KEYS = keys();
    private static final Set<String> ALONE = Set.of("readonly", "readwrite", "required");
    private static final Pattern SIZE = Pattern.compile("(?i)(\\d+(?:\\.\\d+)?) ?([kmgtp]?)(?:i?b)?");
    private static final Set<String> TRUE = Set.of("1", "t", "T", "TRUE", "true", "True");
    private static final Set<String> FALSE = Set.of("0", "f", "F", "FALSE", "false", "False");

    private final Map<String, String> values;
    private final String type;
    private Optional<Boolean> readOnly = Optional.empty();

    private MountReader(String type, Map<String, String> values) {
        this.type = type;
        this.values = values;
    }

    private static Map<String, String> keys() {
        var keys = new HashMap<String, String>();
        for (var key : List.of(
                "type",
                "from",
                "source",
                "target",
                "readonly",
                "readwrite",
                "required",
                "size",
                "id",
                "sharing",
                "mode",
                "uid",
                "gid",
                "env")) {
            keys.put(key, key);
        }
        keys.putAll(
                Map.of("src", "source", "dst", "target", "destination", "target", "ro", "readonly", "rw", "readwrite"));
        return Map.copyOf(keys);
    }

    /** The fields of a flag's value: a line of CSV. */
    static RunMount fields(String text) throws InvalidMountException {
        if (text.isEmpty()) {
            throw invalid("failed to parse csv mounts: EOF");
        }
        var fields = new ArrayList<RunMount.Field>();
        for (var field : Csv.fields(text)) {
            var equals = field.indexOf('=');
            var key = (equals < 0 ? field : field.substring(0, equals)).toLowerCase(Locale.ROOT);
            var known = KEYS.get(key);
            if (equals < 0 && (known == null || !ALONE.contains(known))) {
                throw invalid("invalid field '" + field + "' must be a key=value pair");
            } else if (known == null) {
                throw new InvalidMountException(
                        "unexpected key '" + key + "' in '" + field + "'", Suggestion.nearest(key, KEYS.keySet()));
            }
            var value = equals < 0 ? Optional.<String>empty() : Optional.of(field.substring(equals + 1));
            if (known.equals("from") && value.orElse("").contains("$")) {
                throw invalid("'from' doesn't support variable expansion, define alias stage instead");
            }
            fields.add(new RunMount.Field(known, value, field));
        }
        return new RunMount(fields, text);
    }

    /**
     * The mount.
     *
     * @param expand gives the value of a field with its variables replaced; {@code from} is not asked for
     * @throws InvalidMountException if it cannot be
     */
    public static Mount resolve(RunMount mount, UnaryOperator<String> expand) throws InvalidMountException {
        var values = new HashMap<String, String>();
        for (var field : mount.fields()) {
            var value = field.value().map(v -> field.key().equals("from") ? v : expand.apply(v));
            var key = field.key();
            values.put(key, value.orElse("true"));
        }
        var type = values.getOrDefault("type", "bind").toLowerCase(Locale.ROOT);
        if (!TYPES.contains(type)) {
            throw new InvalidMountException(
                    "unsupported mount type \"" + values.get("type") + "\"", Suggestion.nearest(type, TYPES));
        }
        return new MountReader(type, values).read(mount);
    }

    private Mount read(RunMount mount) throws InvalidMountException {
        for (var field : mount.fields()) {
            if (field.key().equals("readonly") || field.key().equals("readwrite")) {
                // The last one counts, whichever of the two it is.
                var said = bool(field, values.getOrDefault(field.key(), "true"));
                readOnly = Optional.of(field.key().equals("readonly") == said);
            }
        }
        allowed(mount);
        return switch (type) {
            case "bind" -> new Mount.Bind(target(), text("from"), text("source").orElse("/"), !readOnly.orElse(true));
            case "cache" -> cache();
            case "tmpfs" -> new Mount.Tmpfs(target(), readOnly.orElse(false), size());
            case "secret" -> secret();
            default -> ssh();
        };
    }

    private void allowed(RunMount mount) throws InvalidMountException {
        var access = Set.of("cache", "secret", "ssh").contains(type);
        for (var field : mount.fields()) {
            var key = field.key();
            switch (key) {
                case "mode", "uid", "gid" -> {
                    if (!access) {
                        throw invalid(key + " not allowed for \"" + type + "\" type mounts");
                    }
                }
                case "size" -> unless(type.equals("tmpfs"), key);
                case "required" -> unless(type.equals("secret") || type.equals("ssh"), key);
                case "env" -> unless(type.equals("secret"), key);
                case "sharing" -> {
                    var sharing = values.get("sharing");
                    if (!type.equals("cache")) {
                        throw invalid("invalid cache sharing set for " + type + " mount");
                    } else if (!SHARING.contains(String.valueOf(sharing).toLowerCase(Locale.ROOT))) {
                        throw new InvalidMountException(
                                "unsupported sharing value \"" + sharing + "\"",
                                Suggestion.nearest(String.valueOf(sharing), SHARING));
                    }
                }
                case "from" -> {
                    if (type.equals("secret") || type.equals("ssh") || type.equals("tmpfs")) {
                        throw invalid(type + " mount should not have a from");
                    }
                }
                default -> {}
            }
        }
    }

    private void unless(boolean allowed, String key) throws InvalidMountException {
        if (!allowed) {
            throw invalid("unexpected key '" + key + "' for mount type '" + type + "'");
        }
    }

    private Mount cache() throws InvalidMountException {
        var target = target();
        return new Mount.Cache(
                target,
                text("id").orElse(target),
                readOnly.orElse(false),
                Mount.Sharing.valueOf(values.getOrDefault("sharing", "shared").toUpperCase(Locale.ROOT)),
                text("from"),
                text("source").orElse("/"),
                access());
    }

    private Mount secret() throws InvalidMountException {
        var source = text("source");
        var id = text("id");
        var target = text("target");
        if (source.isPresent() && id.isPresent()) {
            throw invalid("both source and id can't be set");
        }
        var name = id.or(() -> source).or(() -> target.map(MountReader::lastPart));
        if (name.isEmpty()) {
            throw invalid("invalid secret mount. one of source, target required");
        }
        return new Mount.Secret(name.get(), target, text("env"), required(), access());
    }

    private Mount ssh() throws InvalidMountException {
        if (text("source").isPresent()) {
            throw invalid("ssh does not support source");
        }
        return new Mount.Ssh(text("id").orElse("default"), text("target"), required(), access());
    }

    /** The name that a path ends in. */
    static String lastPart(String path) {
        var end = path.length();
        while (end > 1 && path.charAt(end - 1) == '/') {
            end--;
        }
        return path.substring(path.lastIndexOf('/', end - 1) + 1, end);
    }

    private String target() throws InvalidMountException {
        var target = text("target").orElse("/");
        if (target.replace("/", "").replace(".", "").isEmpty() && target.startsWith("/")) {
            throw invalid("invalid mount target \"" + target + "\"");
        }
        return target;
    }

    private Optional<String> text(String key) {
        return Optional.ofNullable(values.get(key)).filter(value -> !value.isEmpty());
    }

    private boolean required() throws InvalidMountException {
        var value = values.get("required");
        return value != null && bool("required", value);
    }

    private static boolean bool(RunMount.Field field, String value) throws InvalidMountException {
        return bool(field.written().split("=", 2)[0].toLowerCase(Locale.ROOT), value);
    }

    private static boolean bool(String key, String value) throws InvalidMountException {
        if (TRUE.contains(value)) {
            return true;
        } else if (FALSE.contains(value)) {
            return false;
        }
        throw invalid("invalid value for " + key + ": " + value);
    }

    private Mount.Access access() throws InvalidMountException {
        return new Mount.Access(number("mode", 8), number("uid", 10), number("gid", 10));
    }

    private OptionalInt number(String key, int radix) throws InvalidMountException {
        var value = values.get(key);
        if (value == null) {
            return OptionalInt.empty();
        }
        try {
            var number = value.startsWith("+") ? -1 : Long.parseLong(value, radix);
            if (number < 0 || number > (radix == 8 ? 07777 : Integer.MAX_VALUE)) {
                throw invalid("invalid value " + value + " for " + key);
            }
            return OptionalInt.of((int) number);
        } catch (NumberFormatException e) {
            throw invalid("invalid value " + value + " for " + key);
        }
    }

    private OptionalLong size() throws InvalidMountException {
        var value = values.get("size");
        if (value == null) {
            return OptionalLong.empty();
        }
        var match = SIZE.matcher(value);
        if (value.length() > 30 || !match.matches()) {
            throw invalid("invalid value for size: " + value);
        }
        var unit = match.group(2).isEmpty() ? 0 : "kmgtp".indexOf(match.group(2).toLowerCase(Locale.ROOT)) + 1;
        return OptionalLong.of((long) (Double.parseDouble(match.group(1)) * Math.pow(1024, unit)));
    }

    private static InvalidMountException invalid(String message) {
        return new InvalidMountException(message, Optional.empty());
    }
}
