package dev.lockstep.spec.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a container may do, and what it shares with others.
 *
 * @param privileged nothing is kept from it
 * @param readOnly its root file system cannot be written to
 * @param capAdd capabilities besides the engine's default, as written
 * @param capDrop capabilities taken away, as written; {@code ALL} is all of them
 * @param securityOptions such as {@code no-new-privileges:true}, as written
 * @param cgroupParent the cgroup that the container's own is made below
 * @param runtime the OCI runtime's name
 * @param technology {@code isolation}, which only Windows knows
 * @param useApiSocket give the container the socket of the engine
 */
public record Isolation(
        boolean privileged,
        boolean readOnly,
        List<String> capAdd,
        List<String> capDrop,
        List<String> securityOptions,
        Namespaces namespaces,
        Optional<String> cgroupParent,
        Optional<String> runtime,
        Optional<String> technology,
        Map<String, String> sysctls,
        Optional<CredentialSpec> credentialSpec,
        boolean useApiSocket) {
    public Isolation {
        capAdd = List.copyOf(capAdd);
        capDrop = List.copyOf(capDrop);
        securityOptions = List.copyOf(securityOptions);
        sysctls = Copies.ordered(sysctls);
    }
}
