package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.content.ContentStore;
import dev.lockstep.reconciler.history.RevisionFiles;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ContainerRecord;
import dev.lockstep.runtime.container.MountSpec;
import java.io.IOException;
import java.time.InstantSource;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Files of commits that containers had mounted and that nothing needs any more: no container on record, running or not,
 * and no revision that a stack would go back to.
 */
public record UnusedContent(Engine engine, InstantSource clock) {
    /**
     * Removes them.
     *
     * @return how many files and directories of commits went
     * @throws IOException also when it cannot be known what is needed: then all stay
     */
    public int remove() throws IOException {
        var damaged = engine.containers().damaged();
        if (!damaged.isEmpty()) {
            throw new IOException(damaged.getFirst().sentence());
        }
        var content = new ContentStore(engine.root(), clock);
        var needed = Stream.concat(
                        engine.containers().records().stream().map(ContainerRecord::spec),
                        RevisionFiles.allGood(engine.root()).stream()
                                .flatMap(revision -> revision.services().stream())
                                .flatMap(service -> service.containers().stream()))
                .flatMap(spec -> spec.mounts().stream())
                .filter(MountSpec.Bind.class::isInstance)
                .map(mount -> content.identity(((MountSpec.Bind) mount).source()))
                .flatMap(Optional::stream)
                .collect(Collectors.toSet());
        return content.collect(needed).size();
    }

    /** For people. */
    public static String words(int removed) {
        return removed + (removed == 1 ? " file or directory" : " files and directories")
                + " of commits that nothing mounts any more";
    }
}
