package dev.lockstep.runtime.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.image.Descriptor;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.MediaType;
import java.io.IOException;
import java.net.http.HttpRequest;

/**
 * The list of what refers to an image, kept under a tag for registries that keep none themselves (distribution
 * specification, "Pushing Manifests with Subject", "Referrers Tag Schema"). Who writes it last wins: the specification
 * knows nothing better.
 */
final class Referrers {
    private static final int LIMIT = 4 << 20;

    private final RegistryHttp http;
    private final JsonMapper json;
    private final Endpoint endpoint;

    Referrers(RegistryHttp http, JsonMapper json, Endpoint endpoint) {
        this.http = http;
        this.json = json;
        this.endpoint = endpoint;
    }

    /** Adds a manifest to what refers to {@code subject}, unless it is there. */
    void add(Digest subject, Descriptor document, JsonNode manifest) throws IOException {
        var tag = subject.toString().replace(':', '-');
        var index = http.retrying(() -> read(tag));
        var manifests = index.withArrayProperty("manifests");
        for (var entry : manifests) {
            if (entry.path("digest").asText("").equals(document.digest().toString())) {
                return;
            }
        }
        describe(manifests, document, manifest);
        var bytes = json.writeValueAsBytes(index);
        http.retrying(() -> {
            var request = new RegistryHttp.Exchange("PUT", endpoint.manifest(tag))
                    .header("Content-Type", MediaType.OCI_INDEX)
                    .body(HttpRequest.BodyPublishers.ofByteArray(bytes));
            try (var answer = http.send(endpoint, request)) {
                if (!answer.isSuccess()) {
                    throw answer.status() == 403 ? http.denied(endpoint, answer) : http.failed(endpoint.host(), answer);
                }
                answer.body().drain();
                return true;
            }
        });
    }

    private static void describe(ArrayNode manifests, Descriptor document, JsonNode manifest) {
        var entry = manifests
                .addObject()
                .put("mediaType", document.mediaType())
                .put("digest", document.digest().toString())
                .put("size", document.size());
        var type = manifest.path("artifactType")
                .asText(manifest.path("config").path("mediaType").asText(""));
        if (!type.isEmpty()) {
            entry.put("artifactType", type);
        }
        if (manifest.get("annotations") instanceof ObjectNode annotations) {
            entry.set("annotations", annotations);
        }
    }

    private ObjectNode read(String tag) throws IOException, InterruptedException {
        try (var answer = http.send("GET", endpoint, endpoint.manifest(tag), RegistryClient.accept())) {
            if (answer.status() == 404) {
                answer.body().drain();
                return json.createObjectNode().put("schemaVersion", 2).put("mediaType", MediaType.OCI_INDEX);
            }
            if (!answer.isSuccess()) {
                throw answer.status() == 403 ? http.denied(endpoint, answer) : http.failed(endpoint.host(), answer);
            }
            var bytes = http.read(endpoint.host(), answer, LIMIT, "what refers to an image");
            if (json.readTree(bytes) instanceof ObjectNode index
                    && (index.path("manifests").isMissingNode()
                            || index.path("manifests").isArray())) {
                return index;
            }
        } catch (JsonProcessingException e) {
            // Said below.
        }
        throw new RegistryException(
                RegistryException.Reason.BROKEN,
                "registry " + endpoint.host() + " has as " + tag + " what is no list of what refers to an image");
    }
}
