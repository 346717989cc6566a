package dev.lockstep.spec.model;

import java.util.Locale;
import java.util.Optional;

/**
 * What happens when a container ends.
 *
 * @param maxRetries for {@link Policy#ON_FAILURE} only; without it there is no end
 */
public record Restart(Policy policy, Optional<Integer> maxRetries) {
    /** The four policies of the Compose Specification. */
    public enum Policy {
        NO,
        ALWAYS,
        ON_FAILURE,
        UNLESS_STOPPED;

        /** The word in Compose files, such as {@code on-failure}. */
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    public Restart {
        if (maxRetries.isPresent() && (policy != Policy.ON_FAILURE || maxRetries.get() < 0)) {
            throw new IllegalArgumentException("a number of retries goes with on-failure only, and is not negative");
        }
    }

    /**
     * Reads {@code no}, {@code always}, {@code on-failure[:N]}, {@code unless-stopped}; and {@code none} and
     * {@code any}, which are words of {@code deploy.restart_policy} and which docker compose takes here, too.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    public static Restart parse(String text) {
        for (var policy : Policy.values()) {
            if (text.equals(policy.word())) {
                return new Restart(policy, Optional.empty());
            }
        }
        if (text.equals("none") || text.equals("any")) {
            return new Restart(text.equals("none") ? Policy.NO : Policy.ALWAYS, Optional.empty());
        }
        var counted = Policy.ON_FAILURE.word() + ":";
        if (text.startsWith(counted) && text.substring(counted.length()).matches("\\d{1,9}")) {
            return new Restart(Policy.ON_FAILURE, Optional.of(Integer.valueOf(text.substring(counted.length()))));
        }
        throw new IllegalArgumentException(
                "\"" + text
                        + "\" is no restart policy. Write \"no\", \"always\", \"on-failure\", \"on-failure:N\" or \"unless-stopped\"");
    }

    @Override
    public String toString() {
        return policy.word() + maxRetries.map(n -> ":" + n).orElse("");
    }
}
