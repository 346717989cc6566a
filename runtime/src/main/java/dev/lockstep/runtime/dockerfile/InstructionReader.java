package dev.lockstep.runtime.dockerfile;

import dev.lockstep.runtime.dockerfile.Flags.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Understands one instruction. Everything that is wrong with it becomes a problem. */
final class InstructionReader {
    static final List<String> NAMES = List.of(
            "FROM",
            "RUN",
            "CMD",
            "LABEL",
            "MAINTAINER",
            "EXPOSE",
            "ENV",
            "ADD",
            "COPY",
            "ENTRYPOINT",
            "VOLUME",
            "USER",
            "WORKDIR",
            "ARG",
            "ONBUILD",
            "STOPSIGNAL",
            "HEALTHCHECK",
            "SHELL");

    private static final String NOT_ONLY_TEXTS =
            "when using JSON array syntax, arrays must be comprised of strings only: only string type is allowed in"
                    + " JSON array of strings";
    private static final Pattern TRIGGER = Pattern.compile("(?is)^\\s*ONBUILD\\s*");

    private final char escape;
    private final List<Problem> problems;
    private final List<Problem> warnings;

    InstructionReader(char escape, List<Problem> problems, List<Problem> warnings) {
        this.escape = escape;
        this.problems = problems;
        this.warnings = warnings;
    }

    /** Any but FROM; empty if it has a problem without which there is nothing to go on with. */
    Optional<Instruction> read(RawInstruction raw) {
        var before = problems.size();
        var name = raw.written().keyword().toUpperCase(Locale.ROOT);
        var written = raw.written();
        var result = switch (name) {
            case "RUN" -> new RunReader(raw, problems).read(shellOrJson(raw, raw.args(), raw.heredocs()));
            case "COPY" -> new TransferReader(raw, problems).copy(words(raw));
            case "ADD" -> new TransferReader(raw, problems).add(words(raw));
            case "ENV" -> new Instruction.Env(written, pairs(raw, name));
            case "LABEL" -> new Instruction.Label(written, pairs(raw, name));
            case "ARG" -> {
                noFlags(raw);
                yield new Instruction.Arg(written, new PairReader(raw, name, escape, problems).declarations());
            }
            case "CMD" -> new Instruction.Cmd(written, plainCommand(raw));
            case "ENTRYPOINT" -> new Instruction.Entrypoint(written, plainCommand(raw));
            case "SHELL" -> new Instruction.Shell(written, shell(raw));
            case "HEALTHCHECK" -> new HealthcheckReader(raw, problems).read(this::command);
            case "ONBUILD" -> new Instruction.Onbuild(written, trigger(raw));
            case "EXPOSE" -> new Instruction.Expose(written, ports(raw));
            case "VOLUME" -> new Instruction.Volume(written, volumes(raw));
            case "USER" -> new Instruction.User(written, one(raw));
            case "WORKDIR" -> new Instruction.Workdir(written, one(raw));
            case "STOPSIGNAL" -> new Instruction.StopSignal(written, signal(raw));
            case "MAINTAINER" -> new Instruction.Maintainer(written, one(raw));
            default -> null;
        };
        if (result == null) {
            problems.add(new Problem(
                    raw.at(),
                    "unknown instruction: " + Shown.plain(raw.written().keyword()),
                    Suggestion.nearest(raw.written().keyword(), NAMES)));
            return Optional.empty();
        }
        if (problems.size() > before) {
            return Optional.empty();
        }
        checkWords(raw, result);
        return Optional.of(result);
    }

    /** Whether all its words can be expanded, whatever the values. */
    private void checkWords(RawInstruction raw, Instruction instruction) {
        var words = new Words(escape);
        try {
            Expansions.of(instruction, words, name -> Optional.of("x"));
            if (instruction instanceof Instruction.Arg arg) {
                for (var declaration : arg.declarations()) {
                    declaration.value().ifPresent(value -> Expansions.word(words, value));
                }
            }
        } catch (SubstitutionException e) {
            var offset = raw.args().indexOf(e.word());
            problems.add(Problem.of(offset < 0 ? raw.at() : raw.atArgument(offset), String.valueOf(e.getMessage())));
        }
    }

    private void noFlags(RawInstruction raw) {
        Flags.read(raw, Map.of(), problems);
    }

    private List<Instruction.Pair> pairs(RawInstruction raw, String name) {
        noFlags(raw);
        return new PairReader(raw, name, escape, problems).pairs();
    }

    private String one(RawInstruction raw) {
        noFlags(raw);
        if (raw.args().isEmpty()) {
            problems.add(Problem.of(raw.at(), name(raw) + " requires exactly one argument"));
        }
        return raw.args();
    }

    private static String name(RawInstruction raw) {
        return raw.written().keyword().toUpperCase(Locale.ROOT);
    }

    /** Words between blanks, or of a JSON array. */
    private List<String> words(RawInstruction raw) {
        return switch (JsonWords.read(raw.args())) {
            case JsonWords.Words json -> json.words();
            case JsonWords.OtherValues _ -> {
                problems.add(Problem.of(raw.at(), NOT_ONLY_TEXTS));
                yield List.of();
            }
            case JsonWords.None _, JsonWords.Trailing _ -> blanks(raw.args());
        };
    }

    static List<String> blanks(String text) {
        var words = new ArrayList<String>();
        var begin = -1;
        for (var i = 0; i <= text.length(); i++) {
            if (i == text.length() || LineReader.isSpace(text.charAt(i))) {
                if (begin >= 0) {
                    words.add(text.substring(begin, i));
                    begin = -1;
                }
            } else if (begin < 0) {
                begin = i;
            }
        }
        return words;
    }

