package dev.lockstep.runtime.attest;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.build.BuildRequest;
import dev.lockstep.runtime.build.Built;
import dev.lockstep.runtime.image.BlobStore;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Writes how an image was built as SLSA's provenance (slsa.dev/spec/v1.0/provenance). Secrets are there by their ids;
 * addresses have no logins.
 */
final class ProvenanceDocument {
    /** What a statement calls it. */
    static final String PREDICATE = "https://slsa.dev/provenance/v1";

    /** What the parameters mean: those of Lockstep's builder of Dockerfiles. */
    static final String BUILD_TYPE = "urn:lockstep:build:dockerfile:v1";

    private static final String SOURCE = "org.opencontainers.image.source";
    private static final String REVISION = "org.opencontainers.image.revision";
    private static final Pattern LOGIN = Pattern.compile("(?<=[a-zA-Z0-9+.-])://[^/@\\s\"']++@");

    private final JsonMapper json;

    ProvenanceDocument(JsonMapper json) {
        this.json = json;
    }

    /**
     * The document.
     *
     * @param source labels that tell where the context is from; none: a directory of this host
     * @param host that builds
     * @param finished when it was done
     */
    ObjectNode write(
            Built built, Attestation.Provenance how, Map<String, String> source, String host, Instant finished) {
        var request = built.request();
        var document = json.createObjectNode();
        var definition = document.putObject("buildDefinition");
        definition.put("buildType", BUILD_TYPE);
        parameters(definition.putObject("externalParameters"), request, how, source);
        definition
                .putObject("internalParameters")
                .put("builderPlatform", request.platform().toString())
                .put("hermetic", false);
        var materials = definition.putArray("resolvedDependencies");
        if (source.containsKey(SOURCE) && source.containsKey(REVISION)) {
            var entry = materials.addObject().put("uri", "git+" + withoutLogins(source.getOrDefault(SOURCE, "")));
            entry.putObject("digest").put("gitCommit", source.getOrDefault(REVISION, ""));
        }
        for (var material : built.materials()) {
            var entry = materials.addObject().put("uri", withoutLogins(material.uri()));
            material.digests().forEach(entry.putObject("digest")::put);
        }
        var run = document.putObject("runDetails");
        run.putObject("builder").put("id", how.builder().orElse("urn:lockstep:builder:" + host));
        if (request.epoch().isEmpty()) {
            // With an epoch the image comes out the same whenever it is built, and so does what is said of it.
            run.putObject("metadata").put("startedOn", built.begun().toString()).put("finishedOn", finished.toString());
        }
        return document;
    }

    private static void parameters(
            ObjectNode into, BuildRequest request, Attestation.Provenance how, Map<String, String> source) {
        var config = into.putObject("configSource");
        if (source.containsKey(SOURCE)) {
            config.put("uri", "git+" + withoutLogins(source.getOrDefault(SOURCE, "")));
            if (source.containsKey(REVISION)) {
                config.putObject("digest").put("gitCommit", source.getOrDefault(REVISION, ""));
            }
        }
        var dockerfile = request.dockerfile().source();
        config.put("path", dockerfile.name());
        into.putObject("dockerfile")
                .put(
                        "sha256",
                        BlobStore.digest(String.join("\n", dockerfile.lines()).getBytes(StandardCharsets.UTF_8))
                                .hex());
        var parameters = into.putObject("request");
        parameters.put("platform", request.platform().toString());
        request.target().ifPresent(target -> parameters.put("target", target));
        request.epoch().ifPresent(epoch -> parameters.put("sourceDateEpoch", epoch.getEpochSecond()));
        if (how.everything()) {
            put(parameters, "args", request.arguments());
            put(parameters, "labels", request.labels());
        }
        names(parameters, "contexts", List.copyOf(request.contexts().keySet()));
        names(parameters, "secrets", List.copyOf(request.secrets().keySet()));
        names(parameters, "ssh", List.copyOf(request.agents().keySet()));
    }

    /** A proxy's address is the host's own affair, whatever is in it. */
    private static void put(ObjectNode parameters, String name, Map<String, String> values) {
        var shown = new TreeMap<String, String>();
        values.forEach((key, value) -> {
            if (!key.toUpperCase(Locale.ROOT).endsWith("_PROXY")) {
                shown.put(key, withoutLogins(value));
            }
        });
        if (!shown.isEmpty()) {
            shown.forEach(parameters.putObject(name)::put);
        }
    }

    private static void names(ObjectNode parameters, String name, List<String> names) {
        if (!names.isEmpty()) {
            new TreeSet<>(names).forEach(parameters.putArray(name)::add);
        }
    }

    private static String withoutLogins(String text) {
        return LOGIN.matcher(text).replaceAll("://");
    }
}
