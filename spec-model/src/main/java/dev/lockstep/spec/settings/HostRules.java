package dev.lockstep.spec.settings;

import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.policy.Confinement;
import dev.lockstep.spec.policy.Demands;
import dev.lockstep.spec.policy.PolicyLayer;
import dev.lockstep.spec.yaml.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What stacks are held to where they are checked without being planned.
 *
 * @param policy what the host allows; empty where no host is asked
 * @param ownUsers whether containers have users of their own there where the files do not say it
 * @param isSocket whether an absolute path of the host is a socket, as far as anybody knows
 */
public record HostRules(Optional<HostPolicy> policy, boolean ownUsers, Predicate<String> isSocket) {
    /** No host is asked: what is called as sockets are is taken for one. */
    public static final HostRules NONE = new HostRules(Optional.empty(), false, path -> path.endsWith(".sock"));

    /**
     * What the project asks for and is not allowed, by position. Whose volumes, networks and containers of others are
     * is known on the host alone, and not looked at.
     *
     * @param repository what the project's repository leaves of what the host allows
     */
    public List<Problem> refusals(Project project, List<PolicyLayer> repository) {
        var layers = new ArrayList<PolicyLayer>();
        policy.ifPresent(host -> layers.add(host.layer(project.name(), Optional.empty())));
        layers.addAll(repository);
        return new Confinement(layers).refusals(Demands.of(project, ownUsers, isSocket), project.sources());
    }
}
