package dev.lockstep.reconciler.history;

import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Which saved plans of a stack have been applied, {@code stacks/STACK/applied-plans.json}: each is applied once.
 * Whoever asks and writes holds the stack's lock.
 */
public final class AppliedPlans {
    /** The last ones; what an older one rests on has moved. */
    private static final int KEPT = 1000;

    private record Applied(List<Entry> plans) {}

    private record Entry(String id, Instant at) {}

    private final Root root;
    private final StateFile<Applied> state;

    public AppliedPlans(Root root) {
        this.root = root;
        this.state = root.stateFile(Applied.class, 1);
    }

    /** When that plan was applied; empty when it was not. */
    public Optional<Instant> when(String stack, String id) throws IOException {
        return entries(StackDirectories.of(root, stack)).stream()
                .filter(entry -> entry.id().equals(id))
                .map(Entry::at)
                .findFirst();
    }

    /** It is being applied, whatever becomes of that. */
    public void add(String stack, String id, Instant now) throws IOException {
        var directory = StackDirectories.make(root, stack);
        var entries = new ArrayList<>(entries(directory));
        entries.add(new Entry(id, now));
        state.write(file(directory), new Applied(entries.subList(Math.max(0, entries.size() - KEPT), entries.size())));
    }

    private List<Entry> entries(Path directory) throws IOException {
        return state.read(file(directory)).map(Applied::plans).orElse(List.of());
    }

    private static Path file(Path directory) {
        return directory.resolve("applied-plans.json");
    }
}
