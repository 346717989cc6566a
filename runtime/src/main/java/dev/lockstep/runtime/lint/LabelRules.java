package dev.lockstep.runtime.lint;

import dev.lockstep.runtime.dockerfile.Expansions;
import dev.lockstep.runtime.dockerfile.Instruction;
import dev.lockstep.runtime.dockerfile.SubstitutionException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Keys of labels, and what the settings ask of the labels of the last stage. */
final class LabelRules {
    private static final Pattern KEY = Pattern.compile("[a-z0-9]+([.-][a-z0-9]+)*");
    private static final List<String> RESERVED = List.of("com.docker.", "io.docker.", "org.dockerproject.");
    private static final Pattern SEMVER = Pattern.compile("(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)"
            + "(-(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)(\\.(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
            + "(\\+[0-9a-zA-Z-]+(\\.[0-9a-zA-Z-]+)*)?");
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{7,40}|[0-9a-f]{64}");
    private static final Pattern EMAIL = Pattern.compile("[^@\\s<>]+@[^@\\s<>.]+(\\.[^@\\s<>.]+)+");
    private static final Pattern LICENCE = Pattern.compile(
            "\\(*[A-Za-z0-9][A-Za-z0-9.:-]*\\+?\\)*( (AND|OR|WITH) \\(*[A-Za-z0-9][A-Za-z0-9.:-]*\\+?\\)*)*");
    private static final int LONGEST = 1_000;

    private LabelRules() {}

    static void check(View view, Sink sink) {
        for (var stage : view.stages()) {
            for (var instruction : stage.instructions()) {
                if (instruction instanceof Instruction.Label label) {
                    label.pairs().forEach(pair -> key(label, View.unquoted(pair.name()), sink));
                }
            }
        }
        if (!view.settings().labels().isEmpty()) {
            schema(view, sink);
        }
    }

    private static void key(Instruction.Label label, String key, Sink sink) {
        if (key.contains("$")) {
            return;
        }
        if (key.length() > LONGEST || !KEY.matcher(key).matches()) {
            sink.add("DL3048", label, "the label's key " + key + " is not in lower case, with dots between its parts");
        }
        RESERVED.stream()
                .filter(key::startsWith)
                .forEach(prefix -> sink.add("DL3048", label, "keys that begin with " + prefix + " are Docker's own"));
    }

    private static void schema(View view, Sink sink) {
        var last = view.stages().getLast();
        var found = new LinkedHashMap<String, Instruction.Label>();
        for (var stage : view.line(last)) {
            for (var instruction : stage.instructions()) {
                if (instruction instanceof Instruction.Label label) {
                    for (var pair : label.pairs()) {
                        found.put(View.unquoted(pair.name()), label);
                    }
                    values(view, label, sink);
                }
            }
        }
        for (var name : new TreeSet<>(view.settings().labels().keySet())) {
            if (!found.containsKey(name)) {
                sink.add("DL3049", last.written().at(), "the label " + name + " is missing");
            }
        }
    }

    private static void values(View view, Instruction.Label label, Sink sink) {
        for (var i = 0; i < label.pairs().size(); i++) {
            var name = View.unquoted(label.pairs().get(i).name());
            var sort = view.settings().labels().get(name);
            if (sort == null) {
                if (view.settings().onlyThese()) {
                    sink.add("DL3050", label, "the settings have no label " + name);
                }
            } else if (!label.pairs().get(i).value().contains("$")) {
                // With a variable only a build knows it.
                value(view, label, i).ifPresent(text -> value(label, name, sort, text, sink));
            }
        }
    }

    private static Optional<String> value(View view, Instruction.Label label, int index) {
        try {
            var expanded = Expansions.of(label, view.file().words(), name -> Optional.empty());
            return Optional.of(((Instruction.Label) expanded.instruction())
                    .pairs()
                    .get(index)
                    .value());
        } catch (SubstitutionException e) {
            return Optional.empty();
        }
    }

    private static void value(
            Instruction.Label label, String name, LintSettings.LabelSort sort, String text, Sink sink) {
        if (text.isBlank()) {
            sink.add("DL3051", label, "the label " + name + " is empty");
            return;
        }
        var notLong = text.length() <= LONGEST;
        switch (sort) {
            case TEXT -> {}
            case URL -> unless(isUrl(text), "DL3052", label, name, "a URL", sink);
            case TIME -> unless(isTime(text), "DL3053", label, name, "a time by RFC 3339", sink);
            case SPDX ->
                unless(notLong && LICENCE.matcher(text).matches(), "DL3054", label, name, "a licence by SPDX", sink);
            case HASH -> unless(HASH.matcher(text).matches(), "DL3055", label, name, "a commit", sink);
            case SEMVER ->
                unless(notLong && SEMVER.matcher(text).matches(), "DL3056", label, name, "a semantic version", sink);
            case EMAIL ->
                unless(notLong && EMAIL.matcher(text).matches(), "DL3058", label, name, "an e-mail address", sink);
        }
    }

    private static void unless(boolean fine, String rule, Instruction label, String name, String what, Sink sink) {
        if (!fine) {
            sink.add(rule, label, "the label " + name + " is not " + what);
        }
    }

    private static boolean isUrl(String text) {
        try {
            var uri = new URI(text);
            return uri.isAbsolute() && uri.getHost() != null;
        } catch (URISyntaxException e) {
            return false;
        }
    }

    private static boolean isTime(String text) {
        try {
            OffsetDateTime.parse(text.replace(' ', 'T'));
            return true;
        } catch (DateTimeException e) {
            return false;
        }
    }
}
