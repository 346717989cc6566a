package dev.lockstep.runtime.container;

/**
 * Called at each step of making and unmaking a container. Tests throw an {@link Error} there, which no undo of ours
 * catches: the files and the kernel then look as after a kill of the process at that moment.
 */
@FunctionalInterface
public interface FailPoint {
    /** Does nothing. */
    FailPoint NONE = step -> {};

    /** The steps at which a kill leaves different things behind. */
    enum Step {
        CREATE_RECORDED,
        CREATE_VOLUMES,
        CREATE_DONE,
        START_MOUNTED,
        START_ATTACHED,
        START_SUPERVISED,
        START_PUBLISHED,
        START_STARTED,
        START_RECORDED,
        RESTART_ENDED,
        FINISH_RECORDED,
        FINISH_DELETED,
        REMOVE_RECORDED,
        REMOVE_FILES
    }

    /** The step was just done. */
    void reached(Step step);
}
