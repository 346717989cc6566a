package dev.lockstep.spec.model;

import java.util.List;
import java.util.Optional;

/** What {@code x-lockstep} of the top level says: about the stack as a whole. */
public record ProjectExtension(Optional<Drift> drift) {
    /**
     * What happens when the host is not as the files say.
     *
     * @param ignore paths that do not count, such as {@code services.web.mem_limit}
     */
    public record Drift(Mode mode, List<String> ignore) {
        public Drift {
            ignore = List.copyOf(ignore);
        }
    }

    /** How drift is answered. */
    public enum Mode {
        REPAIR,
        REPORT,
        IGNORE
    }
}
