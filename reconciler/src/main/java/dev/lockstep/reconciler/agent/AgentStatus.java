package dev.lockstep.reconciler.agent;

import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * What an agent knows of its repositories, for {@code status}: {@code agent.json} in the root. The stacks' own statuses
 * stand beside.
 *
 * @param startedAt of the agent that wrote it
 * @param problems what is wrong with the agent itself, a sentence for each
 */
public record AgentStatus(String host, Instant startedAt, List<Repository> repositories, List<String> problems) {
    public AgentStatus {
        // A file of an earlier version has none.
        problems = List.copyOf(Objects.requireNonNullElse(problems, List.of()));
        repositories = List.copyOf(repositories);
    }

    /**
     * One followed repository.
     *
     * @param url without credentials
     * @param ref what is followed
     * @param commit that was fetched last
     * @param refused where the ref points on the remote, if it is not followed there
     * @param error why it cannot be followed now
     * @param since when {@code error} appeared or went, or the commit was fetched
     * @param nextTry when it is asked again after an error
     */
    public record Repository(
            String url,
            String ref,
            Optional<String> commit,
            Optional<String> refused,
            Optional<String> error,
            Instant since,
            Optional<Instant> nextTry) {
        public Repository {
            // A file of an earlier version has none.
            nextTry = Objects.requireNonNullElse(nextTry, Optional.empty());
            refused = Objects.requireNonNullElse(refused, Optional.empty());
        }
    }

    /** The status that was written last. */
    public static Optional<AgentStatus> read(Root root) throws IOException {
        return file(root).read(path(root));
    }

    void write(Root root) throws IOException {
        file(root).write(path(root), this);
    }

    private static StateFile<AgentStatus> file(Root root) {
        return root.stateFile(AgentStatus.class, 1);
    }

    private static Path path(Root root) {
        return root.state().resolve("agent.json");
    }
}
