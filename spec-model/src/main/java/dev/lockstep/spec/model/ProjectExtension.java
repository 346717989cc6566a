package dev.lockstep.spec.model;

import java.util.List;
import java.util.Optional;

/**
 * What {@code x-lockstep} of the top level says: about the stack as a whole.
 *
 * @param users whose users the containers have of services that do not say it (its key is userns): the host's, or their
 *     own
 */
public record ProjectExtension(Optional<Drift> drift, Optional<NamespaceMode> users) {
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
