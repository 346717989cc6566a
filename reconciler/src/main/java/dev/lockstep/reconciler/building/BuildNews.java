package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.runtime.image.Digest;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Tells of builds that have ended. Any thread may add some; whoever announces them holds no lock of the queue. */
final class BuildNews {
    private final Consumer<String> out;
    private final List<Consumer<BuildRecord>> listeners = new CopyOnWriteArrayList<>();
    /** What nobody was told of yet: who hears of it may ask something. */
    private final Queue<BuildRecord> untold = new ConcurrentLinkedQueue<>();

    /** @param out hears a sentence of each */
    BuildNews(Consumer<String> out) {
        this.out = out;
    }

    /** Hears of each build that has ended, however it did. */
    void onEnd(Consumer<BuildRecord> listener) {
        listeners.add(listener);
    }

    /** One that is over, to be told of at the next {@link #announce}. */
    void add(BuildRecord over) {
        untold.add(over);
    }

    /** Tells of all that was added. */
    void announce() {
        for (var record = untold.poll(); record != null; record = untold.poll()) {
            tell(record);
            for (var listener : listeners) {
                listener.accept(record);
            }
        }
    }

    /** Says how one has ended, to people alone. */
    void tell(BuildRecord record) {
        var what = "build " + record.number() + " of " + record.name();
        switch (record.state()) {
            case SUCCEEDED ->
                out.accept(what + " succeeded: "
                        + record.digest().map(Digest::toString).orElse(""));
            case FAILED ->
                out.accept(what + " failed: " + record.problem() + "; what runs stays as it is. 'lockstep builds logs "
                        + record.number() + "' shows what it said");
            case REFUSED -> out.accept(what + " is refused: " + record.problem() + "; what runs stays as it is");
            case SUPERSEDED -> out.accept(what + " is not made: " + record.problem());
            case QUEUED, BUILDING, TESTING -> {}
        }
    }
}
