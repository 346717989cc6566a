package dev.lockstep.reconciler.history;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/** How a run for a stack ended. */
public enum Outcome {
    /** Everything runs as the revision asks. */
    @JsonProperty("converged")
    CONVERGED,
    /** Applied, and a service is not healthy. */
    @JsonProperty("unhealthy")
    UNHEALTHY,
    /** An operation failed on the way. */
    @JsonProperty("failed")
    FAILED,
    /** The revision did not become well, and the stack is back at the last one that was. */
    @JsonProperty("rolled-back")
    ROLLED_BACK,
    /** The revision did not become well, and going back failed too: somebody has to look. */
    @JsonProperty("degraded")
    DEGRADED,
    /** Nothing was done: the revision is invalid, or the host does not allow what it asks. */
    @JsonProperty("refused")
    REFUSED,
    /** The revision was applied before; what had changed on the host was put right. */
    @JsonProperty("drift-corrected")
    DRIFT_CORRECTED,
    /** Nothing was done: a stack that comes before is not well. */
    @JsonProperty("blocked")
    BLOCKED,
    /** Nothing was done: the repository or a person asks to leave the stack as it is. */
    @JsonProperty("suspended")
    SUSPENDED,
    /** Nothing was done: the plan waits for a person who agrees. */
    @JsonProperty("held")
    HELD,
    /** Nothing was done: the plan waits for the time at which the stack may be changed. */
    @JsonProperty("waiting")
    WAITING,
    /** The host is not as the revision asks, and the stack asks to report that and no more. */
    @JsonProperty("drifted")
    DRIFTED,
    /** A newer revision came, or the agent ended, before it was known whether this one is well. */
    @JsonProperty("superseded")
    SUPERSEDED;

    /** As JSON and people have it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** True when the host is as the revision asks. */
    public boolean isGood() {
        return this == CONVERGED || this == DRIFT_CORRECTED;
    }
}
