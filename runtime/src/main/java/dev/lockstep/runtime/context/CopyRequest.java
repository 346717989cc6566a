package dev.lockstep.runtime.context;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What COPY or ADD is to do. {@code --link} is not among it: who wants that copies into an empty directory, which then
 * is a layer of its own.
 *
 * @param sources at least one
 * @param destination as the Dockerfile has it, variables expanded; a slash at its end says that it is a directory, and
 *     so does nothing at all, which is {@code workdir}
 * @param workdir absolute: what a relative destination is below
 * @param owner of all that is made; without one, root, or the source's where its tree keeps owners
 * @param mode change of the mode of all that is copied, directories too
 * @param parents whether the directories of the sources are kept below the destination ({@code --parents})
 * @param excludes patterns of what is left out, relative to each source ({@code --exclude})
 * @param time of all that is made, instead of the source's or now: that of SOURCE_DATE_EPOCH
 */
public record CopyRequest(
        List<CopySource> sources,
        String destination,
        String workdir,
        Optional<Ownership> owner,
        Optional<ModeChange> mode,
        boolean parents,
        Ignore excludes,
        Optional<Instant> time) {
    public CopyRequest {
        sources = List.copyOf(sources);
        if (sources.isEmpty() || !workdir.startsWith("/")) {
            throw new IllegalArgumentException("a copy has sources and an absolute workdir");
        }
    }

    /** A copy without options. */
    public static CopyRequest of(List<CopySource> sources, String destination, String workdir) {
        return new CopyRequest(
                sources,
                destination,
                workdir,
                Optional.empty(),
                Optional.empty(),
                false,
                Ignore.NOTHING,
                Optional.empty());
    }

    public CopyRequest withOwner(Ownership changed) {
        return new CopyRequest(sources, destination, workdir, Optional.of(changed), mode, parents, excludes, time);
    }

    public CopyRequest withMode(ModeChange changed) {
        return new CopyRequest(sources, destination, workdir, owner, Optional.of(changed), parents, excludes, time);
    }

    public CopyRequest withParents() {
        return new CopyRequest(sources, destination, workdir, owner, mode, true, excludes, time);
    }

    public CopyRequest withExcludes(Ignore changed) {
        return new CopyRequest(sources, destination, workdir, owner, mode, parents, changed, time);
    }

    public CopyRequest withTime(Instant changed) {
        return new CopyRequest(sources, destination, workdir, owner, mode, parents, excludes, Optional.of(changed));
    }

    /** The absolute destination, not cleaned. */
    String absoluteDestination() {
        return destination.startsWith("/") ? destination : workdir + "/" + destination;
    }

    /** Whether the text alone says that the destination is a directory. */
    boolean saysDirectory() {
        return destination.isEmpty()
                || destination.endsWith("/")
                || destination.equals(".")
                || destination.endsWith("/.");
    }
}
