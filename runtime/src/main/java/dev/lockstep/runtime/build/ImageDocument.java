package dev.lockstep.runtime.build;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.Platform;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/** An image's configuration as a document, read and written with everything that Docker adds to the specification. */
final class ImageDocument {
    /** Says in a line of history which builder wrote it. */
    static final String COMMENT = "lockstep.dockerfile.v1";

    private final JsonMapper json;

    ImageDocument(JsonMapper json) {
        this.json = json;
    }

    /**
     * Reads the configuration of a base image.
     *
     * @param document that the store has checked: {@link dev.lockstep.runtime.image.ImageStore#find} returned its image
     * @param layers of the image
     */
    static ImageDraft read(JsonNode document, Platform platform, List<Layer> layers) {
        var config = document.path("config");
        var read = new RunConfig(
                text(config, "User"),
                new TreeSet<>(names(config.path("ExposedPorts"))),
                environment(config.path("Env")),
                words(config, "Entrypoint"),
                words(config, "Cmd"),
                new TreeSet<>(names(config.path("Volumes"))),
                text(config, "WorkingDir"),
                new TreeMap<>(texts(config.path("Labels"))),
                text(config, "StopSignal"),
                healthCheck(config.path("Healthcheck")),
                words(config, "Shell").filter(shell -> !shell.isEmpty()),
                words(config, "OnBuild").orElse(List.of()),
                config.path("ArgsEscaped").asBoolean(false));
        var history = new ArrayList<HistoryEntry>();
        for (var entry : document.path("history")) {
            history.add(new HistoryEntry(
                    text(entry, "created"),
                    entry.path("created_by").asText(""),
                    entry.path("comment").asText(""),
                    entry.path("author").asText(""),
                    entry.path("empty_layer").asBoolean(false)));
        }
        return new ImageDraft(
                platform, document.path("author").asText(""), read, layers, withoutGaps(history, layers.size()), false);
    }

    /** As many lines with a layer as there are layers: tools count them. */
    private static List<HistoryEntry> withoutGaps(List<HistoryEntry> history, int layers) {
        var told = history.stream().filter(entry -> !entry.emptyLayer()).count();
        if (told == layers) {
            return history;
        }
        var whole = new ArrayList<HistoryEntry>();
        for (var i = 0; i < layers; i++) {
            whole.add(new HistoryEntry(Optional.empty(), "", "", "", false));
        }
        return whole;
    }

    private static Optional<String> text(JsonNode node, String name) {
        return Optional.ofNullable(node.path(name).textValue()).filter(value -> !value.isEmpty());
    }

    private static List<String> names(JsonNode node) {
        var names = new ArrayList<String>();
        node.fieldNames().forEachRemaining(names::add);
        return names;
    }

    private static Map<String, String> texts(JsonNode node) {
        var texts = new LinkedHashMap<String, String>();
        node.properties()
                .forEach(entry -> texts.put(entry.getKey(), entry.getValue().asText()));
        return texts;
    }

    private static Map<String, String> environment(JsonNode node) {
        var variables = new LinkedHashMap<String, String>();
        for (var entry : node) {
            var parts = entry.asText().split("=", 2);
            variables.put(parts[0], parts.length > 1 ? parts[1] : "");
        }
        return variables;
    }

    private static Optional<List<String>> words(JsonNode node, String name) {
        var array = node.path(name);
        if (!array.isArray()) {
            return Optional.empty();
        }
        var words = new ArrayList<String>();
        array.forEach(word -> words.add(word.asText()));
        return Optional.of(words);
    }

    private static Optional<DeclaredHealthCheck> healthCheck(JsonNode node) {
        var test = words(node, "Test").orElse(List.of());
        return test.isEmpty()
                ? Optional.empty()
                : Optional.of(new DeclaredHealthCheck(
                        test,
                        Duration.ofNanos(node.path("Interval").asLong()),
                        Duration.ofNanos(node.path("Timeout").asLong()),
                        Duration.ofNanos(node.path("StartPeriod").asLong()),
                        Duration.ofNanos(node.path("StartInterval").asLong()),
                        Math.max(0, node.path("Retries").asInt())));
    }

