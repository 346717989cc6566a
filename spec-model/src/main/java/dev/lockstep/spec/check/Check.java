package dev.lockstep.spec.check;

/** One rule across a project. */
@FunctionalInterface
interface Check {
    void run(Findings findings);
}
