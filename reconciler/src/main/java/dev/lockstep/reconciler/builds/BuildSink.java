package dev.lockstep.reconciler.builds;

import java.io.IOException;
import java.util.List;

/** Where builds go that a repository asks for: whoever looks at its refs orders, whoever has the engine builds. */
public interface BuildSink {
    /**
     * Takes orders. What was taken is written down when this returns, and no more: a host that dies then builds it when
     * it is up again, and nobody needs to order it a second time. An order for a branch takes the place of those of the
     * same target and branch that have not begun ({@link BuildRecord.State#SUPERSEDED}).
     *
     * @param repository URL without credentials
     * @param orders the newest of a target before its older ones
     * @throws IOException when they could not be written down; those that were are found among the records
     */
    void submit(String repository, List<BuildOrder> orders) throws IOException;

    /**
     * Writes down what is not built although a ref asks for it ({@link BuildRecord.State#REFUSED}), and says so once.
     *
     * @param repository URL without credentials
     */
    void refuse(String repository, List<Refusal> refusals) throws IOException;

    /**
     * A build that is not to be made.
     *
     * @param target as it is called
     * @param image the reference without a tag
     * @param problem a sentence that says why, and what to do
     */
    record Refusal(String target, String image, Occasion occasion, String problem) {}
}
