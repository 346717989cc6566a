package dev.lockstep.runtime.oci;

/**
 * A limit of each process, setrlimit(2); −1 is no limit.
 *
 * @param soft what holds
 * @param hard what a process may raise it to
 */
public record Rlimit(long soft, long hard) {
    public Rlimit {
        if (soft < -1 || hard < -1 || hard != -1 && (soft == -1 || soft > hard)) {
            throw new IllegalArgumentException("the soft limit " + soft + " is above the hard limit " + hard);
        }
    }
}
