package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Progress;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.Map;

/** How far a pull or a push is, on one line of a terminal that is written again and again. */
final class PullProgress implements Progress, AutoCloseable {
    private static final long MIB = 1 << 20;

    private final PrintStream to;
    private final boolean live;
    private final Map<Digest, Long> done = new HashMap<>();
    private final Map<Digest, Long> total = new HashMap<>();
    private String shown = "";

    private PullProgress(PrintStream to, boolean live) {
        this.to = to;
        this.live = live;
    }

    /** On the terminal of a command; silent where there is none, and when that is asked for. */
    static PullProgress of(Invocation call) {
        return new PullProgress(
                call.world().err(),
                call.world().terminals().err() && !call.flag("--quiet") && !call.flag("--quiet-pull"));
    }

    @Override
    public synchronized void report(Step step, Digest content, long bytes, long all) {
        if (!live || (step != Step.DOWNLOAD && step != Step.UPLOAD)) {
            return;
        }
        done.put(content, bytes);
        total.put(content, Math.max(bytes, all));
        var text = sum(done) / MIB + " of " + sum(total) / MIB + " MiB";
        if (!text.equals(shown)) {
            shown = text;
            to.print("\r\u001b[K" + text);
            to.flush();
        }
    }

    private static long sum(Map<Digest, Long> bytes) {
        return bytes.values().stream().mapToLong(Long::longValue).sum();
    }

    /** Takes the line away. */
    @Override
    public synchronized void close() {
        if (!shown.isEmpty()) {
            to.print("\r\u001b[K");
            to.flush();
        }
    }
}
