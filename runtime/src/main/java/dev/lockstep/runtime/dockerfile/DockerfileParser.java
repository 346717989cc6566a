package dev.lockstep.runtime.dockerfile;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Reads Dockerfiles: the language of docker/dockerfile:1, whole, with all problems at once. A file is a stranger's, so
 * there are bounds: {@link #LARGEST} bytes, 10,000 instructions, {@link #MOST_PROBLEMS} problems told.
 */
public final class DockerfileParser {
    /** Bytes of a file. */
    public static final int LARGEST = 4 * 1024 * 1024;

    /** How many problems are told; with more of them a file is no Dockerfile. */
    public static final int MOST_PROBLEMS = 100;

    private static final Pattern STAGE_NAME = Pattern.compile("[a-z][a-z0-9-_.]*");

    private final List<Problem> problems = new ArrayList<>();
    private final List<Problem> warnings = new ArrayList<>();
    private final List<Instruction.Arg> globals = new ArrayList<>();
    private final List<Stage> stages = new ArrayList<>();
    private final List<Instruction> instructions = new ArrayList<>();
    private Optional<Stage> stage = Optional.empty();
    private boolean begun;

    private DockerfileParser() {}

    /**
     * Reads a file.
     *
     * @param name as the user named it, for messages
     */
    public static Parsed parse(String name, byte[] bytes) {
        if (bytes.length > LARGEST) {
            return new Parsed.Invalid(
                    new SourceText(name, List.of(), List.of()),
                    List.of(Problem.of(new SourceRange(1, 1, 1), "the file has more than " + (LARGEST >> 20) + " MiB")),
                    List.of());
        }
        return new DockerfileParser().read(SourceText.of(name, bytes));
    }

    /** Reads a text. */
    public static Parsed parse(String name, String text) {
        return parse(name, text.getBytes(StandardCharsets.UTF_8));
    }

    /** What a trigger of {@code ONBUILD} is, or why it is none. */
    public sealed interface Trigger {
        /** An instruction. */
        record Valid(Instruction instruction) implements Trigger {}

        /** None. */
        record Invalid(List<Problem> problems) implements Trigger {
            public Invalid {
                problems = List.copyOf(problems);
            }
        }
    }

    /**
     * Reads a trigger as an image's configuration or {@link Instruction.Onbuild} keeps it. Places in what comes back
     * are places in the trigger.
     *
     * @param escape of the file in which it runs
     */
    public static Trigger trigger(String text, char escape) {
        var problems = new ArrayList<Problem>();
        var source = SourceText.of("ONBUILD", text.getBytes(StandardCharsets.UTF_8));
        var raws = new LineReader(source, escape, problems, new ArrayList<>()).read();
        var reader = new InstructionReader(escape, problems, new ArrayList<>());
        if (raws.size() != 1 && problems.isEmpty()) {
            problems.add(Problem.of(new SourceRange(1, 1, 1), "a trigger of ONBUILD is one instruction"));
        }
        var read = raws.isEmpty() ? Optional.<Instruction>empty() : reader.read(raws.getFirst());
        return read.isPresent() && problems.isEmpty() ? new Trigger.Valid(read.get()) : new Trigger.Invalid(problems);
    }

    private Parsed read(SourceText source) {
        var directives = new DirectiveReader(problems).read(source);
        var raws = new LineReader(source, directives.escape(), problems, warnings).read();
        var reader = new InstructionReader(directives.escape(), problems, warnings);
        for (var raw : raws) {
            if (problems.size() > MOST_PROBLEMS) {
                break;
            }
            instruction(raw, reader, directives.escape());
        }
        endStage();
        var last = new SourceRange(source.lastLine(), 1, source.lastLine());
        if (raws.isEmpty() && problems.isEmpty()) {
            problems.add(Problem.of(last, "file with no instructions"));
        } else if (stages.isEmpty() && problems.isEmpty()) {
            problems.add(Problem.of(last, "dockerfile contains no stages to build"));
        }
        problems.addAll(StageReferences.problems(stages));
        warnings.addAll(StageReferences.warnings(stages));
        var found = problems.stream().sorted().distinct().limit(MOST_PROBLEMS).toList();
        var told = warnings.stream().sorted().distinct().limit(MOST_PROBLEMS).toList();
        return found.isEmpty()
                ? new Parsed.Valid(new Dockerfile(source, directives, globals, stages), told)
                : new Parsed.Invalid(source, found, told);
    }

    private void instruction(RawInstruction raw, InstructionReader reader, char escape) {
        var keyword = raw.written().keyword().toUpperCase(Locale.ROOT);
        if (keyword.equals("FROM")) {
            begun = true;
            endStage();
            stage = from(raw, escape);
            return;
        }
        var known = InstructionReader.NAMES.contains(keyword);
        if (!begun && known && !keyword.equals("ARG")) {
            problems.add(Problem.of(raw.at(), "no build stage in current context: the first instruction is FROM"));
            begun = true;
        }
        var read = reader.read(raw);
        // What cannot be read may have been meant as FROM: one problem is enough then.
        begun |= !known;
        read.ifPresent(instruction -> {
            if (begun) {
                instructions.add(instruction);
            } else if (instruction instanceof Instruction.Arg arg) {
                globals.add(arg);
            }
        });
    }

    private void endStage() {
        stage.ifPresent(s -> stages.add(new Stage(
                s.index(), s.written(), s.base(), s.platform(), s.name(), s.nameWritten(), s.as(), instructions)));
        stage = Optional.empty();
        instructions.clear();
    }

    private Optional<Stage> from(RawInstruction raw, char escape) {
        var before = problems.size();
        var flags = Flags.read(raw, InstructionReader.FROM_FLAGS, problems);
        var words = InstructionReader.blanks(raw.args());
        Optional<String> name = Optional.empty();
        if (words.size() == 3 && words.get(1).equalsIgnoreCase("as")) {
            name = Optional.of(words.get(2).toLowerCase(Locale.ROOT));
            if (!STAGE_NAME.matcher(name.get()).matches()) {
                problems.add(Problem.of(
                        raw.atArgument(raw.args().lastIndexOf(words.get(2))),
                        "invalid name for build stage: " + Shown.of(words.get(2))
                                + ", name can't start with a number or contain symbols"));
            }
        } else if (words.size() != 1) {
            problems.add(Problem.of(raw.at(), "FROM requires either one or three arguments"));
        }
        var platform = flags.text("platform").filter(text -> !text.isEmpty());
        if (problems.size() == before) {
            checkWords(raw, escape, words.getFirst(), platform);
        }
        return problems.size() > before
                ? Optional.empty()
                : Optional.of(new Stage(
                        stages.size(),
                        raw.written(),
                        words.getFirst(),
                        platform,
                        name,
                        name.isPresent() ? words.get(2) : "",
                        name.isPresent() ? words.get(1) : "",
                        List.of()));
    }

    private void checkWords(RawInstruction raw, char escape, String base, Optional<String> platform) {
        var words = new Words(escape);
        try {
            words.word(base, name -> Optional.of("x"));
            platform.ifPresent(text -> words.word(text, name -> Optional.of("x")));
        } catch (SubstitutionException e) {
            problems.add(Problem.of(raw.atArgument(0), "failed to process " + Shown.of(base) + ": " + e.getMessage()));
        }
    }
}
