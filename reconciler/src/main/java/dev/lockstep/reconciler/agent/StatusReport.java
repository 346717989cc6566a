package dev.lockstep.reconciler.agent;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a host tells others of the stacks of a repository: JSON with a format number, the same bytes as long as nothing
 * has changed. Problems are masked where they are written down ({@link StackRecords}), and cut.
 *
 * @param host that reports
 * @param root its root's id, which tells it from another host of the same name
 * @param repository URL without credentials
 */
public record StatusReport(String host, String root, String repository) {
    private static final int FORMAT = 1;
    private static final int PROBLEMS = 10;
    private static final int PROBLEM = 500;
    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** Why a report could not be made, by the repository's URL. */
    public record Failures(@JsonProperty("errors") Map<String, String> errors) {
        public Failures {
            errors = Map.copyOf(errors);
        }
    }

    /** The document, in UTF-8. */
    byte[] document(List<StackStatus> statuses) throws IOException {
        var document = JSON.createObjectNode();
        document.put("format", FORMAT);
        document.put("host", host);
        document.put("root", root);
        var stacks = document.putArray("stacks");
        for (var status : statuses) {
            if (!status.repository().equals(Optional.of(repository))) {
                continue;
            }
            var stack = stacks.addObject();
            stack.put("stack", status.stack());
            status.ref().ifPresent(ref -> stack.put("ref", ref));
            status.directory().ifPresent(directory -> stack.put("directory", directory));
            status.wanted().ifPresent(commit -> stack.put("wanted", commit.id()));
            status.applied().ifPresent(commit -> stack.put("applied", commit.id()));
            status.outcome().ifPresent(outcome -> stack.put("outcome", outcome.word()));
            stack.put("since", status.since().toString());
            stack.put("orphaned", status.orphaned());
            var problems = stack.putArray("problems");
            status.problems().stream()
                    .limit(PROBLEMS)
                    .map(StackStatus.Problem::asText)
                    .forEach(text -> {
                        var end = text.offsetByCodePoints(0, Math.min(PROBLEM, text.codePointCount(0, text.length())));
                        problems.add(end < text.length() ? text.substring(0, end) + "…" : text);
                    });
        }
        return (JSON.writerWithDefaultPrettyPrinter().writeValueAsString(document) + "\n")
                .getBytes(StandardCharsets.UTF_8);
    }

    /** Whether a document is of this host's root; one that cannot be read is somebody else's. */
    boolean isOwn(byte[] document) {
        return read(new String(document, StandardCharsets.UTF_8))
                .filter(json -> json.path("root").asText().equals(root))
                .isPresent();
    }

    /** A document that somebody has reported; empty when it is none that is understood. */
    public static Optional<JsonNode> read(String document) {
        try {
            var json = JSON.readTree(document);
            return json.path("format").asInt() == FORMAT ? Optional.of(json) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Writes down why a repository is not reported to, or that it is again. */
    static void failed(Root root, String repository, Optional<String> error) throws IOException {
        var errors = new TreeMap<>(failures(root));
        if (error.isPresent()) {
            errors.put(repository, error.get());
        } else {
            errors.remove(repository);
        }
        if (errors.isEmpty()) {
            AtomicFiles.delete(path(root));
        } else {
            file(root).write(path(root), new Failures(errors));
        }
    }

    /** Why repositories are not reported to, by URL. */
    public static Map<String, String> failures(Root root) throws IOException {
        return file(root).read(path(root)).map(Failures::errors).orElse(Map.of());
    }

    private static StateFile<Failures> file(Root root) {
        return root.stateFile(Failures.class, 1);
    }

    private static Path path(Root root) {
        return root.state().resolve("report-failures.json");
    }
}