    private CommandLine plainCommand(RawInstruction raw) {
        noFlags(raw);
        return command(raw, raw.args());
    }

    private CommandLine command(RawInstruction raw, String text) {
        return shellOrJson(raw, text, List.of());
    }

    private CommandLine shellOrJson(RawInstruction raw, String text, List<Heredoc> heredocs) {
        return switch (JsonWords.read(text)) {
            case JsonWords.Words json -> new CommandLine.Exec(json.words());
            case JsonWords.OtherValues _ -> {
                problems.add(Problem.of(raw.at(), NOT_ONLY_TEXTS));
                yield new CommandLine.Exec(List.of());
            }
            case JsonWords.Trailing trailing -> {
                if (!heredocs.isEmpty() && trailing.rest().startsWith("<<")) {
                    problems.add(Problem.of(raw.at(), "the JSON form of " + name(raw) + " cannot have a heredoc"));
                }
                yield shellText(text, heredocs);
            }
            case JsonWords.None _ -> shellText(text, heredocs);
        };
    }

    /** One document alone is the script itself; several, or one behind a command, are for the shell to read. */
    private static CommandLine shellText(String line, List<Heredoc> heredocs) {
        if (heredocs.isEmpty()) {
            return new CommandLine.Shell(line, line);
        }
        var first = heredocs.getFirst();
        if (heredocs.size() == 1 && HeredocWords.parse(line.strip()).isPresent()) {
            return first.content().startsWith("#!")
                    ? new CommandLine.Script(first.name(), first.data())
                    : new CommandLine.Shell(first.data(), line);
        }
        var text = new StringBuilder(line);
        heredocs.forEach(doc -> text.append('\n').append(doc.content()).append(doc.name()));
        return new CommandLine.Shell(text.toString(), line);
    }

    private List<String> shell(RawInstruction raw) {
        noFlags(raw);
        var words = JsonWords.read(raw.args());
        if (raw.args().isEmpty() || words instanceof JsonWords.Words(var list) && list.isEmpty()) {
            problems.add(Problem.of(raw.at(), "SHELL requires at least one argument"));
            return List.of();
        } else if (words instanceof JsonWords.OtherValues) {
            problems.add(Problem.of(raw.at(), NOT_ONLY_TEXTS));
            return List.of();
        } else if (words instanceof JsonWords.Words(var list)) {
            return list;
        }
        problems.add(Problem.of(raw.at(), "SHELL requires the arguments to be in JSON form"));
        return List.of();
    }

    private String trigger(RawInstruction raw) {
        // Flags of the trigger look like the trigger's own here: only those right behind ONBUILD are not.
        if (!raw.flags().isEmpty()) {
            noFlags(raw);
        }
        var first = raw.args().isEmpty() ? "" : blanks(raw.args()).getFirst().toUpperCase(Locale.ROOT);
        switch (first) {
            case "" -> problems.add(Problem.of(raw.at(), "ONBUILD requires at least one argument"));
            case "ONBUILD" ->
                problems.add(Problem.of(
                        raw.atArgument(0),
                        "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed as an ONBUILD trigger"));
            case "FROM", "MAINTAINER" ->
                problems.add(Problem.of(raw.atArgument(0), first + " isn't allowed as an ONBUILD trigger"));
            default -> {}
        }
        var text = new StringBuilder(TRIGGER.matcher(raw.written().text()).replaceFirst(""));
        raw.heredocs().forEach(doc -> text.append('\n').append(doc.content()).append(doc.name()));
        if (!first.isEmpty() && !NAMES.contains(first)) {
            warnings.add(new Problem(
                    raw.atArgument(0),
                    "unknown instruction: " + Shown.plain(first) + ": no build upon this image can succeed",
                    Suggestion.nearest(first, NAMES)));
        }
        return text.toString();
    }

    private List<String> ports(RawInstruction raw) {
        noFlags(raw);
        var ports = blanks(raw.args());
        if (ports.isEmpty()) {
            problems.add(Problem.of(raw.at(), "EXPOSE requires at least one argument"));
        }
        for (var port : ports) {
            if (port.indexOf('$') < 0 && port.indexOf('"') < 0 && port.indexOf('\'') < 0 && port.indexOf(escape) < 0) {
                ExposedPorts.problem(port).ifPresent(why -> problems.add(Problem.of(raw.at(), why)));
            }
        }
        return ports;
    }

    private List<String> volumes(RawInstruction raw) {
        noFlags(raw);
        var before = problems.size();
        var volumes = words(raw);
        if (volumes.isEmpty() && problems.size() == before) {
            problems.add(Problem.of(raw.at(), "VOLUME requires at least one argument"));
        } else if (volumes.stream().anyMatch(String::isBlank)) {
            problems.add(Problem.of(raw.at(), "VOLUME specified can not be an empty string"));
        }
        return volumes.stream().map(String::strip).toList();
    }

    private String signal(RawInstruction raw) {
        var signal = one(raw);
        if (!signal.isEmpty()
                && signal.chars().noneMatch(c -> "$\"'`\\".indexOf(c) >= 0)
                && !StopSignals.isOne(signal)) {
            problems.add(Problem.of(raw.atArgument(0), "invalid signal: " + Shown.plain(signal)));
        }
        return signal;
    }

    /** What FROM may have. */
    static final Map<String, Kind> FROM_FLAGS = Map.of("platform", Kind.TEXT);
}
