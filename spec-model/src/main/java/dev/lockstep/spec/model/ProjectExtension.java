package dev.lockstep.spec.model;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
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
     * @param ignore what does not count
     */
    public record Drift(Mode mode, List<Ignored> ignore) {
        public Drift {
            ignore = List.copyOf(ignore);
        }
    }

    /**
     * A field that somebody else owns.
     *
     * @param path as it stands in the file, such as {@code services.web.mem_limit}; what is below it is meant as well
     * @param reason for people
     * @param until the last day on which it does not count, as UTC counts days; absent: for good
     */
    public record Ignored(String path, Optional<String> reason, Optional<LocalDate> until) {
        /** @throws IllegalArgumentException when the path is of no service's attribute */
        public Ignored {
            if (!path.matches("services\\.[^.]+\\..+")) {
                throw new IllegalArgumentException(
                        "\"" + path + "\" is no attribute of a service. Write for example services.web.mem_limit");
            }
        }

        /** Whether it counts again. */
        public boolean isOver(Instant now) {
            return until.filter(day -> now.isAfter(
                            day.plusDays(1).atStartOfDay(ZoneOffset.UTC).toInstant()))
                    .isPresent();
        }
    }

    /** How drift is answered. */
    public enum Mode {
        REPAIR,
        REPORT,
        IGNORE
    }
}
