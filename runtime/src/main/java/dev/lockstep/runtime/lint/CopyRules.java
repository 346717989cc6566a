package dev.lockstep.runtime.lint;

import dev.lockstep.runtime.dockerfile.Instruction;
import dev.lockstep.runtime.dockerfile.Instruction.Source;
import dev.lockstep.runtime.dockerfile.Instruction.Transfer;
import dev.lockstep.runtime.dockerfile.Stage;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** COPY and ADD. */
final class CopyRules {
    private static final Pattern ARCHIVE =
            Pattern.compile("(?i).*\\.(tar|tgz|tbz2?|txz|tlz|tzst|tar\\.(gz|bz2|xz|zst|lzma|z|lz))");
    private static final Pattern REMOTE =
            Pattern.compile("(?i)(https?://|git://|ssh://|git@).*|.*\\.git(#.*)?", Pattern.DOTALL);
    private static final Pattern DRIVE = Pattern.compile("(?i)[a-z]:[\\\\/].*");

    private CopyRules() {}

    static void check(View view, Sink sink) {
        for (var stage : view.stages()) {
            var archives = new HashMap<String, Instruction>();
            for (var instruction : stage.instructions()) {
                switch (instruction) {
                    case Instruction.Copy copy -> copy(view, stage, copy, archives, sink);
                    case Instruction.Add add -> add(view, add, sink);
                    case Instruction.Run run -> unpacked(run, archives, sink);
                    default -> {}
                }
            }
        }
    }

    private static void copy(
            View view, Stage stage, Instruction.Copy copy, Map<String, Instruction> archives, Sink sink) {
        var transfer = copy.transfer();
        var destination = View.unquoted(transfer.destination());
        if (transfer.sources().size() > 1
                && !destination.endsWith("/")
                && !destination.contains("$")
                && !destination.equals(".")
                && !destination.equals("..")) {
            sink.add("DL3021", copy, "COPY of several sources: the destination " + destination + " must end with a /");
        }
        if (!destination.startsWith("/")
                && !destination.startsWith("$")
                && !DRIVE.matcher(destination).matches()
                && !hasWorkdir(view, stage, copy)) {
            sink.add("DL3045", copy, "COPY to " + destination + ", which is relative, and no WORKDIR is set");
        }
        if (copy.from().isPresent()) {
            from(view, stage, copy, copy.from().get(), sink);
            return;
        }
        ignored(view, copy, transfer, sink);
        for (var path : paths(transfer)) {
            if (ARCHIVE.matcher(path).matches()) {
                archives.put(path.substring(path.lastIndexOf('/') + 1), copy);
            }
        }
    }

    private static void from(View view, Stage stage, Instruction.Copy copy, String from, Sink sink) {
        var name = from.toLowerCase(Locale.ROOT);
        var known = from.matches("\\d+")
                ? from.length() < 6 && Integer.parseInt(from) < stage.index()
                : view.stages().subList(0, stage.index()).stream()
                        .anyMatch(s -> s.name().equals(Optional.of(name)));
        if (stage.name().equals(Optional.of(name))) {
            sink.add("DL3023", copy, "COPY --from=" + from + " is this stage itself");
        } else if (!known && !from.contains(":") && !from.contains("@") && !from.contains("/")) {
            sink.add("DL3022", copy, "COPY --from=" + from + ": no stage before this one has that name");
        }
        if (copy.transfer().destination().equals("/")
                && copy.transfer().sources().equals(List.of(new Source.Path("/")))) {
            sink.add("DL3067", copy, "COPY --from=" + from + " / / copies a whole root file system: use FROM " + from);
        }
    }

    private static boolean hasWorkdir(View view, Stage stage, Instruction until) {
        for (var one : view.line(stage)) {
            for (var instruction : one.instructions()) {
                if (instruction.equals(until)) {
                    return false;
                } else if (instruction instanceof Instruction.Workdir) {
                    return true;
                }
            }
        }
        return false;
    }

    private static void add(View view, Instruction.Add add, Sink sink) {
        ignored(view, add, add.transfer(), sink);
        for (var path : paths(add.transfer())) {
            if (!ARCHIVE.matcher(path).matches()
                    && !path.matches("(?i).*\\.(gz|bz2|xz|zst)")
                    && !REMOTE.matcher(path).matches()
                    && !path.startsWith("$")) {
                sink.add("DL3020", add, "ADD of " + path + ": use COPY for files and directories");
            }
        }
    }

    private static List<String> paths(Transfer transfer) {
        return transfer.sources().stream()
                .flatMap(source -> source instanceof Source.Path(var text)
                        ? Stream.of(View.unquoted(text))
                        : Stream.<String>empty())
                .toList();
    }

    private static void ignored(View view, Instruction instruction, Transfer transfer, Sink sink) {
        for (var path : paths(transfer)) {
            var plain = path.startsWith("/") ? path.substring(1) : path;
            while (plain.startsWith("./")) {
                plain = plain.substring(2);
            }
            if (!plain.isEmpty()
                    && !plain.equals(".")
                    && plain.chars().noneMatch(c -> "*?[$".indexOf(c) >= 0)
                    && !REMOTE.matcher(path).matches()
                    && view.surroundings().ignored().test(plain)) {
                sink.add(
                        "CopyIgnoredFile",
                        instruction,
                        "Attempting to " + instruction.name() + " file \"" + plain
                                + "\" that is excluded by .dockerignore");
            }
        }
    }

    private static void unpacked(Instruction.Run run, Map<String, Instruction> archives, Sink sink) {
        if (archives.isEmpty()) {
            return;
        }
        for (var command : View.script(run).calls("tar", "unzip", "gunzip", "bunzip2", "unxz", "bsdtar")) {
            var unpacks = !command.program().endsWith("tar")
                    || command.has("--extract", "--get")
                    || command.args().stream().limit(2).anyMatch(a -> a.matches("-?[A-Za-z]*x[A-Za-z]*"));
            for (var arg : command.args()) {
                var copy = archives.get(arg.substring(arg.lastIndexOf('/') + 1));
                if (unpacks && copy != null) {
                    sink.add("DL3010", copy, "the archive is unpacked later: ADD does both, without keeping it");
                }
            }
        }
    }
}
