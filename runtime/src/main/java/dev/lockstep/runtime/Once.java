package dev.lockstep.runtime;

import dev.lockstep.runtime.container.ContainerRooms;
import java.io.IOException;
import java.util.Optional;

/** Makes something when it is first asked for, and once. A failure is not kept: the next one to ask tries again. */
final class Once<T> implements ContainerRooms.Lazy<T> {
    private final ContainerRooms.Lazy<T> maker;
    private volatile Optional<T> made = Optional.empty();

    Once(ContainerRooms.Lazy<T> maker) {
        this.maker = maker;
    }

    @Override
    public T get() throws IOException {
        var present = made;
        if (present.isPresent()) {
            return present.get();
        }
        synchronized (this) {
            if (made.isEmpty()) {
                made = Optional.of(maker.get());
            }
            return made.get();
        }
    }

    /** What was made so far; makes nothing. */
    Optional<T> present() {
        return made;
    }
}
