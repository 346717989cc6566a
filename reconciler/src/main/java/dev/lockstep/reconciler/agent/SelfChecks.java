package dev.lockstep.reconciler.agent;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets the agent check itself at a pace, says what is news, and writes it down for {@code status}. */
final class SelfChecks implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(SelfChecks.class);

    private final SelfCheck check;
    private final List<Follower> followers;
    private final RepositoryStatuses statuses;
    private final Consumer<String> out;
    private final Thread thread;
    private final CountDownLatch over = new CountDownLatch(1);
    /** Only the checking thread uses it. */
    private List<String> last = List.of();

    private SelfChecks(
            SelfCheck check,
            List<Follower> followers,
            RepositoryStatuses statuses,
            Duration interval,
            Consumer<String> out) {
        this.check = check;
        this.followers = List.copyOf(followers);
        this.statuses = statuses;
        this.out = out;
        // Disks and locks are asked, which may block: no virtual thread.
        this.thread = Thread.ofPlatform().daemon().name("self-check").unstarted(() -> run(interval));
    }

    /** Checks now and then, from the beginning until {@link #close}. */
    static SelfChecks start(
            SelfCheck check,
            List<Follower> followers,
            RepositoryStatuses statuses,
            Duration interval,
            Consumer<String> out) {
        var checks = new SelfChecks(check, followers, statuses, interval, out);
        checks.thread.start();
        return checks;
    }

    private void run(Duration interval) {
        try {
            do {
                try {
                    look();
                } catch (RuntimeException | VirtualMachineError e) {
                    LOG.warn("the agent has not looked at itself error={}", e.toString());
                }
            } while (!over.await(interval.toNanos(), TimeUnit.NANOSECONDS));
            write(List.of());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void look() {
        var clocks = followers.stream()
                .flatMap(follower ->
                        follower
                                .ahead()
                                .map(ahead -> new SelfCheck.Clock(
                                        follower.repository().url(), ahead))
                                .stream())
                .distinct()
                .toList();
        var found = check.problems(clocks);
        found.stream().filter(problem -> !last.contains(problem)).forEach(out);
        last.stream().filter(problem -> !found.contains(problem)).forEach(problem -> out.accept("no more: " + problem));
        last = found;
        write(found);
    }

    private void write(List<String> problems) {
        try {
            statuses.agent(problems);
        } catch (IOException e) {
            LOG.debug("problems of the agent are not written down", e); // and why is one of them
        }
    }

    /** Ends, and takes back what was found: an agent that does not run has no problems. */
    @Override
    public void close() {
        over.countDown();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
