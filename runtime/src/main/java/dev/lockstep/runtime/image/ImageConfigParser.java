package dev.lockstep.runtime.image;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads the configuration of an image and refuses what would mean something else to whoever uses it next. */
final class ImageConfigParser {
    /** Of one argument or variable: execve(2) takes no longer one (MAX_ARG_STRLEN). */
    private static final int TEXT_LIMIT = 128 * 1024 - 1;

    private static final int LIST_LIMIT = 10_000;
    private static final Pattern SIGNAL = Pattern.compile("[0-9]{1,2}|(SIG)?[A-Z][A-Z0-9]{1,8}([+-][0-9]{1,2})?");
    private static final Pattern PORT = Pattern.compile("[0-9]{1,5}(-[0-9]{1,5})?(/(tcp|udp|sctp))?");

    private final JsonMapper json;

    ImageConfigParser(JsonMapper json) {
        this.json = json;
    }

    ImageConfig parse(byte[] document, Digest digest) throws InvalidImageException {
        var root = JsonReader.of(json, document, "image configuration " + digest.abbreviated());
        var config = root.object("config");
        var run = config.isPresent() ? config.get() : JsonReader.of(json, new byte[] {'{', '}'}, "");
        var rootfs = root.requiredObject("rootfs");
        return new ImageConfig(
                platform(root),
                arguments(run, "Entrypoint").orElse(List.of()),
                arguments(run, "Cmd").orElse(List.of()),
                environment(run),
                workingDir(run),
                line(run, "User"),
                stopSignal(run),
                volumes(run),
                ports(run),
                run.textMap("Labels"),
                healthCheck(run),
                arguments(run, "Shell").filter(shell -> !shell.isEmpty()),
                diffIds(rootfs));
    }

    /** Reads the parts that are for people; what cannot be read of them is left out. */
    ImageDetails details(byte[] document, Image image) throws InvalidImageException {
        var root = JsonReader.of(
                json, document, "image configuration " + image.id().abbreviated());
        var steps = new ArrayList<ImageDetails.HistoryEntry>();
        var layers = image.layers().iterator();
        for (var step : root.objects("history")) {
            var layer = step.isTrue("empty_layer") || !layers.hasNext()
                    ? Optional.<Layer>empty()
                    : Optional.of(layers.next());
            steps.add(new ImageDetails.HistoryEntry(
                    ImageDetails.time(step.text("created")),
                    step.text("created_by").orElse(""),
                    step.text("comment").orElse(""),
                    layer));
        }
        // Not every tool writes a history; the layers are there all the same.
        layers.forEachRemaining(
                layer -> steps.add(new ImageDetails.HistoryEntry(Optional.empty(), "", "", Optional.of(layer))));
        return new ImageDetails(
                ImageDetails.time(root.text("created")), root.text("author"), root.jsonObject("config"), steps);
    }

    private static Platform platform(JsonReader root) throws InvalidImageException {
        try {
            return new Platform(
                    root.requiredText("os"),
                    root.requiredText("architecture"),
                    root.text("variant").filter(v -> !v.isEmpty()));
        } catch (IllegalArgumentException e) {
            throw root.invalid("platform", String.valueOf(e.getMessage()));
        }
    }

    private static Optional<List<String>> arguments(JsonReader run, String field) throws InvalidImageException {
        var texts = run.texts(field);
        for (var text : bounded(run, field, texts.orElse(List.of()))) {
            checkText(run, field, text);
        }
        return texts;
    }

    private static <C extends Collection<String>> C bounded(JsonReader run, String field, C texts)
            throws InvalidImageException {
        if (texts.size() > LIST_LIMIT) {
            throw run.invalid(field, "has more than " + LIST_LIMIT + " entries");
        }
        return texts;
    }

    private static void checkText(JsonReader run, String field, String text) throws InvalidImageException {
        if (text.length() > TEXT_LIMIT) {
            throw run.invalid(field, "has an entry of more than " + TEXT_LIMIT + " characters");
        }
        if (text.indexOf('\0') >= 0) {
            throw run.invalid(field, "holds a NUL character");
        }
    }

    private static List<String> environment(JsonReader run) throws InvalidImageException {
        var variables = new ArrayList<String>();
        for (var entry : bounded(run, "Env", run.texts("Env").orElse(List.of()))) {
            checkText(run, "Env", entry);
            var equals = entry.indexOf('=');
            if (entry.substring(0, Math.max(equals, 0)).chars().anyMatch(Character::isISOControl)) {
                throw run.invalid("Env", "has a name with control characters");
            }
            // Without a name or a value there is nothing to set; Docker leaves such entries without effect too.
            if (equals > 0) {
                variables.add(entry);
            }
        }
        return variables;
    }

