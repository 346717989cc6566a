package dev.lockstep.reconciler.plan;

import dev.lockstep.spec.yaml.SourcePosition;
import java.util.Optional;

/**
 * Why an operation is planned: one field, from what to what, and where the new value stands.
 *
 * @param kind what sort of difference it is
 * @param field path in the words of the Compose file, e.g. {@code environment.LEVEL}; empty when the object as a whole
 *     is meant
 * @param before what is now, as people read it; empty when there is nothing
 * @param after what is wanted, as people read it; empty when nothing is wanted
 * @param at where the wanted value stands, and how it came from there; absent for drift and for what nobody wrote
 * @param because for an image whose name is the same: why it was looked up, in the words of the file
 * @param commit that wrote it so; absent where that is not known or has not been looked up
 */
public record Cause(
        Kind kind,
        String field,
        String before,
        String after,
        Optional<SourcePosition> at,
        Optional<String> because,
        Optional<LineCommit> commit) {
    /** One whose commit nobody has looked up. */
    public Cause(
            Kind kind,
            String field,
            String before,
            String after,
            Optional<SourcePosition> at,
            Optional<String> because) {
        this(kind, field, before, after, at, because, Optional.empty());
    }

    /** One that the two values explain. */
    public Cause(Kind kind, String field, String before, String after, Optional<SourcePosition> at) {
        this(kind, field, before, after, at, Optional.empty());
    }

    /** What sort of difference it is. */
    public enum Kind {
        /** The files ask for something else than they did. */
        SPEC,
        /** Nobody asks for a value any more, and the one that is usual takes its place. */
        DEFAULT,
        /** The image behind the reference is another one. */
        IMAGE,
        /** A file of the repository that the container mounts has another content. */
        CONTENT,
        /** Something that the object hangs on changes. */
        DEPENDENCY,
        /** The host is not as it was left. */
        DRIFT
    }

    /** A difference that nobody wrote into a file. */
    public static Cause drift(String field, String before, String after) {
        return new Cause(Kind.DRIFT, field, before, after, Optional.empty());
    }

    /** The same, and which commit wrote it so. */
    Cause withCommit(LineCommit wrote) {
        return new Cause(kind, field, before, after, at, because, Optional.of(wrote));
    }
}
