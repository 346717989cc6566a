package dev.lockstep.reconciler.agent;

import org.jspecify.annotations.Nullable;

/** How far one stack is, for the stacks that come after it. Several threads ask. */
final class Progress {
    private @Nullable String wanted;
    private @Nullable String settled;
    private boolean well;
    private boolean closed;

    /** A commit is to be run; whoever waits for an older one waits for this one now. */
    synchronized void want(String commit) {
        wanted = commit;
        notifyAll();
    }

    /** A run of that commit ended. */
    synchronized void settle(String commit, boolean good) {
        settled = commit;
        well = good;
        notifyAll();
    }

    /** There will be no run any more. */
    synchronized void close() {
        closed = true;
        notifyAll();
    }

    /** Waits for the end of a run of the newest wanted commit, be it well or not, or for {@link #close}. */
    synchronized void await(String commit) throws InterruptedException {
        while (!closed && !isSettled(commit)) {
            wait();
        }
    }

    /** Whether the last run was of the newest wanted commit and ended well. */
    synchronized boolean isWell(String commit) {
        return well && isSettled(commit);
    }

    /** What is wanted may be newer than what somebody asks for; without any wish the question counts. */
    private boolean isSettled(String commit) {
        return (wanted == null ? commit : wanted).equals(settled);
    }
}
