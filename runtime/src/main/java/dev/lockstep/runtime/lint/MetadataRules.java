package dev.lockstep.runtime.lint;

import dev.lockstep.runtime.dockerfile.CommandLine;
import dev.lockstep.runtime.dockerfile.Instruction;
import dev.lockstep.runtime.dockerfile.Stage;
import dev.lockstep.runtime.dockerfile.SubstitutionException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** What becomes part of an image's configuration. */
final class MetadataRules {
    private static final Map<String, String> MANY =
            Map.of("CMD", "DL4003", "ENTRYPOINT", "DL4004", "HEALTHCHECK", "DL3012");

    private MetadataRules() {}

    static void check(View view, Sink sink) {
        for (var stage : view.stages()) {
            onceOnly(stage, sink);
            shellForm(view, stage, sink);
            workdirs(view, stage, sink);
            for (var instruction : stage.instructions()) {
                switch (instruction) {
                    case Instruction.Maintainer maintainer -> {
                        var message = "Maintainer instruction is deprecated in favor of using label"
                                + " \"org.opencontainers.image.authors\"";
                        sink.add("MaintainerDeprecated", maintainer, message);
                        sink.add("DL4000", maintainer, message);
                    }
                    case Instruction.Expose expose -> ports(view, expose, sink);
                    case Instruction.User user -> userByName(user, sink);
                    default -> {}
                }
            }
        }
        lastUser(view, sink);
        health(view, sink);
    }

    private static void onceOnly(Stage stage, Sink sink) {
        var last = new HashMap<String, Instruction>();
        for (var instruction : stage.instructions()) {
            var rule = MANY.get(instruction.name());
            var before = rule == null ? null : last.put(instruction.name(), instruction);
            if (rule != null && before != null) {
                sink.add(
                        "MultipleInstructionsDisallowed",
                        before,
                        "Multiple " + instruction.name()
                                + " instructions should not be used in the same stage because only the last one will be"
                                + " used");
                sink.add(
                        rule,
                        instruction,
                        "a second " + instruction.name() + " in one stage: only the last one counts");
            }
        }
    }

    private static void shellForm(View view, Stage stage, Sink sink) {
        var shell = ofParents(view, stage).anyMatch(i -> i instanceof Instruction.Shell);
        for (var instruction : stage.instructions()) {
            shell |= instruction instanceof Instruction.Shell;
            var line = switch (instruction) {
                case Instruction.Cmd cmd -> Optional.of(cmd.command());
                case Instruction.Entrypoint entrypoint -> Optional.of(entrypoint.command());
                default -> Optional.<CommandLine>empty();
            };
            if (line.isPresent()
                    && line.get() instanceof CommandLine.Shell text
                    && !text.line().isEmpty()) {
                if (!shell) {
                    sink.add(
                            "JSONArgsRecommended",
                            instruction,
                            "JSON arguments recommended for " + instruction.name()
                                    + " to prevent unintended behavior related to OS signals");
                }
                sink.add("DL3025", instruction, instruction.name() + " is for a shell: write its words as JSON");
            }
        }
    }

    /** What the stages say that a stage stands upon. */
    private static Stream<Instruction> ofParents(View view, Stage stage) {
        return view.line(stage).stream()
                .filter(s -> s.index() != stage.index())
                .flatMap(s -> s.instructions().stream());
    }

    private static void workdirs(View view, Stage stage, Sink sink) {
        // Only the first: who mends that has mended those behind it.
        var first = ofParents(view, stage).noneMatch(i -> i instanceof Instruction.Workdir);
        for (var instruction : stage.instructions()) {
            if (instruction instanceof Instruction.Workdir workdir) {
                if (!isAbsolute(workdir)) {
                    sink.add("DL3000", workdir, "WORKDIR " + workdir.path() + " is not absolute");
                    if (first) {
                        sink.add(
                                "WorkdirRelativePath",
                                workdir,
                                "Relative workdir \"" + workdir.path()
                                        + "\" can have unexpected results if the base image changes");
                    }
                }
                first = false;
            }
        }
    }

    private static boolean isAbsolute(Instruction.Workdir workdir) {
        var path = View.unquoted(workdir.path());
        return path.startsWith("/") || path.startsWith("$") || path.matches("(?i)[a-z]:[\\\\/].*");
    }

    private static void ports(View view, Instruction.Expose expose, Sink sink) {
        for (var port : expose.ports()) {
            for (var value : values(view, port)) {
                var slash = value.indexOf('/');
                var number = slash < 0 ? value : value.substring(0, slash);
                var protocol = slash < 0 ? "" : value.substring(slash + 1);
                if (!protocol.equals(protocol.toLowerCase(Locale.ROOT))) {
                    sink.add(
                            "ExposeProtoCasing",
                            expose,
                            "Defined protocol '" + value + "' in EXPOSE instruction should be lowercase");
                }
                if (number.contains(":")) {
                    sink.add(
                            "ExposeInvalidFormat",
                            expose,
                            "EXPOSE instruction should not define an IP address or host-port mapping, found '" + value
                                    + "'");
                }
                if (number.matches("(\\d{1,9}-)?\\d{1,9}")
                        && Integer.parseInt(number.substring(number.indexOf('-') + 1)) > 65_535) {
                    sink.add("DL3011", expose, "EXPOSE " + value + ": the highest port is 65535");
                }
            }
        }
    }

    private static List<String> values(View view, String port) {
        try {
            return view.file().words().split(port, view.globals()::value).words();
        } catch (SubstitutionException e) {
            return List.of();
        }
    }

    private static void userByName(Instruction.User user, Sink sink) {
        var name = View.unquoted(user.user()).split(":", 2)[0];
        if (!name.matches("\\d+") && !name.contains("$")) {
            sink.add("DL3066", user, "USER " + user.user() + " is a name: a number says that it is not root");
        }
    }

    private static void lastUser(View view, Sink sink) {
        var last = view.line(view.stages().getLast()).stream()
                .flatMap(s -> s.instructions().stream())
                .filter(i -> i instanceof Instruction.User)
                .map(i -> (Instruction.User) i)
                .reduce((first, second) -> second);
        last.filter(user ->
                        Set.of("root", "0").contains(View.unquoted(user.user()).split(":", 2)[0]))
                .ifPresent(user -> sink.add("DL3002", user, "the last USER is root"));
    }

    private static void health(View view, Sink sink) {
        var names = new HashSet<String>();
        view.line(view.stages().getLast()).forEach(s -> s.instructions().forEach(i -> names.add(i.name())));
        if (!names.contains("HEALTHCHECK")) {
            sink.add("DL3057", view.stages().getLast().written().at(), "the image has no HEALTHCHECK");
        }
    }
}
