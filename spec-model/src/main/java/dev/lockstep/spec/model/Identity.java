package dev.lockstep.spec.model;

import java.util.Map;
import java.util.Optional;

/**
 * What a container is called and what describes it.
 *
 * @param containerName its name on the host, in place of {@code PROJECT-SERVICE-NUMBER}
 * @param labels those of {@code label_file} under those of {@code labels}
 * @param annotations words for the OCI runtime
 */
public record Identity(
        Optional<String> containerName,
        Optional<Written<HostName>> hostname,
        Optional<Written<HostName>> domainname,
        Map<String, String> labels,
        Map<String, String> annotations) {
    public Identity {
        labels = Copies.ordered(labels);
        annotations = Copies.ordered(annotations);
    }

    /** The same with other labels. */
    public Identity withLabels(Map<String, String> other) {
        return new Identity(containerName, hostname, domainname, other, annotations);
    }
}
