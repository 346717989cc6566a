package dev.lockstep.spec.model;

import java.util.regex.Pattern;

/** A name that the kernel takes for a host (sethostname(2)) and a resolver for a domain. */
public record HostName(String text) {
    /** {@code HOST_NAME_MAX}. */
    private static final int LONGEST = 64;

    private static final String LABEL = "[a-zA-Z0-9_](?:[a-zA-Z0-9_-]*[a-zA-Z0-9_])?";
    private static final Pattern NAME = Pattern.compile(LABEL + "(?:\\." + LABEL + ")*");

    public HostName {
        if (text.length() > LONGEST || !NAME.matcher(text).matches()) {
            throw new IllegalArgumentException("\"" + text
                    + "\" is not a host name. Write letters, digits, \"-\", \"_\" and \".\", at most " + LONGEST
                    + " of them");
        }
    }

    @Override
    public String toString() {
        return text;
    }
}
