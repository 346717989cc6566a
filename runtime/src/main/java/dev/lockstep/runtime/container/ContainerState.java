package dev.lockstep.runtime.container;

import java.time.Instant;

/** Whether a container runs; said by the kernel where it can, by the record where it cannot. */
public sealed interface ContainerState {
    /** It never ran, or its last start failed. */
    record Created() implements ContainerState {}

    /**
     * It runs.
     *
     * @param pid of its process 1, on the host
     * @param supervised whether conmon still watches it: if not, its output is lost and its exit code will be unknown
     * @param paused its processes stand still
     */
    record Running(int pid, Instant startedAt, boolean supervised, boolean paused) implements ContainerState {}

    /**
     * It ran and ended.
     *
     * @param finished whether {@link Containers#finishExit} has put everything away
     */
    record Exited(ExitOutcome outcome, boolean finished) implements ContainerState {}

    /** It ran and is gone without a trace: a reboot, or its supervisor was killed and then it ended. */
    record Lost() implements ContainerState {}
}
