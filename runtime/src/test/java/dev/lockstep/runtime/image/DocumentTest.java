package dev.lockstep.runtime.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.store.Json;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DocumentTest {
    private static final String DIGEST = "\"digest\": \"sha256:" + "1".repeat(64) + "\", \"size\": 7";
    private static final String CONFIG =
            "{\"mediaType\": \"application/vnd.oci.image.config.v1+json\", " + DIGEST + "}";
    private static final String LAYER =
            "{\"mediaType\": \"application/vnd.oci.image.layer.v1.tar+gzip\", " + DIGEST + "}";
    private static final String HELM = "{\"mediaType\": \"application/vnd.cncf.helm.config.v1+json\", " + DIGEST + "}";
    private static final String ENCRYPTED =
            "{\"mediaType\": \"application/vnd.oci.image.layer.v1.tar+gzip+encrypted\", " + DIGEST + "}";

    @Test
    void a_manifest_names_its_configuration_and_layers() throws InvalidImageException {
        var document = parse("{'schemaVersion': 2, 'config': CONFIG, 'layers': [LAYER, LAYER]}", Optional.empty());

        assertThat(document).isInstanceOfSatisfying(Document.Manifest.class, manifest -> {
            assertThat(manifest.config().size()).isEqualTo(7);
            assertThat(manifest.layers()).hasSize(2);
        });
    }

    @Test
    void an_index_is_told_by_its_delivery_where_it_does_not_say_itself() throws InvalidImageException {
        assertThat(parse("{'schemaVersion': 2}", Optional.of(MediaType.OCI_INDEX)))
                .isInstanceOf(Document.Index.class);
        assertThat(parse("{'schemaVersion': 2, 'manifests': []}", Optional.of("text/plain")))
                .isInstanceOf(Document.Index.class);
    }

    @Test
    void a_platform_that_cannot_be_read_is_no_error() throws InvalidImageException {
        var document = parse(
                "{'schemaVersion': 2, 'manifests': [{'mediaType': 'x', DIGEST, 'platform': {'os': 'a b'}}]}",
                Optional.empty());

        assertThat(document)
                .isInstanceOfSatisfying(
                        Document.Index.class,
                        index -> assertThat(index.pick(Platform.current())).isEmpty());
    }

    @ParameterizedTest(name = "{1}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[]                                                                        | must be an object",
                "{                                                                         | is not JSON",
                "{'a': 1, 'a': 2}                                                          | Duplicate",
                "{}                                                                        | must be 2",
                "{'schemaVersion': '2'}                                                    | must be a whole number",
                "{'schemaVersion': 1, 'fsLayers': []}                                      | not supported",
                "{'schemaVersion': 2, 'mediaType': 5}                                      | must be text",
                "{'schemaVersion': 2, 'mediaType': 'application/x'}                        | not a container image",
                "{'schemaVersion': 2, 'manifests': [], 'layers': []}                       | ambiguous",
                "{'schemaVersion': 2, 'manifests': [], 'config': CONFIG}                   | ambiguous",
                "{'schemaVersion': 2}                                                      | config is missing",
                "{'schemaVersion': 2, 'config': HELM, 'layers': []}                        | not a container image",
                "{'schemaVersion': 2, 'config': CONFIG, 'layers': {}}                      | must be a list",
                "{'schemaVersion': 2, 'config': CONFIG, 'layers': [1]}                     | must be an object",
                "{'schemaVersion': 2, 'config': CONFIG, 'layers': [ENCRYPTED]}             | not supported",
                "{'schemaVersion': 2, 'config': {'mediaType': 'x'}, 'layers': []}          | size",
                "{'schemaVersion': 2, 'config': {'mediaType': 'x', 'size': -1}}            | size",
                "{'schemaVersion': 2, 'config': {'mediaType': 'x', 'size': 1e99}}          | whole number",
                "{'schemaVersion': 2, 'config': {'mediaType': 'x', 'size': 1, 'digest': 'sha256:../x'}} | sha256",
                "{'schemaVersion': 2, 'config': {'mediaType': 'x', 'size': 1, 'digest': 'sha512:00ab'}} | config: digest is a digest by sha512, which is not supported: only sha256 is"
            })
    void what_is_no_image_is_refused_with_the_field(String text, String why) {
        assertThatThrownBy(() -> parse(text.strip(), Optional.empty()))
                .isInstanceOf(InvalidImageException.class)
                .hasMessageContaining("manifest sha256:222222222222")
                .hasMessageContaining(why.strip());
    }

    @Test
    void a_type_inside_that_contradicts_the_one_outside_is_refused() {
        assertThatThrownBy(() -> parse(
                        "{'schemaVersion': 2, 'mediaType': '" + MediaType.OCI_INDEX + "', 'manifests': []}",
                        Optional.of(MediaType.OCI_MANIFEST)))
                .hasMessageContaining("described as");
    }

    private static Document parse(String text, Optional<String> declared) throws InvalidImageException {
        var json = text.replace("CONFIG", CONFIG)
                .replace("LAYER", LAYER)
                .replace("HELM", HELM)
                .replace("ENCRYPTED", ENCRYPTED)
                .replace("DIGEST", DIGEST)
                .replace('\'', '"');
        return Document.parse(
                Json.mapper(), json.getBytes(StandardCharsets.UTF_8), declared, new Digest("2".repeat(64)));
    }
}
