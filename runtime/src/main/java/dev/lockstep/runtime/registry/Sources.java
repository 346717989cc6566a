package dev.lockstep.runtime.registry;

import dev.lockstep.runtime.image.InvalidImageException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the parts of one image are asked for: at the mirrors of its registry in their order, then at the registry. A
 * mirror that has not got something is asked for the next thing again; one that does not work is left alone.
 */
final class Sources {
    private static final Logger LOG = LoggerFactory.getLogger(Sources.class);

    /** Gets something from one of them. */
    interface Get<T> {
        T from(Endpoint endpoint) throws IOException;
    }

    private final List<Endpoint> mirrors;
    private final Endpoint origin;

    Sources(List<Endpoint> mirrors, Endpoint origin) {
        this.mirrors = new CopyOnWriteArrayList<>(mirrors);
        this.origin = origin;
    }

    /** What the first of them gives; what the registry itself says when none does. */
    <T> T first(Get<T> get) throws IOException {
        var failures = new ArrayList<IOException>();
        for (var mirror : List.copyOf(mirrors)) {
            try {
                return get.from(mirror);
            } catch (RegistryException | InvalidImageException e) {
                var missing = e instanceof RegistryException r && r.reason() == RegistryException.Reason.NOT_FOUND;
                if (!missing && mirrors.remove(mirror)) {
                    LOG.atWarn()
                            .addKeyValue("mirror", mirror.host())
                            .addKeyValue("registry", origin.host())
                            .addKeyValue("error", e.getMessage())
                            .log("mirror does not work");
                }
                failures.add(e);
            }
        }
        try {
            return get.from(origin);
        } catch (IOException e) {
            failures.forEach(e::addSuppressed);
            throw e;
        }
    }
}
