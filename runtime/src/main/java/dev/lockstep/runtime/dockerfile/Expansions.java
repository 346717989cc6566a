package dev.lockstep.runtime.dockerfile;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Replaces the variables of instructions: of those, and of those parts, where the builder does it and not the shell.
 * {@code from} never has any.
 */
public final class Expansions {
    /**
     * An instruction whose words are as they hold: variables replaced, quotes and escapes done.
     *
     * @param unset variables without a value
     */
    public record Expanded(Instruction instruction, Set<String> unset) {}

    private final Words words;
    private final Function<String, Optional<String>> variables;
    private final Set<String> unset = new LinkedHashSet<>();

    private Expansions(Words words, Function<String, Optional<String>> variables) {
        this.words = words;
        this.variables = variables;
    }

    /**
     * With the values from before the instruction: {@code ENV a=1 b=$a} does not see its own. {@code ARG} does, so it
     * is asked word by word ({@link Words#word}) and comes back as it is; so does {@code RUN}, whose mounts are read by
     * {@link MountReader}, and {@code ONBUILD}.
     *
     * @throws SubstitutionException with the word, if one cannot be expanded
     */
    public static Expanded of(Instruction instruction, Words words, Function<String, Optional<String>> variables) {
        var run = new Expansions(words, variables);
        return new Expanded(run.expand(instruction), run.unset);
    }

    /** Whether a word can be expanded, whatever the values. */
    static void word(Words words, String text) {
        new Expansions(words, name -> Optional.of("x")).word(text);
    }

    private Instruction expand(Instruction instruction) {
        return switch (instruction) {
            case Instruction.Env env -> new Instruction.Env(env.written(), pairs(env.pairs()));
            case Instruction.Label label -> new Instruction.Label(label.written(), pairs(label.pairs()));
            case Instruction.Copy copy ->
                new Instruction.Copy(copy.written(), transfer(copy.transfer()), copy.from(), flags(copy.flags()));
            case Instruction.Add add ->
                new Instruction.Add(
                        add.written(),
                        transfer(add.transfer()),
                        given(add.checksum()),
                        add.keepGitDir(),
                        add.unpack(),
                        flags(add.flags()));
            case Instruction.Expose expose -> new Instruction.Expose(expose.written(), split(expose.ports()));
            case Instruction.Volume volume -> new Instruction.Volume(volume.written(), all(volume.paths()));
            case Instruction.User user -> new Instruction.User(user.written(), word(user.user()));
            case Instruction.Workdir workdir -> new Instruction.Workdir(workdir.written(), word(workdir.path()));
            case Instruction.StopSignal stop -> new Instruction.StopSignal(stop.written(), word(stop.signal()));
            case Instruction.Arg arg -> arg;
            case Instruction.Run run -> run;
            case Instruction.Cmd cmd -> cmd;
            case Instruction.Entrypoint entrypoint -> entrypoint;
            case Instruction.Shell shell -> shell;
            case Instruction.Healthcheck healthcheck -> healthcheck;
            case Instruction.Onbuild onbuild -> onbuild;
            case Instruction.Maintainer maintainer -> maintainer;
        };
    }

    private List<Instruction.Pair> pairs(List<Instruction.Pair> pairs) {
        return pairs.stream()
                .map(pair -> new Instruction.Pair(word(pair.name()), word(pair.value()), pair.spaced()))
                .toList();
    }

    private Instruction.Transfer transfer(Instruction.Transfer transfer) {
        var sources = new ArrayList<Instruction.Source>();
        for (var source : transfer.sources()) {
            sources.add(
                    switch (source) {
                        case Instruction.Source.Path path -> new Instruction.Source.Path(word(path.text()));
                        case Instruction.Source.Inline inline -> new Instruction.Source.Inline(body(inline.heredoc()));
                    });
        }
        return new Instruction.Transfer(sources, word(transfer.destination()));
    }

    /** Without its tabs first: what a variable brings keeps its own. */
    private Heredoc body(Heredoc heredoc) {
        if (!heredoc.expands()) {
            return heredoc;
        }
        try {
            var expansion = Words.body(heredoc.data(), variables);
            unset.addAll(expansion.unset());
            return new Heredoc(heredoc.name(), false, false, expansion.word());
        } catch (SubstitutionException e) {
            throw new SubstitutionException(
                    "failed to process here-document " + Shown.of(heredoc.name()) + ": " + e.getMessage(),
                    "<<" + heredoc.name(),
                    e.offset());
        }
    }

    private Instruction.TransferFlags flags(Instruction.TransferFlags flags) {
        return new Instruction.TransferFlags(
                given(flags.owner()), given(flags.mode()), flags.link(), flags.parents(), all(flags.exclude()));
    }

    /** A flag whose variables have nothing is as one that is not there. */
    private Optional<String> given(Optional<String> flag) {
        return flag.map(this::word).filter(text -> !text.isEmpty());
    }

    private List<String> all(List<String> texts) {
        return texts.stream().map(this::word).toList();
    }

    private List<String> split(List<String> texts) {
        var result = new ArrayList<String>();
        for (var text : texts) {
            try {
                var expansion = words.split(text, variables);
                unset.addAll(expansion.unset());
                result.addAll(expansion.words());
            } catch (SubstitutionException e) {
                throw of(text, e);
            }
        }
        return result;
    }

    private String word(String text) {
        try {
            var expansion = words.word(text, variables);
            unset.addAll(expansion.unset());
            return expansion.word();
        } catch (SubstitutionException e) {
            throw of(text, e);
        }
    }

    private static SubstitutionException of(String text, SubstitutionException e) {
        return new SubstitutionException(
                "failed to process " + Shown.of(text) + ": " + e.getMessage(), text, e.offset());
    }
}
