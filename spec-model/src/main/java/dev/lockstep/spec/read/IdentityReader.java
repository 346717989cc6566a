package dev.lockstep.spec.read;

import dev.lockstep.spec.model.HostName;
import dev.lockstep.spec.model.Identity;

/** Reads what a service's containers are called and what describes them. */
final class IdentityReader {
    private static final String NAMES = "letters, digits, \"_\", \".\" and \"-\", the first one a letter or digit";

    Identity read(Attributes service) {
        return new Identity(
                service.parsed("container_name", IdentityReader::containerName),
                service.written("hostname", HostName::new),
                service.written("domainname", HostName::new),
                Values.labels(service.fields()),
                service.keyValues("annotations"));
    }

    private static String containerName(String text) {
        if (text.length() < 2
                || !isAlphanumeric(text.charAt(0))
                || !text.chars().allMatch(IdentityReader::isOfName)) {
            throw new IllegalArgumentException(
                    "\"" + text + "\" cannot name a container. Write at least two characters: " + NAMES);
        }
        return text;
    }

    private static boolean isAlphanumeric(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }

    private static boolean isOfName(int c) {
        return isAlphanumeric(c) || c == '_' || c == '.' || c == '-';
    }
}
