package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.builds.BuildInputs;
import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.BuildTarget;
import dev.lockstep.reconciler.git.GitException;
import dev.lockstep.runtime.context.ContextException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How the builds of records are defined by their commits. Any thread may ask. */
final class Definitions {
    private static final Logger LOG = LoggerFactory.getLogger(Definitions.class);

    private final BuildSources sources;
    /** How commits define what was ordered since this was made; of others the commit is asked. */
    private final Map<Long, BuildTarget> ordered = new ConcurrentHashMap<>();

    Definitions(BuildSources sources) {
        this.sources = sources;
    }

    /** What is known of a record's build. */
    sealed interface Found {
        /** How it is made, and of what. */
        record Here(BuildSources.Source source, BuildTarget target) implements Found {}

        /** It cannot be made; a sentence. */
        record Nowhere(String why) implements Found {}
    }

    /** Keeps how a build was ordered, until it is over. */
    void keep(long number, BuildTarget target) {
        ordered.put(number, target);
    }

    void forget(long number) {
        ordered.remove(number);
    }

    /** Has the commit of a record here, if it can be had. */
    void bring(BuildRecord record) throws IOException {
        if (sources.find(record.repository(), record.occasion().commit()).isEmpty()) {
            sources.bring(record.repository(), record.occasion());
        }
    }

    /** How the build of a record is made. */
    Found find(BuildRecord record) throws IOException {
        var all = sources.find(record.repository(), record.occasion().commit());
        if (all.isEmpty()) {
            return new Found.Nowhere("commit " + record.occasion().commit() + " of " + record.repository()
                    + " is not on this host, or its repository is not followed any more");
        }
        var target = Optional.ofNullable(ordered.get(record.number()));
        if (target.isPresent() && all.size() == 1) {
            return new Found.Here(all.getFirst(), target.get());
        }
        var having = new ArrayList<Found.Here>();
        Optional<IOException> unreadable = Optional.empty();
        for (var source : all) {
            try {
                source.targets().stream()
                        .filter(own -> own.name().equals(record.target())
                                && own.image().equals(record.image()))
                        .findFirst()
                        .ifPresent(own -> having.add(new Found.Here(source, own)));
            } catch (IOException e) {
                // What is wrong with one part, or not there yet at this commit, is nothing to the others.
                unreadable = unreadable.or(() -> Optional.of(e));
            }
        }
        if (having.isEmpty() && target.isEmpty() && unreadable.isPresent()) {
            throw unreadable.get();
        }
        var here = having.size() > 1
                ? ofInputs(having, record.inputs())
                : having.stream().findFirst();
        return here.map(found -> new Found.Here(found.source(), target.orElse(found.target())))
                .or(() -> target.map(own -> new Found.Here(all.getFirst(), own)))
                .<Found>map(found -> found)
                .orElseGet(() ->
                        new Found.Nowhere("commit " + record.occasion().commit().substring(0, 7) + " has no build "
                                + record.target() + " for this host"));
    }

    /** Parts of a repository that are followed apart may have builds of one name. */
    private static Optional<Found.Here> ofInputs(List<Found.Here> having, String inputs) throws IOException {
        for (var one : having) {
            try {
                if (BuildInputs.of(one.source().tree(), one.target()).equals(inputs)) {
                    return Optional.of(one);
                }
            } catch (ContextException | GitException e) {
                // Nobody could count the inputs of this one, so it is not the one that was ordered.
                LOG.debug("inputs cannot be counted target={}", one.target().name(), e);
            }
        }
        return having.stream().findFirst();
    }
}
