package dev.lockstep.spec.conformance;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.Map;
import java.util.Optional;

/** What a case must give: the recorded answer, or what stands in the case instead. */
final class Expectation {
    private final ObjectMapper mapper;

    Expectation(ObjectMapper mapper) {
        this.mapper = mapper;
    }

    /** The canonical form that is expected; empty if the files must be refused. */
    Optional<JsonNode> of(Case subject, Optional<JsonNode> recorded) throws IOException {
        var whole = subject.files().get("expected.json");
        var patch = subject.files().get("expected.patch");
        if (whole != null) {
            return Optional.of(comparable(whole));
        } else if (patch != null) {
            return Optional.of(normal(merged(recorded.orElseThrow().deepCopy(), mapper.readTree(patch))));
        } else if (subject.files().containsKey("expected.error")) {
            return Optional.empty();
        }
        return recorded.map(config -> normal(config.deepCopy()));
    }

    JsonNode comparable(String json) throws IOException {
        return normal(mapper.readTree(json));
    }

    /** As RFC 7396 says. */
    private static JsonNode merged(JsonNode target, JsonNode patch) {
        if (!(patch instanceof ObjectNode fields)) {
            return patch;
        }
        var result = target instanceof ObjectNode object ? object : fields.objectNode();
        for (var field : fields.properties()) {
            if (field.getValue().isNull()) {
                result.remove(field.getKey());
            } else {
                result.set(field.getKey(), merged(result.path(field.getKey()), field.getValue()));
            }
        }
        return result;
    }

    /**
     * With fields sorted, 1.0 as 1, and without {@code create_host_path: true}, which the recorded reference prints for
     * short forms and the newest never.
     */
    private static JsonNode normal(JsonNode node) {
        return switch (node) {
            case ObjectNode object -> {
                var sorted = object.objectNode();
                object.properties().stream()
                        .filter(field -> !(field.getKey().equals("create_host_path")
                                && field.getValue().asBoolean()))
                        .sorted(Map.Entry.comparingByKey())
                        .forEach(field -> sorted.set(field.getKey(), normal(field.getValue())));
                yield sorted;
            }
            case ArrayNode array -> {
                for (var i = 0; i < array.size(); i++) {
                    array.set(i, normal(array.get(i)));
                }
                yield array;
            }
            default -> node.isNumber() ? DecimalNode.valueOf(stripped(node.decimalValue())) : node;
        };
    }

    private static BigDecimal stripped(BigDecimal value) {
        return value.signum() == 0 ? BigDecimal.ZERO : value.stripTrailingZeros();
    }
}
