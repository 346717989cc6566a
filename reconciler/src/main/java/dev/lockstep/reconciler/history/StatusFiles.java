package dev.lockstep.reconciler.history;

import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateException;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The status of each stack, {@code stacks/STACK/status.json}. */
public final class StatusFiles {
    private static final Logger LOG = LoggerFactory.getLogger(StatusFiles.class);

    private final Root root;
    private final StateFile<StackStatus> state;

    public StatusFiles(Root root) {
        this.root = root;
        this.state = root.stateFile(StackStatus.class, 1);
    }

    public void write(StackStatus status) throws IOException {
        state.write(file(StackDirectories.make(root, status.stack())), status);
    }

    public Optional<StackStatus> read(String stack) throws IOException {
        return state.read(file(StackDirectories.of(root, stack)));
    }

    /**
     * All stacks that have a status, sorted by name. One whose status cannot be used is left out, or it would stand in
     * the way of all others: {@link #unusable} has those.
     */
    public List<StackStatus> all() throws IOException {
        var all = new ArrayList<StackStatus>();
        for (var directory : StackDirectories.all(root)) {
            try {
                state.read(file(directory)).ifPresent(all::add);
            } catch (StateException e) {
                LOG.debug("status is left out", e);
            }
        }
        all.sort(Comparator.comparing(StackStatus::stack));
        return List.copyOf(all);
    }

    /**
     * A status that cannot be used.
     *
     * @param stack name of its directory
     * @param why what is wrong with the file, which it names
     */
    public record Unusable(String stack, StateException why) {
        /** For people, without a full stop. */
        public String sentence() {
            return "the status of stack " + stack + " cannot be used: " + why.getMessage();
        }
    }

    /** The stacks that {@link #all} leaves out, sorted by name. */
    public List<Unusable> unusable() throws IOException {
        var unusable = new ArrayList<Unusable>();
        for (var directory : StackDirectories.all(root)) {
            try {
                var _ = state.read(file(directory));
            } catch (StateException e) {
                unusable.add(new Unusable(directory.getFileName().toString(), e));
            }
        }
        unusable.sort(Comparator.comparing(Unusable::stack));
        return List.copyOf(unusable);
    }

    /**
     * Moves a damaged status aside, to {@code status.json.damaged}: the stack is then as one that nobody has looked at
     * yet. Does nothing where it can be used, or where another Lockstep can read it.
     *
     * @return whether it was moved
     */
    public boolean setAside(Unusable unusable) throws IOException {
        if (unusable.why().reason() != StateException.Reason.DAMAGED) {
            return false;
        }
        var file = file(StackDirectories.stacks(root).resolve(unusable.stack()));
        try {
            Files.move(file, file.resolveSibling("status.json.damaged"), StandardCopyOption.REPLACE_EXISTING);
            return true;
        } catch (NoSuchFileException e) {
            return false; // somebody else has
        }
    }

    /** Forgets a stack that a person took down; its history and its files stay. */
    public void remove(String stack) throws IOException {
        AtomicFiles.delete(file(StackDirectories.of(root, stack)));
    }

    private static Path file(Path directory) {
        return directory.resolve("status.json");
    }
}
