package dev.lockstep.runtime.prune;

import dev.lockstep.runtime.store.JsonLines;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.util.List;

/** What housekeeping did on this root: {@code housekeeping.jsonl}, as {@link JsonLines} writes it. */
public final class PruneRecords {
    /** Thousands of runs. */
    private static final long SIZE = 1L << 20;

    private final JsonLines<PruneRecord> lines;

    public PruneRecords(Root root) {
        this.lines =
                new JsonLines<>(root, PruneRecord.class, root.state().resolve("housekeeping"), "housekeeping", SIZE);
    }

    void append(PruneRecord record) throws IOException {
        lines.append(record);
    }

    /** All that are kept, oldest first. */
    public List<PruneRecord> all() throws IOException {
        return lines.entries();
    }
}
