package dev.lockstep.reconciler.plan;

import dev.lockstep.runtime.container.ContainerState;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.RestartPolicy;
import java.util.Optional;

/** Whether a container that does not run has to be started. */
record StartCause(Facts facts, PlanBuilder plan) {
    /**
     * Why a container that does not run has to be started; empty when it runs or may stay as it is.
     *
     * @param policy that it has from now on
     */
    Optional<Cause> of(ObservedContainer container, RestartPolicy policy) {
        if (facts.leftAlone().contains(container.id())) {
            return Optional.empty();
        }
        return switch (container.state()) {
            case ContainerState.Running _ -> Optional.empty();
            case ContainerState.Created _ ->
                container
                        .life()
                        .error()
                        .map(e -> Cause.drift("state", "did not start: " + e, "running"))
                        .or(() -> Optional.of(Cause.drift("state", "created", "running")));
            case ContainerState.Lost _ ->
                Optional.of(Cause.drift("state", "gone (the host was restarted, or somebody removed it)", "running"));
            case ContainerState.Exited(var outcome, var unused) -> {
                var byHand = container.life().stoppedByUser();
                var always = policy.condition() == RestartPolicy.Condition.ALWAYS
                        || policy.condition() == RestartPolicy.Condition.UNLESS_STOPPED;
                if (outcome.exitCode() == 0
                        && !byHand
                        && !always
                        && !outcome.lost()
                        && !facts.wishes().again()) {
                    // It did what it was made for: "completed", until its definition changes.
                    yield Optional.empty();
                }
                if (facts.followed()
                        && policy.explicit()
                        && policy.condition() == RestartPolicy.Condition.NO
                        && !byHand) {
                    plan.warn("container " + container.name() + " ended with exit code " + outcome.exitCode()
                            + "; restart: \"no\" is written in its file, so it is not started");
                    yield Optional.empty();
                }
                yield Optional.of(Cause.drift(
                        "state",
                        byHand
                                ? "stopped by hand"
                                : "exited (" + outcome.exitCode() + ")"
                                        + (outcome.oomKilled() ? ", out of memory" : "")
                                        + (outcome.lost() ? ", nobody saw it end" : ""),
                        "running"));
            }
        };
    }
}
