package dev.lockstep.runtime.registry;

import dev.lockstep.runtime.image.InvalidImageException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the parts of one image are asked for: at the mirrors of its registry in their order, then at the registry. A
 * mirror that has not got something is asked for the next thing again; one that does not work is left alone for a
 * while, by this image and by others.
 */
final class Sources {
    private static final Logger LOG = LoggerFactory.getLogger(Sources.class);

    /** Gets something from one of them. */
    interface Get<T> {
        T from(Endpoint endpoint) throws IOException;
    }

    /** Finds out how one of them is reached, which may mean to ask it. */
    interface Reach {
        Endpoint reach(Place place) throws IOException;
    }

    /** A repository on a mirror or on the registry itself. */
    record Place(String host, String repository, boolean isMirror) {}

    private final List<Place> mirrors;
    private final Place origin;
    private final Reach reach;
    private final FailedMirrors failed;

    Sources(List<Place> mirrors, Place origin, Reach reach, FailedMirrors failed) {
        this.mirrors = List.copyOf(mirrors);
        this.origin = origin;
        this.reach = reach;
        this.failed = failed;
    }

    /** What the first of them gives; what the registry itself says when none does. */
    <T> T first(Get<T> get) throws IOException {
        var failures = new ArrayList<IOException>();
        for (var mirror : mirrors) {
            if (!failed.has(mirror.host(), mirror.repository())) {
                try {
                    return get.from(reach.reach(mirror));
                } catch (RegistryException e) {
                    failures.add(e);
                    if (e.reason() != RegistryException.Reason.NOT_FOUND) {
                        leave(mirror, e.reason(), e);
                    }
                } catch (InvalidImageException e) {
                    failures.add(e);
                    leave(mirror, RegistryException.Reason.WRONG_CONTENT, e);
                }
            }
        }
        try {
            return get.from(reach.reach(origin));
        } catch (IOException e) {
            failures.forEach(e::addSuppressed);
            throw e;
        }
    }

    private void leave(Place mirror, RegistryException.Reason reason, IOException e) {
        failed.remember(mirror.host(), mirror.repository(), reason);
        LOG.atWarn()
                .addKeyValue("mirror", mirror.host())
                .addKeyValue("registry", origin.host())
                .addKeyValue("error", e.getMessage())
                .log("mirror does not work");
    }
}
