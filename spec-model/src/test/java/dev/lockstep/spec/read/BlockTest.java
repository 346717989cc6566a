package dev.lockstep.spec.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/**
 * How the tests of blocks ask: what a block is printed as, that the print is read as the same again, and what is said
 * of a wrong one, with its place.
 */
abstract class BlockTest {
    /** What everything that is named is declared as. */
    static final String DECLARED = """
            networks: {n: , m: }
            volumes: {v: }
            secrets: {s: {file: ./s}, t: {environment: SET}}
            configs: {c: {content: x}}
            models: {m: {model: ai/x}}
            """;

    @TempDir
    Path directory;

    OneFile service(String attributes) throws IOException {
        return OneFile.service(directory, attributes, DECLARED);
    }

    OneFile file(String text) throws IOException {
        return OneFile.load(directory, text);
    }

    /** The attribute is printed as {@code json}, and what is printed, as JSON or YAML, loads as the same. */
    void printed(String attributes, String key, String json) throws IOException {
        var first = service(attributes);
        assertThat(first.errors()).isEmpty();
        assertThat(first.attribute(key)).isEqualTo(OneFile.parse(json));
        stays(first);
    }

    void stays(OneFile first) throws IOException {
        assertThat(file(first.json().toPrettyString()))
                .satisfies(again -> assertThat(again.errors()).isEmpty())
                .satisfies(again -> assertThat(again.json()).isEqualTo(first.json()));
        assertThat(file(first.yaml()))
                .satisfies(again -> assertThat(again.errors()).isEmpty())
                .satisfies(again -> assertThat(again.json()).isEqualTo(first.json()));
    }

    /** The service is refused with this, among others. */
    void refused(String attributes, String problem) throws IOException {
        assertThat(service(attributes).errors()).contains("compose.yaml:" + problem);
    }
}
