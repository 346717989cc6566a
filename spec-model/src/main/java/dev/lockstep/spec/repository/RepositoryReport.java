package dev.lockstep.spec.repository;

import dev.lockstep.spec.check.Finding;
import dev.lockstep.spec.model.Project;
import java.util.List;
import java.util.Optional;

/**
 * What checking a repository gave.
 *
 * @param stacks by directory
 * @param findings of all files together, by position
 */
public record RepositoryReport(List<Stack> stacks, List<Finding> findings) {
    /**
     * One stack.
     *
     * @param directory in the repository, {@code ""} for its root
     * @param hosts those known by name that run it; empty when no host is known by name
     * @param project what is in its files; empty for a stack that cannot be loaded
     * @param base the base of the project's relative paths, in the repository
     */
    public record Stack(String name, String directory, List<String> hosts, Optional<Project> project, String base) {
        public Stack {
            hosts = List.copyOf(hosts);
        }

        /** How many services are on; 0 for a stack that cannot be loaded. */
        public int services() {
            return project.map(p -> p.services().size()).orElse(0);
        }
    }

    public RepositoryReport {
        stacks = List.copyOf(stacks);
        findings = List.copyOf(findings);
    }

    /** Whether an agent would take all of it. */
    public boolean isValid() {
        return findings.stream().noneMatch(Finding::isError);
    }
}
