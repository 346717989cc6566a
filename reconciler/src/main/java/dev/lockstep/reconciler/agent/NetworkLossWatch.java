package dev.lockstep.reconciler.agent;

import dev.lockstep.runtime.network.NetworkWatch;
import dev.lockstep.runtime.network.Networks;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts back at once what somebody takes from the networks: rules that a firewall's reload flushed, bridges, addresses.
 * Walls between networks are not a stack's alone, so it is done for all, also for those that nobody follows or that are
 * suspended. What is missing of containers is left to the stacks' workers, which are told to look.
 */
final class NetworkLossWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(NetworkLossWatch.class);

    /** Woken so often it looks whether anybody still wants to know, and leases that were given out become durable. */
    private static final Duration TURN = Duration.ofSeconds(60);

    /** Between two times that something is put back, so that two who disagree do not keep the host busy. */
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final Networks networks;
    private final NetworkWatch watch;
    private final Runnable look;
    private final Consumer<String> out;
    /** Held while something is done with networks. */
    private final Object work = new Object();

    private volatile boolean stopped;

    private NetworkLossWatch(Networks networks, Runnable look, Consumer<String> out) throws IOException {
        this.networks = networks;
        this.look = look;
        this.out = out;
        this.watch = networks.watch();
    }

    /**
     * @param look called when something is missing of a container
     * @param out hears what a person should know, a sentence at a time
     */
    static NetworkLossWatch start(Networks networks, Runnable look, Consumer<String> out) throws IOException {
        var started = new NetworkLossWatch(networks, look, out);
        Thread.ofPlatform().daemon().name("network-loss").start(started::run);
        return started;
    }

    private void run() {
        var missed = new AtomicBoolean();
        try (watch) {
            new Setbacks("it is not heard when networks lose something; stacks are compared in turn", this::tell)
                    .outlive(() -> {
                        while (!stopped) {
                            // What failed may have taken along what it had heard.
                            turn(missed.getAndSet(true) || watch.awaitLoss(TURN));
                            missed.set(false);
                        }
                    });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void tell(String setback) {
        if (!stopped) {
            out.accept(setback);
        }
    }

    private void turn(boolean lost) throws InterruptedException {
        boolean mended;
        synchronized (work) {
            if (stopped) {
                return;
            }
            mended = lost && mend();
            settle();
        }
        if (mended) {
            Thread.sleep(PAUSE);
        }
    }

    private void settle() {
        try {
            networks.settle();
        } catch (IOException | RuntimeException e) {
            LOG.warn("addresses given out are not durable yet error={}", e.toString());
        }
    }

    /** Whether something was put back, or was to be and could not. */
    private boolean mend() {
        try {
            var mended = networks.mend();
            mended.forEach(out);
            if (networks.observe().containers().values().stream()
                    .anyMatch(c -> !c.namespace() || !c.missingNetworks().isEmpty())) {
                look.run();
            }
            return !mended.isEmpty();
        } catch (IOException | RuntimeException e) {
            out.accept("networks have lost something, and it cannot be put back: " + e.getMessage());
            return true;
        }
    }

    @Override
    public void close() {
        stopped = true; // it sleeps in the kernel, and ends with its turn or the process
        synchronized (work) {
            // What it is at needs the engine, which is closed next.
        }
    }
}
