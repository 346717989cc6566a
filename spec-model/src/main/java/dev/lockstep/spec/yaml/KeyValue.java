package dev.lockstep.spec.yaml;

/** One {@code KEY=VALUE} item of a list; without {@code =} the value is nothing. */
public record KeyValue(String key, YamlScalar value) {
    /** Splits a list item. */
    public static KeyValue of(YamlScalar item) {
        var text = item.asText();
        var equals = text.indexOf('=');
        return equals < 0
                ? new KeyValue(text, YamlScalar.nothing(item.at()))
                : new KeyValue(text.substring(0, equals), YamlScalar.text(item.at(), text.substring(equals + 1)));
    }
}