    /** Text of one line: it goes into a field of its own later, and a newline would start another one. */
    private static Optional<String> line(JsonReader run, String field) throws InvalidImageException {
        var text = run.text(field).filter(t -> !t.isEmpty());
        if (text.isPresent()) {
            checkText(run, field, text.get());
            if (text.get().length() > 4096 || text.get().chars().anyMatch(Character::isISOControl)) {
                throw run.invalid(field, "must be one short line without control characters");
            }
        }
        return text;
    }

    private static Optional<String> workingDir(JsonReader run) throws InvalidImageException {
        return line(run, "WorkingDir").map(ImageConfigParser::clean);
    }

    /** Absolute, without empty, {@code .} and {@code ..} parts; {@code ..} above the root is the root. */
    private static String clean(String path) {
        var parts = new ArrayDeque<String>();
        for (var part : path.split("/", -1)) {
            switch (part) {
                case "", "." -> {}
                case ".." -> parts.pollLast();
                default -> parts.addLast(part);
            }
        }
        return "/" + String.join("/", parts);
    }

    private static Optional<String> stopSignal(JsonReader run) throws InvalidImageException {
        var signal = line(run, "StopSignal").map(s -> s.toUpperCase(Locale.ROOT));
        if (signal.isPresent() && !SIGNAL.matcher(signal.get()).matches()) {
            throw run.invalid("StopSignal", "is no signal: " + signal.get());
        }
        return signal;
    }

    private static Set<String> volumes(JsonReader run) throws InvalidImageException {
        var volumes = new LinkedHashSet<String>();
        for (var path : bounded(run, "Volumes", run.names("Volumes"))) {
            if (path.isBlank() || path.length() > 4096 || path.chars().anyMatch(Character::isISOControl)) {
                throw run.invalid("Volumes", "must be paths of one line");
            }
            var clean = clean(path);
            if (clean.equals("/")) {
                throw run.invalid("Volumes", "must not be the root directory");
            }
            volumes.add(clean);
        }
        return volumes;
    }

    /** What is no port is left out: the field is for people only. */
    private static Set<String> ports(JsonReader run) throws InvalidImageException {
        var ports = new LinkedHashSet<>(bounded(run, "ExposedPorts", run.names("ExposedPorts")));
        ports.removeIf(port -> !PORT.matcher(port).matches());
        return ports;
    }

    private static Optional<ImageHealthCheck> healthCheck(JsonReader run) throws InvalidImageException {
        var check = run.object("Healthcheck");
        if (check.isEmpty()) {
            return Optional.empty();
        }
        var fields = check.get();
        var test = arguments(fields, "Test").orElse(List.of());
        if (test.isEmpty()) {
            return Optional.empty();
        }
        if (!List.of("NONE", "CMD", "CMD-SHELL").contains(test.getFirst())) {
            throw fields.invalid("Test", "must begin with NONE, CMD or CMD-SHELL");
        }
        return Optional.of(new ImageHealthCheck(
                test,
                nanoseconds(fields, "Interval"),
                nanoseconds(fields, "Timeout"),
                nanoseconds(fields, "StartPeriod"),
                nanoseconds(fields, "StartInterval"),
                fields.number("Retries").filter(n -> n > 0).map(n -> (int) Math.min(n, Integer.MAX_VALUE))));
    }

    /** Docker writes 0 for "not said". */
    private static Optional<Duration> nanoseconds(JsonReader fields, String field) throws InvalidImageException {
        var number = fields.number(field);
        if (number.isPresent() && number.get() < 0) {
            throw fields.invalid(field, "must not be negative");
        }
        return number.filter(n -> n > 0).map(Duration::ofNanos);
    }

    private static List<Digest> diffIds(JsonReader rootfs) throws InvalidImageException {
        if (!rootfs.text("type").orElse("layers").equals("layers")) {
            throw rootfs.invalid("type", "must be \"layers\"");
        }
        var ids = new ArrayList<Digest>();
        for (var text : rootfs.texts("diff_ids").orElse(List.of())) {
            try {
                ids.add(Digest.parse(text));
            } catch (IllegalArgumentException e) {
                throw rootfs.invalid("diff_ids", "holds what is " + e.getMessage());
            }
        }
        return ids;
    }
}
