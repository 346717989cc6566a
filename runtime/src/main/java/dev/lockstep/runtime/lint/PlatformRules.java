package dev.lockstep.runtime.lint;

import dev.lockstep.runtime.dockerfile.Stage;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** {@code FROM --platform}, and variables in {@code FROM}. */
final class PlatformRules {
    private static final Pattern TARGET = Pattern.compile("\\$(TARGETPLATFORM|\\{TARGETPLATFORM})");
    private static final Pattern BUILD = Pattern.compile("\\$(BUILDPLATFORM|\\{BUILDPLATFORM})");

    private PlatformRules() {}

    static void check(View view, Sink sink) {
        for (var stage : view.stages()) {
            stage.platform().map(View::unquoted).ifPresent(platform -> platform(stage, platform, sink));
            base(view, stage, sink);
            Names.undefined(view, stage)
                    .forEach(name -> sink.add(
                            "UndefinedArgInFrom",
                            stage.written().at(),
                            "FROM argument '" + name + "' is not declared" + Names.near(name, Names.inFrom(view))));
        }
    }

    private static void platform(Stage stage, String platform, Sink sink) {
        var at = stage.written().at();
        if (TARGET.matcher(platform).matches()) {
            var message = "Setting platform to predefined " + platform
                    + " in FROM is redundant as this is the default behavior";
            sink.add("RedundantTargetPlatform", at, message);
            sink.add("DL3065", at, message);
        } else if (!BUILD.matcher(platform).matches()) {
            sink.add("DL3029", at, "--platform=" + platform + " fixes the platform, whatever is built for");
        }
        if (!platform.contains("$") && !namesIt(stage, platform)) {
            sink.add(
                    "FromPlatformFlagConstDisallowed",
                    at,
                    "FROM --platform flag should not use constant value \"" + platform + "\"");
        }
    }

    /** A stage for one platform alone says so by its name. */
    private static boolean namesIt(Stage stage, String platform) {
        var name = stage.name().orElse("");
        return Arrays.stream(platform.toLowerCase(Locale.ROOT).split("/"))
                .anyMatch(part -> !part.isEmpty() && name.contains(part));
    }

    private static void base(View view, Stage stage, Sink sink) {
        var expected = stage.platform().isEmpty()
                ? view.surroundings().target()
                : stage.platform().flatMap(view::inFrom).filter(text -> !text.isEmpty());
        Optional<String> found = view.parent(stage).isPresent() || stage.base().equals("scratch")
                ? Optional.empty()
                : view.inFrom(stage.base()).flatMap(view.surroundings().platform());
        if (expected.isPresent() && found.isPresent() && !expected.get().equals(found.get())) {
            sink.add(
                    "InvalidBaseImagePlatform",
                    stage.written().at(),
                    "Base image " + stage.base() + " was pulled with platform \"" + found.get() + "\", expected \""
                            + expected.get() + "\" for current build");
        }
    }
}
