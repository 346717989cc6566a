package dev.lockstep.spec.model;

import java.util.Locale;

/**
 * What must hold of another service before this one starts.
 *
 * @param restart restart this service when the other one is replaced
 * @param required false only warns when the other service is not there or does not come up
 */
public record Dependency(Condition condition, boolean restart, boolean required) {
    /** When the other service is ready. */
    public enum Condition {
        STARTED,
        HEALTHY,
        COMPLETED_SUCCESSFULLY;

        /** The word in Compose files, such as {@code service_healthy}. */
        public String word() {
            return "service_" + name().toLowerCase(Locale.ROOT);
        }
    }
}
