package dev.lockstep.runtime.dockerfile;

import java.util.List;
import java.util.stream.Collectors;

/** What became of reading a Dockerfile. */
public sealed interface Parsed {
    /** The file's lines, for {@link SourceText#excerpt}. */
    SourceText source();

    /** What is read and probably not meant so, by place. */
    List<Problem> warnings();

    /** It can be read. */
    record Valid(Dockerfile dockerfile, List<Problem> warnings) implements Parsed {
        public Valid {
            warnings = List.copyOf(warnings);
        }

        @Override
        public SourceText source() {
            return dockerfile.source();
        }
    }

    /**
     * It cannot.
     *
     * @param problems all that is wrong, by place; at least one
     */
    record Invalid(SourceText source, List<Problem> problems, List<Problem> warnings) implements Parsed {
        public Invalid {
            problems = List.copyOf(problems);
            warnings = List.copyOf(warnings);
        }

        /** All problems with the lines that they are about, as a person reads them. */
        public String text() {
            return problems.stream()
                    .map(problem -> source.excerpt(problem.at()) + problem.text())
                    .collect(Collectors.joining("\n\n"));
        }
    }
}
