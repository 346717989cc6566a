package dev.lockstep.runtime.lint;

import dev.lockstep.runtime.dockerfile.Dockerfile;
import dev.lockstep.runtime.dockerfile.Instruction;
import dev.lockstep.runtime.dockerfile.SourceRange;
import dev.lockstep.runtime.dockerfile.Written;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * {@code # hadolint ignore=DL3008,DL3009} above an instruction and {@code # hadolint global ignore=…} anywhere. Names
 * of build checks may stand there too, and {@code lockstep} in the place of {@code hadolint}.
 */
final class IgnoreComments {
    private static final String GAP = "[ \\t]*";
    private static final Pattern COMMENT = Pattern.compile("(?i)\\s*(?:hadolint|lockstep)[ \\t]+(global[ \\t]+)?ignore"
            + GAP + "=" + GAP + "([a-z0-9, \\t]+?)" + GAP + "(?:#.*)?");

    private final Set<String> everywhere = new HashSet<>();
    private final Map<Integer, Set<String>> lines = new HashMap<>();
    private final List<SourceRange> places = new ArrayList<>();

    private IgnoreComments() {}

    static IgnoreComments of(Dockerfile file) {
        var result = new IgnoreComments();
        for (var line : file.source().lines()) {
            var match = line.stripLeading().startsWith("#") && line.length() < 2_000
                    ? COMMENT.matcher(line.stripLeading().substring(1))
                    : null;
            if (match != null && match.matches() && match.group(1) != null) {
                result.everywhere.addAll(ids(match.group(2)));
            }
        }
        file.globals().forEach(arg -> result.above(arg.written()));
        for (var stage : file.stages()) {
            result.above(stage.written());
            stage.instructions().stream().map(Instruction::written).forEach(result::above);
        }
        return result;
    }

    private void above(Written written) {
        for (var comment : written.comments()) {
            var match = comment.length() < 2_000 ? COMMENT.matcher(comment) : null;
            if (match != null && match.matches()) {
                places.add(written.at());
                if (match.group(1) == null) {
                    var ids = ids(match.group(2));
                    for (var line = written.at().line(); line <= written.at().endLine(); line++) {
                        lines.computeIfAbsent(line, l -> new HashSet<>()).addAll(ids);
                    }
                }
            }
        }
    }

    private static Set<String> ids(String text) {
        return new HashSet<>(List.of(text.toLowerCase(Locale.ROOT).split("[, \\t]+")));
    }

    boolean covers(String id, SourceRange at) {
        return everywhere.contains(id)
                || lines.getOrDefault(at.line(), Set.of()).contains(id);
    }

    List<SourceRange> places() {
        return places;
    }
}
