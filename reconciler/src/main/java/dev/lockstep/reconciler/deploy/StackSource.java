package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.apply.BeforeStart;
import dev.lockstep.reconciler.desired.BindSources;
import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.plan.LineCommits;
import dev.lockstep.reconciler.plan.Secrets;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.policy.PolicyLayer;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Where a stack's files are: a directory, or a commit of a followed repository. */
public interface StackSource {
    /**
     * What to load and in which surroundings.
     *
     * @throws IOException with a sentence, when what the host adds to the files cannot be read
     */
    LoadRequest load() throws IOException;

    /** The followed repository, without credentials; absent for a directory. */
    Optional<String> repository();

    /** URLs that the followed repository had before, without credentials: what came from there is its own. */
    default Set<String> formerly() {
        return Set.of();
    }

    /** The commit, for people; absent for a directory. */
    Optional<String> revision();

    /** Which commits the lines of its files come from. Asked only about what is printed. */
    default LineCommits lines() {
        return LineCommits.UNKNOWN;
    }

    /** What the repository says of images, beside what the host says. */
    default List<ImagePolicy> imagePolicies() {
        return List.of();
    }

    /** What image references are to mean, by reference, whatever they mean now; none but for a way back. */
    default Map<String, String> digests() {
        return Map.of();
    }

    /** What of the stack's images the repository builds on this host. */
    default StackBuilds builds() {
        return StackBuilds.NONE;
    }

    /** What the repository leaves of what the host allows its stack to ask for. */
    default List<PolicyLayer> policies() {
        return List.of();
    }

    /** What becomes of what the files ask for before it is planned: of a stack that stands in for another. */
    default Desired adapted(Desired desired) {
        return desired;
    }

    /** The stack whose secrets of this host it has, where that is not the one that it is called. */
    default Optional<String> keeper() {
        return Optional.empty();
    }

    /** The file of this host for values that the stack's files do not have; empty where there is none for it. */
    default Optional<Path> values() {
        return Optional.empty();
    }

    /** What the host adds to the files and nobody is shown. */
    Secrets secrets();

    /**
     * What the project's bind mounts lead to.
     *
     * @param projectDirectory base of the project's relative paths, as the tree names it
     */
    Files files(Project project, String projectDirectory) throws IOException;

    /** The two halves of mounting files: knowing them for the plan, putting them in place for the start. */
    record Files(BindSources sources, BeforeStart beforeStart) {}

    /**
     * The bytes of a file that becomes part of a container: a secret, a config, a profile.
     *
     * @param projectDirectory base of the project's relative paths, as the tree names it
     * @param path as the file has it
     * @throws IOException with a sentence, when there is none or it may not be read
     */
    byte[] read(String projectDirectory, String path) throws IOException;

    /** Whether a file of {@link #read} may be executed by its owner; not where the source knows no modes. */
    boolean isExecutable(String projectDirectory, String path) throws IOException;
}
