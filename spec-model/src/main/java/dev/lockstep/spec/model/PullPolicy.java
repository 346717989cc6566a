package dev.lockstep.spec.model;

import java.time.Duration;

/** When an image is looked for in its registry. */
public sealed interface PullPolicy {
    /** The word in Compose files. */
    String word();

    /** The policies that are a word alone. */
    enum Plain implements PullPolicy {
        ALWAYS,
        NEVER,
        MISSING,
        BUILD,
        REFRESH,
        DAILY,
        WEEKLY;

        @Override
        public String word() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /**
     * Again when the last time is longer ago than this.
     *
     * @param text the duration as written, which is how it is printed
     */
    record Every(String text, Duration interval) implements PullPolicy {
        @Override
        public String word() {
            return "every_" + text;
        }
    }

    /**
     * Reads {@code always}, {@code never}, {@code missing}, {@code if_not_present} (the same), {@code build},
     * {@code refresh}, {@code daily}, {@code weekly}, {@code every_12h}.
     *
     * @throws IllegalArgumentException with a sentence for the user
     */
    static PullPolicy parse(String text) {
        if (text.equals("if_not_present")) {
            return Plain.MISSING;
        }
        for (var policy : Plain.values()) {
            if (policy.word().equals(text)) {
                return policy;
            }
        }
        if (text.startsWith("every_")) {
            var interval = text.substring("every_".length());
            return new Every(interval, Durations.parse(interval));
        }
        throw new IllegalArgumentException("\"" + text
                + "\" is no pull policy. Write always, missing, never, build, refresh, daily, weekly or every_12h");
    }
}
