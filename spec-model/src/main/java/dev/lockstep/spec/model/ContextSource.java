package dev.lockstep.spec.model;

import java.util.List;

/** Where the files of a build come from. */
public sealed interface ContextSource {
    /** As {@code context} writes it. */
    String text();

    /** A directory, absolute or relative to the project directory, cleaned. */
    record Directory(String path) implements ContextSource {
        @Override
        public String text() {
            return path;
        }
    }

    /** Anything that the builder fetches: a Git or HTTP address, {@code docker-image://…}; as written. */
    record Remote(String reference) implements ContextSource {
        @Override
        public String text() {
            return reference;
        }
    }

    /** What the image of another service is built to. */
    record OfService(String service) implements ContextSource {
        @Override
        public String text() {
            return "service:" + service;
        }
    }

    /** How addresses begin that need no {@code ://}. */
    List<String> REMOTE_PREFIXES = List.of("github.com/", "git@");

    /** Whether a text is an address rather than a path. */
    static boolean isRemote(String text) {
        return text.contains("://") || REMOTE_PREFIXES.stream().anyMatch(text::startsWith);
    }
}
