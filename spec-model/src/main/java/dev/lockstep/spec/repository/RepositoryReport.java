package dev.lockstep.spec.repository;

import dev.lockstep.spec.check.Finding;
import java.util.List;

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
     * @param services how many are on; 0 for a stack that cannot be loaded
     */
    public record Stack(String name, String directory, List<String> hosts, int services) {
        public Stack {
            hosts = List.copyOf(hosts);
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
