package dev.lockstep.runtime.lint;

import dev.lockstep.runtime.dockerfile.Stage;
import dev.lockstep.runtime.image.ImageReference;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Names of stages, and the images that they stand upon. */
final class BaseRules {
    private static final Set<String> RESERVED = Set.of("scratch", "context");

    private BaseRules() {}

    static void check(View view, Sink sink) {
        var names = new HashSet<String>();
        for (var stage : view.stages()) {
            name(stage, sink);
            if (stage.name().isPresent() && !names.add(stage.name().get())) {
                sink.add(
                        "DuplicateStageName",
                        stage.written().at(),
                        "Duplicate stage name \"" + stage.nameWritten() + "\", stage names should be unique");
                sink.add(
                        "DL3024",
                        stage.written().at(),
                        "the stage name \"" + stage.nameWritten() + "\" is taken by an earlier stage");
            }
            if (view.parent(stage).isEmpty()) {
                image(view, stage, sink);
            }
        }
    }

    private static void name(Stage stage, Sink sink) {
        var at = stage.written().at();
        if (stage.name().isEmpty()) {
            return;
        }
        var name = stage.name().get();
        if (!name.equals(stage.nameWritten())) {
            sink.add("StageNameCasing", at, "Stage name '" + stage.nameWritten() + "' should be lowercase");
        }
        var keyword = stage.written().keyword();
        if (WritingRules.isUpper(keyword) != WritingRules.isUpper(stage.as())
                || WritingRules.isLower(keyword) != WritingRules.isLower(stage.as())) {
            sink.add("FromAsCasing", at, "'" + stage.as() + "' and '" + keyword + "' keywords' casing do not match");
        }
        if (RESERVED.contains(name)) {
            sink.add(
                    "ReservedStageName",
                    at,
                    "Stage name should not use the same name as reserved stage \"" + name + "\"");
            sink.add("DL3063", at, "the stage name " + name + " is reserved");
        }
    }

    private static void image(View view, Stage stage, Sink sink) {
        var at = stage.written().at();
        var written = stage.base();
        if (written.equals("scratch")) {
            return;
        }
        if (written.contains("$")) {
            defaults(view, stage, sink);
        }
        var base = view.inFrom(written).orElse("");
        ImageReference reference;
        try {
            reference = ImageReference.parse(base);
        } catch (IllegalArgumentException e) {
            return;
        }
        registry(view, stage, reference, sink);
        // What a variable brings is not the file's to pin.
        var last = base.substring(base.lastIndexOf('/') + 1);
        if (reference.digest().isPresent() || written.contains("$") && !last.endsWith(":latest")) {
            return;
        } else if (!last.contains(":")) {
            sink.add("DL3006", at, "the base image " + base + " has no tag: write which version is meant");
        } else if (last.endsWith(":latest")) {
            sink.add("DL3007", at, "the base image " + base + " is another one tomorrow: write which version is meant");
        }
    }

    private static void registry(View view, Stage stage, ImageReference reference, Sink sink) {
        var allowed = view.settings().registries();
        if (!allowed.isEmpty() && allowed.stream().noneMatch(host -> isHost(host, reference.host()))) {
            sink.add(
                    "DL3026",
                    stage.written().at(),
                    "the registry " + reference.host() + " is not allowed; these are: " + String.join(", ", allowed));
        }
    }

    private static boolean isHost(String pattern, String host) {
        var regex = Arrays.stream(pattern.split("\\*", -1)).map(Pattern::quote).collect(Collectors.joining(".*"));
        return Pattern.compile(regex, Pattern.CASE_INSENSITIVE).matcher(host).matches();
    }

    /** With defaults alone it must be an image, else nobody can build it without knowing which arguments to give. */
    private static void defaults(View view, Stage stage, Sink sink) {
        var base = view.inFrom(stage.base());
        var valid = base.isPresent();
        try {
            ImageReference.parse(base.orElse(""));
        } catch (IllegalArgumentException e) {
            valid = false;
        }
        if (!valid && base.isPresent()) {
            sink.add(
                    "InvalidDefaultArgInFrom",
                    stage.written().at(),
                    "Default value for ARG " + stage.base() + " results in empty or invalid base image name");
        }
    }
}
