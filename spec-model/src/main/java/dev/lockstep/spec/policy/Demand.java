package dev.lockstep.spec.policy;

/**
 * Something that a stack asks of its host.
 *
 * @param value in the words of the subject's list, so that it can be put there as it is
 * @param readOnly whether nothing can be written through it
 * @param path of the value in the project, for its place
 */
public record Demand(Subject subject, String value, boolean readOnly, String path) {
    /** One that can be written through, or of which that means nothing. */
    public Demand(Subject subject, String value, String path) {
        this(subject, value, false, path);
    }

    /** As a policy that allows it would write it; YAML takes no word that begins with a star. */
    String entry() {
        var entry = value + (subject == Subject.BIND_SOURCES && readOnly ? ":ro" : "");
        return entry.matches("[a-zA-Z0-9/][a-zA-Z0-9/_.=-]*(?::[a-zA-Z0-9_.=-]+)*") ? entry : "\"" + entry + "\"";
    }
}
