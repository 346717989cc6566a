package dev.lockstep.runtime.image;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads fields of an object that a stranger wrote: null is absent, another type than expected is an error that names
 * the field, and nothing may be bigger than the document, which is bounded where it is read.
 */
final class JsonReader {
    /** Most bytes of a manifest or configuration (distribution specification, "manifests … 4 megabytes"). */
    static final int DOCUMENT_LIMIT = 4 << 20;

    private final JsonNode object;
    private final String what;

    private JsonReader(JsonNode object, String what) {
        this.object = object;
        this.what = what;
    }

    /** @param what names the document in errors, e.g. {@code image configuration sha256:ab…} */
    static JsonReader of(JsonMapper json, byte[] document, String what) throws InvalidImageException {
        return of(tree(json, document, what), what);
    }

    /** Reads a document that is a list of objects. */
    static List<JsonReader> list(JsonMapper json, byte[] document, String what) throws InvalidImageException {
        var wrapped = json.createObjectNode();
        wrapped.set("entries", tree(json, document, what));
        return new JsonReader(wrapped, what).objects("entries");
    }

    private static JsonNode tree(JsonMapper json, byte[] document, String what) throws InvalidImageException {
        if (document.length > DOCUMENT_LIMIT) {
            throw new InvalidImageException(what + " has more than 4 MiB");
        }
        try {
            return json.readTree(document);
        } catch (IOException e) {
            throw new InvalidImageException(what + " is not JSON: " + firstLine(e), e);
        }
    }

    private static JsonReader of(JsonNode node, String what) throws InvalidImageException {
        if (!node.isObject()) {
            throw new InvalidImageException(what + " must be an object");
        }
        return new JsonReader(node, what);
    }

    private static String firstLine(IOException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }

    InvalidImageException invalid(String field, String problem) {
        return new InvalidImageException(what + ": " + field + " " + problem);
    }

    private Optional<JsonNode> value(String field) {
        return Optional.ofNullable(object.get(field)).filter(v -> !v.isNull());
    }

    boolean has(String field) {
        return value(field).isPresent();
    }

    Optional<String> text(String field) throws InvalidImageException {
        var value = value(field);
        if (value.isPresent() && !value.get().isTextual()) {
            throw invalid(field, "must be text");
        }
        return value.map(JsonNode::textValue);
    }

    String requiredText(String field) throws InvalidImageException {
        var value = text(field);
        if (value.isEmpty()) {
            throw invalid(field, "is missing");
        }
        return value.get();
    }

    Optional<Long> number(String field) throws InvalidImageException {
        var value = value(field);
        if (value.isPresent() && !(value.get().isIntegralNumber() && value.get().canConvertToLong())) {
            throw invalid(field, "must be a whole number");
        }
        return value.map(JsonNode::longValue);
    }

    Optional<JsonReader> object(String field) throws InvalidImageException {
        var value = value(field);
        return value.isPresent() ? Optional.of(of(value.get(), what + ": " + field)) : Optional.empty();
    }

    /** Whether the field is {@code true}; anything else is not. */
    boolean isTrue(String field) {
        return value(field).filter(v -> v.isBoolean() && v.booleanValue()).isPresent();
    }

    /** An object as JSON, an empty one where there is none. */
    String jsonObject(String field) throws InvalidImageException {
        return object(field).map(value -> value.object.toString()).orElse("{}");
    }

    JsonReader requiredObject(String field) throws InvalidImageException {
        var value = object(field);
        if (value.isEmpty()) {
            throw invalid(field, "is missing");
        }
        return value.get();
    }

    Optional<List<String>> texts(String field) throws InvalidImageException {
        var value = value(field);
        if (value.isEmpty()) {
            return Optional.empty();
        }
        var texts = new ArrayList<String>();
        for (var element : array(field, value.get())) {
            if (!element.isTextual()) {
                throw invalid(field, "must be a list of texts");
            }
            texts.add(element.textValue());
        }
        return Optional.of(texts);
    }

    List<JsonReader> objects(String field) throws InvalidImageException {
        var value = value(field);
        var objects = new ArrayList<JsonReader>();
        if (value.isPresent()) {
            for (var element : array(field, value.get())) {
                objects.add(of(element, what + ": " + field + "[" + objects.size() + "]"));
            }
        }
        return objects;
    }

    private JsonNode array(String field, JsonNode value) throws InvalidImageException {
        if (!value.isArray()) {
            throw invalid(field, "must be a list");
        }
        return value;
    }

    /** Values that are not text are left out: annotations and labels are for people. */
    Map<String, String> textMap(String field) throws InvalidImageException {
        var texts = new LinkedHashMap<String, String>();
        var value = object(field);
        if (value.isPresent()) {
            for (var entry : value.get().object.properties()) {
                if (entry.getValue().isTextual()) {
                    texts.put(entry.getKey(), entry.getValue().textValue());
                }
            }
        }
        return texts;
    }

    /** Names of the fields of an object that stands for a set, as Go writes it. */
    List<String> names(String field) throws InvalidImageException {
        var value = object(field);
        return value.isEmpty()
                ? List.of()
                : value.get().object.properties().stream()
                        .map(Map.Entry::getKey)
                        .toList();
    }

    Digest digest(String field) throws InvalidImageException {
        var text = requiredText(field);
        try {
            return Digest.parse(text);
        } catch (IllegalArgumentException e) {
            throw new InvalidImageException(what + ": " + field + " is " + e.getMessage(), e);
        }
    }
}
