package dev.lockstep.reconciler.agent;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a thread that lasts as long as the agent does when it fails, for want of memory or of descriptors, say: it tells
 * that, once until something else is wrong or it went well for a while, and begins again after a pause. One thread's.
 */
final class Setbacks {
    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofSeconds(30);
    /** What went well for so long after its pause begins with short pauses again. */
    private static final Duration WELL = Duration.ofMinutes(1);

    private final String what;
    private final Consumer<String> out;
    private final Duration first;
    private Duration pause = Duration.ZERO;
    private long last;
    private String told = "";

    /** @param what is not done then, the beginning of a sentence */
    Setbacks(String what, Consumer<String> out) {
        this(what, out, FIRST);
    }

    Setbacks(String what, Consumer<String> out, Duration first) {
        this.what = what;
        this.out = out;
        this.first = first;
    }

    /** What is done; its end is the end. */
    interface Work {
        void run() throws IOException, InterruptedException;
    }

    /** Does it until it ends other than by failing, or what it listens to is closed. */
    void outlive(Work work) throws InterruptedException {
        while (true) {
            try {
                work.run();
                return;
            } catch (ClosedWatchServiceException e) {
                return;
            } catch (IOException | RuntimeException | VirtualMachineError e) {
                Thread.sleep(failed(e, System.nanoTime()));
            }
        }
    }

    /** Tells it; returns how long to wait. */
    Duration failed(Throwable e, long nanoTime) {
        var wait = next(nanoTime);
        var why = Optional.ofNullable(e.getMessage()).orElse(e.toString());
        if (!why.equals(told)) {
            out.accept(what + ", which is tried again: " + why);
            told = why;
        }
        return wait;
    }

    /** How long to wait: twice as long each time, up to half a minute. */
    Duration next(long nanoTime) {
        if (nanoTime - last > pause.plus(WELL).toNanos()) {
            pause = Duration.ZERO;
            told = "";
        }
        last = nanoTime;
        var doubled = pause.isZero() ? first : pause.multipliedBy(2);
        pause = doubled.compareTo(LONGEST) > 0 ? LONGEST : doubled;
        return pause;
    }

    /** Whether pauses do not get longer any more. */
    boolean isLongest() {
        return pause.equals(LONGEST);
    }
}
