package dev.lockstep.reconciler.history;

import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * What a stack goes back to and what it is not brought to again: {@code stacks/STACK/good.json} and
 * {@code failed.json}, for root alone, since what containers are given may be secret.
 */
public final class RevisionFiles {
    private final Root root;
    private final String stack;
    private final StateFile<Good> good;
    private final StateFile<Failed> failed;

    /**
     * The last revision that was well, as far as anybody looked.
     *
     * @param revision empty when there was nothing before the first one, which did not become well yet
     * @param since when that was found
     */
    public record Good(Optional<StackRevision> revision, Instant since) {}

    /**
     * A revision that did not become well, and that the stack left again.
     *
     * @param why a sentence
     * @param paused the stack was left as it was then, half changed, because {@code failure_action: pause} says so
     * @param leaving the stack is on its way back, and not there yet
     * @param ordered the revision with what the policies of then ordered beside it, where they ordered anything
     */
    public record Failed(
            StackRevision revision,
            String why,
            Instant since,
            boolean paused,
            boolean leaving,
            Optional<StackRevision> ordered) {
        public Failed {
            // A file of an earlier version has none.
            ordered = Objects.requireNonNullElse(ordered, Optional.empty());
        }

        /** The stack is back, or somebody has brought it to where it is well. */
        public Failed left() {
            return new Failed(revision, why, since, false, false, ordered);
        }

        /**
         * Whether that is what was tried.
         *
         * @param written what the files ask for
         * @param now the same with what policies order
         */
        public boolean isOf(StackRevision written, StackRevision now) {
            return revision.isSameAs(written)
                    && ordered.filter(then -> !then.isSameAs(now)).isEmpty();
        }
    }

    public RevisionFiles(Root root, String stack) {
        this.root = root;
        this.stack = stack;
        this.good = root.stateFile(Good.class, 1);
        this.failed = root.stateFile(Failed.class, 1);
    }

    /** What each stack goes back to. */
    public static List<StackRevision> allGood(Root root) throws IOException {
        var all = new ArrayList<StackRevision>();
        for (var directory : StackDirectories.all(root)) {
            new RevisionFiles(root, directory.getFileName().toString()).good().ifPresent(all::add);
        }
        return List.copyOf(all);
    }

    public Optional<StackRevision> good() throws IOException {
        return good.read(file("good.json")).flatMap(Good::revision);
    }

    /**
     * Something is about to be tried: what runs now is what to go back to, where nothing is known to be well.
     *
     * @param running asked only then; empty when there is nothing
     */
    public void begin(Supplier<Optional<StackRevision>> running, Instant now) throws IOException {
        if (good.read(file("good.json")).isEmpty()) {
            StackDirectories.make(root, stack);
            good.write(file("good.json"), new Good(running.get(), now));
        }
    }

    /** What was tried last in vain; whoever tries compares. */
    public Optional<Failed> failed() throws IOException {
        return failed.read(file("failed.json"));
    }

    /** It is well: from now on the stack goes back to it. Not written again while that is so. */
    public void good(StackRevision revision, Instant now) throws IOException {
        if (good().filter(revision::equals).isEmpty()) {
            StackDirectories.make(root, stack);
            good.write(file("good.json"), new Good(Optional.of(revision), now));
        }
        forgive();
    }

    public void failed(Failed revision) throws IOException {
        StackDirectories.make(root, stack);
        failed.write(file("failed.json"), revision);
    }

    /** What was tried in vain may be tried again. */
    public void forgive() throws IOException {
        if (failed().isPresent()) {
            AtomicFiles.delete(file("failed.json"));
        }
    }

    /** The stack was taken down. */
    public void forget() throws IOException {
        AtomicFiles.delete(file("failed.json"));
        AtomicFiles.delete(file("good.json"));
    }

    private Path file(String name) {
        return StackDirectories.of(root, stack).resolve(name);
    }
}
