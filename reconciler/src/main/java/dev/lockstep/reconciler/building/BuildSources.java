package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.builds.BuildTarget;
import dev.lockstep.reconciler.builds.Occasion;
import dev.lockstep.reconciler.deploy.StackSource;
import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** The commits that are built. */
public interface BuildSources {
    /**
     * A commit of a followed repository, once for each part of it that is followed; none when nobody follows it any
     * more, or its clone does not have the commit. Any thread may ask.
     *
     * @param repository URL without credentials
     */
    List<Source> find(String repository, String commit) throws IOException;

    /**
     * Brings a commit that is not here, where its branch or tag still leads to it: what was refused as a whole, such as
     * a tag that was moved, nobody has brought. Asks the remote; any thread may.
     *
     * @param repository URL without credentials
     * @throws IOException with a sentence, when the remote or this host refuses
     */
    void bring(String repository, Occasion occasion) throws IOException;

    /** One commit. Good as long as its repository is followed. */
    interface Source {
        /** Its files. */
        CommitTree tree();

        /** What it builds on this host. */
        List<BuildTarget> targets() throws IOException;

        /** What the repository says of images, beside what the host says. */
        List<ImagePolicy> imagePolicies() throws IOException;

        /**
         * The stack of this host that has the service; empty when none has.
         *
         * @param service as it is written: {@code SERVICE}, or {@code STACK/SERVICE}
         */
        Optional<Stack> stack(String service) throws IOException;
    }

    /**
     * A service of a stack.
     *
     * @param name of the stack
     */
    record Stack(StackSource source, String name, String service) {}
}
