package dev.lockstep.reconciler.builds;

import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateException;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives out the numbers of a root's builds. A number is on the disk as given before anybody has it, in a file of its
 * own ({@code builds/last.json}): a kill leaves a gap, and neither that nor a record that was forgotten lets a number
 * come twice. Any process may ask.
 */
public final class BuildNumbers {
    private static final Logger LOG = LoggerFactory.getLogger(BuildNumbers.class);

    private final BuildRecords records;
    private final StateFile<Last> last;

    /** The number that was given last. */
    record Last(long number) {}

    /** Of that root. */
    public BuildNumbers(Root root) {
        this.records = new BuildRecords(root);
        this.last = root.stateFile(Last.class, 1);
    }

    /** The next number; the first is 1. */
    public long next() throws IOException {
        try (var _ = Flock.exclusive(records.numbers())) {
            Root.directory(records.builds());
            var file = records.builds().resolve("last.json");
            // A root that was put back from an older copy may have lost the file's newest state, not its directories.
            var next = 1 + Math.max(given(file), records.highest());
            last.write(file, new Last(next));
            return next;
        }
    }

    /** The number in the file. Of a damaged one the directories tell it: the newest builds are forgotten last. */
    private long given(Path file) throws IOException {
        try {
            return last.read(file).map(Last::number).orElse(0L);
        } catch (StateException e) {
            if (e.reason() != StateException.Reason.DAMAGED) {
                throw e;
            }
            LOG.warn("numbers of builds go on after the highest that is there, since {}", e.getMessage());
            return 0;
        }
    }
}
