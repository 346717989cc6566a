package dev.lockstep.spec.yaml;

/** One station between the place where a value stands and the model that it ended up in. */
public sealed interface Step {
    /** Where the file says so; for a variable where its value stands. */
    SourcePosition at();

    /**
     * The value was inherited.
     *
     * @param service the service that has it
     * @param at the {@code extends} that asked for it
     */
    record Extended(String service, SourcePosition at) implements Step {
        @Override
        public String toString() {
            return "through extends of " + service + " at " + at;
        }
    }

    /**
     * The value came with another project.
     *
     * @param file the first file of that project
     * @param at the entry of {@code include}
     */
    record Included(String file, SourcePosition at) implements Step {
        @Override
        public String toString() {
            return "through include of " + file + " at " + at;
        }
    }

    /** The value took the place of another one, which stands at {@code at}. */
    record Replaced(SourcePosition at) implements Step {
        @Override
        public String toString() {
            return "instead of " + at;
        }
    }

    /**
     * A part of the value, or all of it, is a variable's.
     *
     * @param at {@link SourcePosition#DEFAULT} when the variable is one of the environment
     */
    record Substituted(String variable, SourcePosition at) implements Step {
        @Override
        public String toString() {
            return "with " + variable + (at.isDefault() ? " of the environment" : " from " + at);
        }
    }
}
