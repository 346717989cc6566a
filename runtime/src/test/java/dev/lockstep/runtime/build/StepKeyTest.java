package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.MediaType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Two steps have one key exactly when they are the same. */
class StepKeyTest {
    private static Layer layer(int blob, int diffId) {
        return new Layer(
                new Digest("%064x".formatted(blob)),
                new Digest("%064x".formatted(diffId)),
                MediaType.OCI_LAYER,
                1,
                List.of());
    }

    @Test
    void what_is_between_two_parts_is_no_part_of_either() {
        assertThat(StepKey.of("run").add("a").add("b").key())
                .isEqualTo(StepKey.of("run").add("a").add("b").key())
                .isNotEqualTo(StepKey.of("run").add("ab").add("").key())
                .isNotEqualTo(StepKey.of("run").add("a\n1:b").key())
                .isNotEqualTo(StepKey.of("run").add(List.of("a", "b")).key())
                .isNotEqualTo(StepKey.of("copy").add("a").add("b").key());
        assertThat(StepKey.of("run").add(List.of("a")).add(List.of()).key())
                .isNotEqualTo(StepKey.of("run").add(List.of()).add(List.of("a")).key());
    }

    @Test
    void variables_count_in_any_order() {
        var one = new LinkedHashMap<String, String>();
        one.put("A", "1");
        one.put("B", "2");
        var other = new LinkedHashMap<String, String>();
        other.put("B", "2");
        other.put("A", "1");
        assertThat(StepKey.of("run").add(one).key())
                .isEqualTo(StepKey.of("run").add(other).key());
        assertThat(StepKey.of("run").add(Map.of("A", "1B")).key())
                .isNotEqualTo(StepKey.of("run").add(Map.of("A", "1", "B", "")).key());
    }

    @Test
    void layers_count_by_what_is_in_them_and_not_by_how_they_are_stored() {
        assertThat(StepKey.of("run").on(List.of(layer(1, 9))).key())
                .isEqualTo(StepKey.of("run").on(List.of(layer(2, 9))).key())
                .isNotEqualTo(StepKey.of("run").on(List.of(layer(1, 8))).key())
                .isNotEqualTo(
                        StepKey.of("run").on(List.of(layer(1, 9), layer(1, 9))).key());
    }
}
