package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class JsonTextTest {
    @Test
    void there_is_nothing_in_what_is_empty_as_with_docker() {
        assertThat(JsonText.document(json -> {
                    json.writeStartArray();
                    json.writeEndArray();
                }))
                .isEqualTo("[]\n");
        assertThat(JsonText.document(json -> {
                    json.writeStartObject();
                    json.writeObjectFieldStart("Labels");
                    json.writeEndObject();
                    json.writeEndObject();
                }))
                .isEqualTo("{\n  \"Labels\": {}\n}\n");
    }
}
