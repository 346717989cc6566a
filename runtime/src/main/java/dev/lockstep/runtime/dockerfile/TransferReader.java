package dev.lockstep.runtime.dockerfile;

import dev.lockstep.runtime.dockerfile.Flags.Kind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** {@code COPY} and {@code ADD} with their flags. */
final class TransferReader {
    private static final Map<String, Kind> SHARED = Map.of(
            "chown", Kind.TEXT, "chmod", Kind.TEXT, "link", Kind.BOOL, "parents", Kind.BOOL, "exclude", Kind.TEXTS);
    private static final Pattern OCTAL = Pattern.compile("0?[0-7]{1,4}");
    private static final Pattern SYMBOLIC = Pattern.compile("[ugoa]*[-+=]([rwxXst]*|[ugo])([-+=]([rwxXst]*|[ugo]))*"
            + "(,[ugoa]*[-+=]([rwxXst]*|[ugo])([-+=]([rwxXst]*|[ugo]))*)*");
    private static final Pattern URL = Pattern.compile("(?i)https?://.*", Pattern.DOTALL);

    private final RawInstruction raw;
    private final List<Problem> problems;

    TransferReader(RawInstruction raw, List<Problem> problems) {
        this.raw = raw;
        this.problems = problems;
    }

    /** Whether a mode is one: octal up to 07777, or as chmod(1) has it. */
    public static boolean isMode(String mode) {
        return OCTAL.matcher(mode).matches()
                || mode.length() < 200 && SYMBOLIC.matcher(mode).matches();
    }

    Instruction copy(List<String> words) {
        var known = new HashMap<>(SHARED);
        known.put("from", Kind.TEXT);
        var flags = Flags.read(raw, known, problems);
        var transfer = transfer("COPY", words);
        var from = flags.text("from");
        if (from.filter(f -> f.contains("$")).isPresent()) {
            problems.add(Problem.of(
                    raw.atFlag("from"),
                    "variable expansion is not supported for --from, define a new stage with FROM using ARG from"
                            + " global scope as a workaround"));
        } else if (from.filter(String::isEmpty).isPresent()) {
            from = Optional.empty();
        }
        for (var source : transfer.sources()) {
            if (source instanceof Instruction.Source.Path(var text)
                    && URL.matcher(text).matches()) {
                problems.add(Problem.of(atWord(text), "source can't be a URL for COPY"));
            }
        }
        return new Instruction.Copy(raw.written(), transfer, from, shared(flags));
    }

    Instruction add(List<String> words) {
        var known = new HashMap<>(SHARED);
        known.putAll(Map.of("checksum", Kind.TEXT, "keep-git-dir", Kind.BOOL, "unpack", Kind.BOOL));
        var flags = Flags.read(raw, known, problems);
        return new Instruction.Add(
                raw.written(),
                transfer("ADD", words),
                flags.text("checksum").filter(text -> !text.isEmpty()),
                flags.isSet("keep-git-dir"),
                flags.bool("unpack"),
                shared(flags));
    }

    private Instruction.TransferFlags shared(Flags flags) {
        var mode = flags.text("chmod");
        mode.filter(m -> !m.contains("$") && !isMode(m))
                .ifPresent(m -> problems.add(Problem.of(
                        raw.atFlag("chmod"),
                        "invalid chmod parameter: " + Shown.of(m)
                                + ": it is octal, such as 0755, or symbolic, such as u=rwX,go=rX")));
        return new Instruction.TransferFlags(
                flags.text("chown"), mode, flags.isSet("link"), flags.isSet("parents"), flags.texts("exclude"));
    }

    private Instruction.Transfer transfer(String name, List<String> words) {
        if (words.size() < 2) {
            if (problems.stream().noneMatch(p -> p.at().line() == raw.at().line())) {
                problems.add(Problem.of(
                        raw.at(),
                        name + " requires at least two arguments, but only one was provided. Destination could not be"
                                + " determined"));
            }
            return new Instruction.Transfer(List.of(), "");
        }
        var destination = words.getLast();
        if (HeredocWords.parse(destination).isPresent()) {
            problems.add(Problem.of(atWord(destination), name + " cannot accept a heredoc as a destination"));
        }
        var sources = new ArrayList<Instruction.Source>();
        var next = 0;
        for (var word : words.subList(0, words.size() - 1)) {
            if (next < raw.heredocs().size() && HeredocWords.parse(word).isPresent()) {
                sources.add(new Instruction.Source.Inline(raw.heredocs().get(next++)));
            } else {
                sources.add(new Instruction.Source.Path(word));
            }
        }
        if (sources.size() > 1
                && raw.heredocs().size() == sources.size()
                && !destination.endsWith("/")
                && !destination.contains("$")) {
            problems.add(Problem.of(
                    atWord(destination),
                    "When using " + name + " with more than one source file, the destination must be a directory and"
                            + " end with a /"));
        }
        return new Instruction.Transfer(sources, destination);
    }

    private SourceRange atWord(String word) {
        var offset = raw.args().indexOf(word);
        return offset < 0 ? raw.at() : raw.atArgument(offset);
    }
}
