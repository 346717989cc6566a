package dev.lockstep.runtime.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlainRecordsTest {
    enum Colour {
        RED,
        GREEN
    }

    record Code(String hex) {
        @JsonCreator
        static Code parse(String text) {
            if (!text.startsWith("code:")) {
                throw new IllegalArgumentException("no code: " + text);
            }
            return new Code(text.substring(5));
        }

        @JsonValue
        @Override
        public String toString() {
            return "code:" + hex;
        }
    }

    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Shape.Round.class, name = "round"),
        @JsonSubTypes.Type(value = Shape.Square.class, name = "square")
    })
    sealed interface Shape {
        record Round(int radius, Optional<String> label) implements Shape {}

        record Square() implements Shape {}
    }

    /** Fills in what earlier versions did not write. */
    record Later(String name, Optional<Integer> size) {
        Later {
            name = Objects.requireNonNullElse(name, "unnamed");
        }
    }

    record All(
            String text,
            boolean flag,
            int number,
            long large,
            double ratio,
            Colour colour,
            Instant at,
            Duration grace,
            Path path,
            Code code,
            Shape shape,
            Shape.Round concrete,
            Later later,
            Optional<Boolean> perhaps,
            Optional<Later> nested,
            List<Shape> shapes,
            Collection<Code> codes,
            Set<String> words,
            Map<String, Optional<String>> variables,
            Map<Colour, List<Later>> byColour) {}

    private static final All ALL = new All(
            "ä\"\n\u0000",
            true,
            -7,
            1L << 40,
            0.25,
            Colour.GREEN,
            Instant.parse("2026-11-24T16:00:00.123456789Z"),
            Duration.ofMillis(1500),
            Path.of("/a b/ä:%"),
            new Code("ff"),
            new Shape.Round(3, Optional.of("x")),
            new Shape.Round(4, Optional.empty()),
            new Later("one", Optional.of(1)),
            Optional.of(false),
            Optional.empty(),
            List.of(new Shape.Square(), new Shape.Round(1, Optional.empty())),
            List.of(new Code("00")),
            Set.of("w"),
            Map.of("A", Optional.of("1")),
            Map.of(Colour.RED, List.of(new Later("two", Optional.empty()))));

    private final JsonMapper json = Json.mapper();

    private <T> T plain(String text, Class<T> type) throws IOException {
        try (var in = json.createParser(text)) {
            in.nextToken();
            var record = new PlainRecords().read(in, type);
            assertThat(in.nextToken()).as("all of it, and no more").isNull();
            return record;
        }
    }

    @Test
    void every_type_is_read_as_jackson_writes_and_reads_it() throws IOException {
        var text = json.writeValueAsString(ALL);
        assertThat(plain(text, All.class)).isEqualTo(ALL).isEqualTo(json.readValue(text, All.class));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"name\": \"n\", \"size\": 3, \"more\": {\"of\": [1, {\"it\": null}]}, \"and\": 1}",
                "{\"size\": 3}",
                "{\"size\": null}",
                "{\"name\": \"n\", \"size\": null}",
                "{}"
            })
    void additions_gaps_and_nothing_mean_what_they_mean_to_jackson(String text) throws IOException {
        assertThat(plain(text, Later.class)).isEqualTo(json.readValue(text, Later.class));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"radius\": \"3\"}",
                "{\"radius\": 3.5}",
                "{\"radius\": 99999999999}",
                "{\"radius\": 3, \"label\": 4}",
                "{\"radius\": 3, \"radius\": 4}",
                "{\"radius\": null}",
                "\"round\"",
                "[]",
                "{\"radius\": 3"
            })
    void what_would_have_to_be_converted_or_is_broken_is_left_to_jackson(String text) {
        assertThatThrownBy(() -> plain(text, Shape.Round.class)).isInstanceOf(IOException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"radius\": 3, \"type\": \"round\"}", "{\"type\": \"triangle\"}", "{\"type\": 1}", "{}"})
    void a_kind_that_is_not_said_first_or_not_known_is_left_to_jackson(String text) {
        assertThatThrownBy(() -> plain(text, Shape.class)).isInstanceOf(PlainRecords.Unusual.class);
    }

    @Test
    void what_is_missing_is_told_at_any_depth() {
        record Inner(String needed) {}
        record Outer(List<Inner> inners) {}
        assertThatThrownBy(() -> plain("{\"inners\": [{}]}", Outer.class)).isInstanceOf(PlainRecords.Unusual.class);
        assertThatThrownBy(() -> plain("{\"inners\": [null]}", Outer.class)).isInstanceOf(PlainRecords.Unusual.class);
        assertThatThrownBy(() -> plain("{}", Outer.class)).isInstanceOf(PlainRecords.Unusual.class);
    }

    @Test
    void an_unknown_type_of_a_component_is_no_trouble_until_it_is_met() throws IOException {
        record Odd(Optional<Thread> thread, String name) {}
        assertThat(plain("{\"name\": \"n\"}", Odd.class).name()).isEqualTo("n");
        assertThatThrownBy(() -> plain("{\"thread\": {}, \"name\": \"n\"}", Odd.class))
                .isInstanceOf(PlainRecords.Unusual.class);
    }
}
