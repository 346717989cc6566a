package dev.lockstep.runtime.dockerfile;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * One instruction of a stage. Values are as they are written, with variables, quotes and escapes, where the builder
 * expands them; {@link Expansions} does that.
 */
public sealed interface Instruction {
    /** Its place and its text. */
    Written written();

    /** Its name in upper case: {@code RUN}. */
    String name();

    /**
     * {@code name=value}.
     *
     * @param spaced whether it is written in the old form, {@code name value}: blanks of the value stay then
     */
    record Pair(String name, String value, boolean spaced) {}

    /** {@code ENV}. */
    record Env(Written written, List<Pair> pairs) implements Instruction {
        public Env {
            pairs = List.copyOf(pairs);
        }

        @Override
        public String name() {
            return "ENV";
        }
    }

    /** {@code LABEL}. */
    record Label(Written written, List<Pair> pairs) implements Instruction {
        public Label {
            pairs = List.copyOf(pairs);
        }

        @Override
        public String name() {
            return "LABEL";
        }
    }

    /** {@code ARG}, before the first stage or in one. */
    record Arg(Written written, List<Declaration> declarations) implements Instruction {
        /**
         * One argument.
         *
         * @param value its default; empty if it has none
         */
        public record Declaration(String name, Optional<String> value) {}

        public Arg {
            declarations = List.copyOf(declarations);
        }

        @Override
        public String name() {
            return "ARG";
        }
    }

    /** {@code RUN}. */
    record Run(
            Written written,
            CommandLine command,
            List<RunMount> mounts,
            RunNetwork network,
            RunSecurity security,
            List<Heredoc> heredocs)
            implements Instruction {
        public Run {
            mounts = List.copyOf(mounts);
            heredocs = List.copyOf(heredocs);
        }

        @Override
        public String name() {
            return "RUN";
        }
    }

    /** {@code --network}. */
    enum RunNetwork {
        DEFAULT,
        NONE,
        HOST
    }

    /** {@code --security}. */
    enum RunSecurity {
        SANDBOX,
        INSECURE
    }

    /**
     * What {@code COPY} and {@code ADD} put where.
     *
     * @param sources in order
     * @param destination as it is written
     */
    record Transfer(List<Source> sources, String destination) {
        public Transfer {
            sources = List.copyOf(sources);
        }

        /** Whether there is a source that is no here-document. */
        public boolean hasPaths() {
            return sources.stream().anyMatch(source -> source instanceof Source.Path);
        }
    }

    /** One source of {@code COPY} and {@code ADD}. */
    sealed interface Source {
        /** A path or a pattern; for {@code ADD} also a URL or a Git repository. */
        record Path(String text) implements Source {}

        /** A here-document: its name is the file's, {@link Heredoc#data} its content. */
        record Inline(Heredoc heredoc) implements Source {}
    }

    /**
     * Flags that {@code COPY} and {@code ADD} share.
     *
     * @param owner {@code --chown}
     * @param mode {@code --chmod}: octal or symbolic
     */
    record TransferFlags(
            Optional<String> owner, Optional<String> mode, boolean link, boolean parents, List<String> exclude) {
        public TransferFlags {
            exclude = List.copyOf(exclude);
        }
    }

    /**
     * {@code COPY}.
     *
     * @param from a stage, its number, an image or a named context; has no variables
     */
    record Copy(Written written, Transfer transfer, Optional<String> from, TransferFlags flags) implements Instruction {
        @Override
        public String name() {
            return "COPY";
        }
    }

    /**
     * {@code ADD}.
     *
     * @param unpack empty: local archives are unpacked and remote ones are not
     */
    record Add(
            Written written,
            Transfer transfer,
            Optional<String> checksum,
            boolean keepGitDir,
            Optional<Boolean> unpack,
            TransferFlags flags)
            implements Instruction {
        @Override
        public String name() {
            return "ADD";
        }
    }

    /** {@code CMD}; nothing at all behind the word takes a base image's away. */
    record Cmd(Written written, CommandLine command) implements Instruction {
        @Override
        public String name() {
            return "CMD";
        }
    }

    /** {@code ENTRYPOINT}; nothing at all behind the word takes a base image's away. */
    record Entrypoint(Written written, CommandLine command) implements Instruction {
        @Override
        public String name() {
            return "ENTRYPOINT";
        }
    }

    /** {@code SHELL}. */
    record Shell(Written written, List<String> words) implements Instruction {
        public Shell {
            words = List.copyOf(words);
        }

        @Override
        public String name() {
            return "SHELL";
        }
    }

    /**
     * {@code HEALTHCHECK}. Times are zero where nothing is said.
     *
     * @param command empty: {@code NONE}
     */
    record Healthcheck(
            Written written,
            Optional<CommandLine> command,
            Duration interval,
            Duration timeout,
            Duration startPeriod,
            Duration startInterval,
            OptionalInt retries)
            implements Instruction {
        @Override
        public String name() {
            return "HEALTHCHECK";
        }
    }

    /**
     * {@code ONBUILD}.
     *
     * @param trigger the instruction as text, with bodies of its here-documents, as an image's configuration keeps it
     */
    record Onbuild(Written written, String trigger) implements Instruction {
        @Override
        public String name() {
            return "ONBUILD";
        }
    }

    /** {@code EXPOSE}: ports, ranges of ports, variables that may hold several. */
    record Expose(Written written, List<String> ports) implements Instruction {
        public Expose {
            ports = List.copyOf(ports);
        }

        @Override
        public String name() {
            return "EXPOSE";
        }
    }

    /** {@code VOLUME}. */
    record Volume(Written written, List<String> paths) implements Instruction {
        public Volume {
            paths = List.copyOf(paths);
        }

        @Override
        public String name() {
            return "VOLUME";
        }
    }

    /** {@code USER}. */
    record User(Written written, String user) implements Instruction {
        @Override
        public String name() {
            return "USER";
        }
    }

    /** {@code WORKDIR}. */
    record Workdir(Written written, String path) implements Instruction {
        @Override
        public String name() {
            return "WORKDIR";
        }
    }

    /** {@code STOPSIGNAL}. */
    record StopSignal(Written written, String signal) implements Instruction {
        @Override
        public String name() {
            return "STOPSIGNAL";
        }
    }

    /** {@code MAINTAINER}: becomes the image's author; never expanded. */
    record Maintainer(Written written, String author) implements Instruction {
        @Override
        public String name() {
            return "MAINTAINER";
        }
    }
}