    /**
     * The configuration of a finished image. The same draft makes the same bytes.
     *
     * @param epoch the time that everything of this build has; absent: when its steps were done
     * @param inherited lines of history that are the base image's, whose times stay
     */
    ObjectNode write(ImageDraft draft, Optional<String> epoch, int inherited) {
        var history = HistoryTimes.fill(draft.history(), epoch, inherited);
        var document = json.createObjectNode();
        document.put("architecture", draft.platform().architecture());
        if (!draft.author().isEmpty()) {
            document.put("author", draft.author());
        }
        document.set("config", config(draft.config()));
        epoch.or(() -> history.isEmpty() ? Optional.empty() : history.getLast().created())
                .ifPresent(created -> document.put("created", created));
        var lines = document.putArray("history");
        for (var entry : history) {
            var line = lines.addObject();
            entry.created().ifPresent(created -> line.put("created", created));
            putText(line, "created_by", entry.createdBy());
            putText(line, "author", entry.author());
            putText(line, "comment", entry.comment());
            if (entry.emptyLayer()) {
                line.put("empty_layer", true);
            }
        }
        document.put("os", draft.platform().os());
        var diffIds = document.putObject("rootfs").put("type", "layers").putArray("diff_ids");
        draft.layers().forEach(layer -> diffIds.add(layer.diffId().toString()));
        draft.platform().variant().ifPresent(variant -> document.put("variant", variant));
        return document;
    }

    private ObjectNode config(RunConfig config) {
        var node = json.createObjectNode();
        config.user().ifPresent(user -> putText(node, "User", user));
        putNames(node, "ExposedPorts", config.exposedPorts());
        if (!config.environment().isEmpty()) {
            var array = node.putArray("Env");
            config.environment().forEach((name, value) -> array.add(name + "=" + value));
        }
        config.entrypoint().ifPresent(words -> words.forEach(node.putArray("Entrypoint")::add));
        config.command().ifPresent(words -> words.forEach(node.putArray("Cmd")::add));
        putNames(node, "Volumes", config.volumes());
        config.workingDir().ifPresent(path -> putText(node, "WorkingDir", path));
        if (!config.labels().isEmpty()) {
            config.labels().forEach(node.putObject("Labels")::put);
        }
        config.stopSignal().ifPresent(signal -> putText(node, "StopSignal", signal));
        config.healthCheck().ifPresent(check -> healthCheck(node.putObject("Healthcheck"), check));
        config.shell().ifPresent(words -> words.forEach(node.putArray("Shell")::add));
        if (!config.onBuild().isEmpty()) {
            config.onBuild().forEach(node.putArray("OnBuild")::add);
        }
        if (config.argsEscaped()) {
            node.put("ArgsEscaped", true);
        }
        return node;
    }

    private static void healthCheck(ObjectNode node, DeclaredHealthCheck check) {
        check.test().forEach(node.putArray("Test")::add);
        putTime(node, "Interval", check.interval());
        putTime(node, "Timeout", check.timeout());
        putTime(node, "StartPeriod", check.startPeriod());
        putTime(node, "StartInterval", check.startInterval());
        if (check.retries() > 0) {
            node.put("Retries", check.retries());
        }
    }

    private static void putTime(ObjectNode node, String name, Duration time) {
        if (!time.isZero()) {
            node.put(name, time.toNanos());
        }
    }

    private static void putText(ObjectNode node, String name, String value) {
        if (!value.isEmpty()) {
            node.put(name, value);
        }
    }

    private static void putNames(ObjectNode node, String name, Collection<String> names) {
        if (!names.isEmpty()) {
            var object = node.putObject(name);
            names.forEach(object::putObject);
        }
    }
}
