package dev.lockstep.reconciler.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.spec.check.Finding;
import dev.lockstep.spec.yaml.Problem;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Findings in the Static Analysis Results Interchange Format 2.1.0, by which code hosts annotate a pull request at the
 * line (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html). Files are named relative to the directory in
 * which the command runs, which is the repository's root in CI.
 */
final class Sarif {
    private static final String ROOT = "SRCROOT";
    private static final Pattern FOREIGN = Pattern.compile("[^\\x00-\\x7F]+");

    /**
     * One result.
     *
     * @param rule its id
     * @param description one sentence that holds for all results of the rule
     * @param level {@code error}, {@code warning} or {@code note}
     * @param identity what, beside rule and file, makes it the same result as one of yesterday
     */
    record Result(String rule, String description, String level, Problem problem, String identity) {
        static Result of(Finding finding) {
            return new Result(
                    finding.rule().id(),
                    finding.rule().description(),
                    finding.isError() ? "error" : "warning",
                    finding.problem(),
                    finding.problem().path());
        }
    }

    private final Path directory;

    Sarif(Path directory) {
        this.directory = directory;
    }

    String write(List<Finding> findings) {
        return results(findings.stream().map(Result::of).toList());
    }

    String results(List<Result> results) {
        var rules = new LinkedHashMap<String, String>();
        results.forEach(result -> rules.putIfAbsent(result.rule, result.description));
        var ids = List.copyOf(rules.keySet());
        return JsonText.document(json -> {
            json.writeStartObject();
            json.writeStringField("$schema", "https://json.schemastore.org/sarif-2.1.0.json");
            json.writeStringField("version", "2.1.0");
            json.writeArrayFieldStart("runs");
            json.writeStartObject();
            tool(json, rules);
            // SnakeYAML counts characters, not UTF-16 units.
            json.writeStringField("columnKind", "unicodeCodePoints");
            json.writeArrayFieldStart("results");
            for (var result : results) {
                result(json, result, ids.indexOf(result.rule));
            }
            json.writeEndArray();
            json.writeEndObject();
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    private static void tool(JsonGenerator json, Map<String, String> rules) throws IOException {
        json.writeObjectFieldStart("tool");
        json.writeObjectFieldStart("driver");
        json.writeStringField("name", "lockstep");
        json.writeStringField("semanticVersion", CommandLineInterface.version());
        json.writeArrayFieldStart("rules");
        for (var rule : rules.entrySet()) {
            json.writeStartObject();
            json.writeStringField("id", rule.getKey());
            text(json, "shortDescription", rule.getValue());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
        json.writeEndObject();
    }

    private void result(JsonGenerator json, Result result, int rule) throws IOException {
        var problem = result.problem;
        json.writeStartObject();
        json.writeStringField("ruleId", result.rule);
        json.writeNumberField("ruleIndex", rule);
        json.writeStringField("level", result.level);
        text(
                json,
                "message",
                Printable.text((problem.path().isEmpty() ? "" : problem.path() + ": ") + problem.message()));
        json.writeArrayFieldStart("locations");
        if (!problem.at().isDefault()) {
            location(json, problem);
        }
        json.writeEndArray();
        json.writeObjectFieldStart("partialFingerprints");
        json.writeStringField("lockstep/1", fingerprint(result));
        json.writeEndObject();
        json.writeEndObject();
    }

    private void location(JsonGenerator json, Problem problem) throws IOException {
        json.writeStartObject();
        json.writeObjectFieldStart("physicalLocation");
        json.writeObjectFieldStart("artifactLocation");
        var uri = uri(problem.at().file());
        json.writeStringField("uri", uri);
        if (!uri.startsWith("file:")) {
            json.writeStringField("uriBaseId", ROOT);
        }
        json.writeEndObject();
        json.writeObjectFieldStart("region");
        json.writeNumberField("startLine", problem.at().line());
        json.writeNumberField("startColumn", problem.at().column());
        json.writeEndObject();
        json.writeEndObject();
        if (!problem.path().isEmpty()) {
            json.writeArrayFieldStart("logicalLocations");
            json.writeStartObject();
            json.writeStringField("fullyQualifiedName", problem.path());
            json.writeEndObject();
            json.writeEndArray();
        }
        json.writeEndObject();
    }

    /** Relative where the file is below the directory, with everything escaped that a URI cannot have. */
    private String uri(String file) {
        var path = directory.resolve(file).normalize();
        try {
            return ascii(
                    path.startsWith(directory)
                            ? new URI(null, null, "/" + directory.relativize(path), null)
                                    .getRawPath()
                                    .substring(1)
                            : new URI("file", "", path.toString(), null).toString());
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException("a path is no part of a URI: " + file, e);
        }
    }

    /** Not URI.toASCIIString, which puts letters and accents together: the file would have another name then. */
    private static String ascii(String uri) {
        return FOREIGN.matcher(uri).replaceAll(match -> URLEncoder.encode(match.group(), StandardCharsets.UTF_8));
    }

    /** What stays the same when lines above are added: a code host does not show it as new then. */
    private static String fingerprint(Result result) {
        var text = result.rule + "\n" + result.problem.at().file() + "\n" + result.identity;
        return BlobStore.digest(text.getBytes(StandardCharsets.UTF_8)).hex().substring(0, 32);
    }

    private static void text(JsonGenerator json, String field, String text) throws IOException {
        json.writeObjectFieldStart(field);
        json.writeStringField("text", text);
        json.writeEndObject();
    }
}
