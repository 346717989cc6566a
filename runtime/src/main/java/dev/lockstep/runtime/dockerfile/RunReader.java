package dev.lockstep.runtime.dockerfile;

import dev.lockstep.runtime.dockerfile.Flags.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code RUN} and its flags. */
final class RunReader {
    private static final Map<String, Kind> FLAGS =
            Map.of("mount", Kind.TEXTS, "network", Kind.TEXT, "security", Kind.TEXT, "device", Kind.TEXTS);

    private final RawInstruction raw;
    private final List<Problem> problems;

    RunReader(RawInstruction raw, List<Problem> problems) {
        this.raw = raw;
        this.problems = problems;
    }

    Instruction read(CommandLine command) {
        var flags = Flags.read(raw, FLAGS, problems);
        if (!flags.texts("device").isEmpty()) {
            problem("device", "--device is not supported: builds of Lockstep have no devices of the host");
        }
        return new Instruction.Run(
                raw.written(), command, mounts(flags), network(flags), security(flags), raw.heredocs());
    }

    private List<RunMount> mounts(Flags flags) {
        var mounts = new ArrayList<RunMount>();
        for (var text : flags.texts("mount")) {
            try {
                var mount = MountReader.fields(text);
                if (!text.contains("$")) {
                    MountReader.resolve(mount, value -> value);
                }
                mounts.add(mount);
            } catch (MountReader.InvalidMountException e) {
                problems.add(new Problem(atMount(text), String.valueOf(e.getMessage()), e.suggestion()));
            }
        }
        return mounts;
    }

    private SourceRange atMount(String text) {
        return raw.flags().stream()
                .filter(flag -> flag.text().equals("mount=" + text))
                .findFirst()
                .map(flag -> raw.line().at(flag.offset()))
                .orElse(raw.at());
    }

    private Instruction.RunNetwork network(Flags flags) {
        return switch (flags.text("network").orElse("default")) {
            case "default" -> Instruction.RunNetwork.DEFAULT;
            case "none" -> Instruction.RunNetwork.NONE;
            case "host" -> Instruction.RunNetwork.HOST;
            default -> {
                unknown("network", flags, "invalid network mode ", List.of("default", "none", "host"));
                yield Instruction.RunNetwork.DEFAULT;
            }
        };
    }

    private Instruction.RunSecurity security(Flags flags) {
        return switch (flags.text("security").orElse("sandbox")) {
            case "sandbox" -> Instruction.RunSecurity.SANDBOX;
            case "insecure" -> Instruction.RunSecurity.INSECURE;
            default -> {
                unknown("security", flags, "security ", List.of("sandbox", "insecure"));
                yield Instruction.RunSecurity.SANDBOX;
            }
        };
    }

    private void unknown(String flag, Flags flags, String message, List<String> known) {
        var value = flags.text(flag).orElse("");
        problems.add(new Problem(
                raw.atFlag(flag),
                message + Shown.of(value) + (flag.equals("security") ? " is not valid" : ""),
                Suggestion.nearest(value, known)));
    }

    private void problem(String flag, String message) {
        problems.add(new Problem(raw.atFlag(flag), message, Optional.empty()));
    }
}
