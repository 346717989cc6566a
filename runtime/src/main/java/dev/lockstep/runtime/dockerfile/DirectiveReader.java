package dev.lockstep.runtime.dockerfile;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Reads the directives: the comments at the very top, up to the first line that is none. */
final class DirectiveReader {
    private static final Pattern DIRECTIVE =
            Pattern.compile("[ \\t]*#[ \\t]*([a-zA-Z][a-zA-Z0-9]*)[ \\t]*=[ \\t]*(.+?)[ \\t]*");
    private static final Set<String> KNOWN = Set.of("syntax", "escape", "check");

    /** The standard frontend under all its names, with or without a registry. */
    private static final Pattern STANDARD = Pattern.compile(
            "((registry-1\\.|index\\.)?docker\\.io/)?docker/dockerfile(-upstream)?(:[\\w.-]+)?(@sha256:[0-9a-f]{64})?");

    private final List<Problem> problems;
    private final Map<String, String> found = new HashMap<>();
    private char escape = '\\';
    private Set<String> skipped = Set.of();
    private Set<String> experimental = Set.of();
    private boolean fail;

    DirectiveReader(List<Problem> problems) {
        this.problems = problems;
    }

    Directives read(SourceText source) {
        var first = !source.lines().isEmpty() && source.lines().getFirst().startsWith("#!") ? 1 : 0;
        for (var i = first; i < source.lines().size(); i++) {
            var line = source.lines().get(i);
            var match = line.length() > 10_000 ? null : DIRECTIVE.matcher(line);
            if (match == null || !match.matches()) {
                break;
            }
            var name = match.group(1).toLowerCase(Locale.ROOT);
            // Behind a #! BuildKit looks for the others, and not for this one.
            if (!KNOWN.contains(name) || first > 0 && name.equals("escape")) {
                break;
            }
            var at = new SourceRange(i + 1, line.codePointCount(0, match.start(1)) + 1, i + 1);
            if (found.putIfAbsent(name, match.group(2)) != null) {
                problems.add(Problem.of(at, "only one " + name + " parser directive can be used"));
            } else {
                directive(name, match.group(2), at);
            }
        }
        return new Directives(Optional.ofNullable(found.get("syntax")), escape, skipped, experimental, fail);
    }

    private void directive(String name, String value, SourceRange at) {
        switch (name) {
            case "escape" -> {
                if (value.equals("\\") || value.equals("`")) {
                    escape = value.charAt(0);
                } else {
                    problems.add(Problem.of(at, "invalid escape token '" + value + "' does not match ` or \\"));
                }
            }
            case "syntax" -> {
                // Words behind the name are arguments for a frontend.
                if (!STANDARD.matcher(value.split("[ \\t]", 2)[0]).matches()) {
                    problems.add(Problem.of(
                            at,
                            "the frontend " + value + " is not supported: Dockerfiles are read by Lockstep itself, as"
                                    + " docker/dockerfile:1 reads them; write that, or leave the line out"));
                }
            }
            default -> checks(value, at);
        }
    }

    private void checks(String value, SourceRange at) {
        for (var part : value.split(";", -1)) {
            var equals = part.indexOf('=');
            var key = (equals < 0 ? part : part.substring(0, equals)).strip().toLowerCase(Locale.ROOT);
            var setting = equals < 0 ? "" : part.substring(equals + 1).strip();
            switch (key) {
                case "skip" -> skipped = names(setting);
                case "experimental" -> experimental = names(setting);
                case "error" -> {
                    var word = setting.toLowerCase(Locale.ROOT);
                    if (!Set.of("true", "false", "1", "0", "t", "f").contains(word)) {
                        problems.add(Problem.of(at, "check: error is true or false, not \"" + setting + "\""));
                    }
                    fail = Set.of("true", "1", "t").contains(word);
                }
                default ->
                    problems.add(new Problem(
                            at,
                            "check: unknown option \"" + key + "\"",
                            Suggestion.nearest(key, List.of("skip", "experimental", "error"))));
            }
        }
    }

    private static Set<String> names(String list) {
        var names = new LinkedHashSet<String>();
        for (var name : list.split(",", -1)) {
            names.add(name.strip().toLowerCase(Locale.ROOT));
        }
        names.remove("");
        return names;
    }
}
