package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.plan.Wishes;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What somebody asked of a plan beside the files.
 *
 * @param followed an agent follows the stack
 * @param removeOrphans remove containers of services that the files do not name
 * @param forceRecreate replace containers although nothing changed
 * @param leftAlone ids of containers that somebody else starts
 * @param pull instead of what the services say
 * @param since when somebody last asked for this: a tag that is to be looked up each time must have been since then
 * @param wishes what a person asked of this run alone
 * @param builds whether the images that the files say how to build will be built before the plan is carried out; for
 *     what an agent follows its own builds count
 * @param scale how many containers of a service, instead of what the files say
 */
public record PlanOptions(
        boolean followed,
        boolean removeOrphans,
        boolean forceRecreate,
        Set<String> leftAlone,
        Optional<PullChoice> pull,
        Instant since,
        Wishes wishes,
        BuildChoice builds,
        Map<String, Integer> scale) {
    public PlanOptions {
        leftAlone = Set.copyOf(leftAlone);
        scale = Map.copyOf(scale);
    }

    /** What a person asks for now. */
    public static PlanOptions byHand(boolean removeOrphans, boolean forceRecreate, Optional<PullChoice> pull) {
        return new PlanOptions(
                false,
                removeOrphans,
                forceRecreate,
                Set.of(),
                pull,
                Instant.MAX,
                Wishes.NONE,
                BuildChoice.DONE,
                Map.of());
    }

    /** The same by somebody who builds before anything is changed. */
    public PlanOptions building(BuildChoice builds) {
        return new PlanOptions(followed, removeOrphans, forceRecreate, leftAlone, pull, since, wishes, builds, scale);
    }

    /** The same for one run of {@code up}, whose wishes name the containers to replace. */
    public PlanOptions forUp(Wishes wishes, Map<String, Integer> scale) {
        return new PlanOptions(followed, removeOrphans, false, leftAlone, pull, since, wishes, builds, scale);
    }

    /** What an agent asks for when the time of one service has come: that it begins anew, and nothing else. */
    public PlanOptions forJob(String service, Set<String> others) {
        var wishes = new Wishes(others, Set.of(service), false, false, true, false);
        return new PlanOptions(followed, false, false, leftAlone, pull, since, wishes, builds, scale);
    }

    /** What an agent asks for. */
    public static PlanOptions followed(Set<String> leftAlone, Instant since) {
        return new PlanOptions(
                true, false, false, leftAlone, Optional.empty(), since, Wishes.NONE, BuildChoice.DONE, Map.of());
    }
}
