package dev.lockstep.reconciler.git;

import dev.lockstep.reconciler.git.GitException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.eclipse.jgit.lib.ProgressMonitor;

/** Stops a fetch that brings too much. JGit asks between objects. */
final class PackLimit implements ProgressMonitor {
    private static final long LOOK_EVERY_NANOS = 250_000_000;

    private final long bytesAllowed;
    private final Path objects;
    private long nextLook = System.nanoTime();
    private boolean tooMuch;

    /** @param objects the clone's object directory, where an unfinished pack grows */
    PackLimit(GitSettings settings, Path objects) {
        this.bytesAllowed = settings.limits().pack();
        this.objects = objects;
    }

    @Override
    public boolean isCancelled() {
        var now = System.nanoTime();
        if (now - nextLook >= 0) {
            nextLook = now + LOOK_EVERY_NANOS;
            tooMuch = tooMuch || incoming() > bytesAllowed;
        }
        return tooMuch || Thread.currentThread().isInterrupted();
    }

    private long incoming() {
        try (var files = Files.newDirectoryStream(objects, "incoming_*.pack")) {
            var sum = 0L;
            for (var file : files) {
                sum += Files.size(file);
            }
            return sum;
        } catch (IOException e) {
            // It was finished and renamed between listing and looking.
            return 0;
        }
    }

    void throwIfCancelled(Remote remote, Exception cause) throws GitException {
        if (tooMuch) {
            throw new GitException(
                    Kind.REFUSED,
                    "repository " + remote + " sends more than the " + bytesAllowed + " bytes that one fetch may bring",
                    cause);
        }
    }

    @Override
    public void start(int totalTasks) {}

    @Override
    public void beginTask(String title, int totalWork) {}

    @Override
    public void update(int completed) {}

    @Override
    public void endTask() {}

    @Override
    public void showDuration(boolean enabled) {}
}
