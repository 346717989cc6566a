package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.PacketSocket;
import dev.lockstep.runtime.linux.Pidfd;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Somebody at the streams of a container, and whoever waits for its end. Its methods are those of {@link Containers}
 * that bear the same names.
 */
final class Attachment {
    private static final Duration EXIT_IS_WRITTEN = Duration.ofSeconds(30);
    private static final Duration ONE_DAY = Duration.ofDays(1);

    private final ContainerRooms rooms;
    private final ContainerStore store;
    private final Host host;
    private final Start starts;
    private final Lifecycle lifecycle;
    private final ExecSessions sessions;

    Attachment(
            ContainerRooms rooms,
            ContainerStore store,
            Host host,
            Start starts,
            Lifecycle lifecycle,
            ExecSessions sessions) {
        this.rooms = rooms;
        this.store = store;
        this.host = host;
        this.starts = starts;
        this.lifecycle = lifecycle;
        this.sessions = sessions;
    }

    Optional<Integer> startAttached(String id, boolean wanted, ExecStreams streams) throws IOException {
        var socket = new AtomicReference<PacketSocket>();
        try {
            boolean input;
            try (var _ = store.lock(id)) {
                var record = store.whole(id);
                if (lifecycle.settle(record)) {
                    throw ContainerException.conflict(record.spec().name(), "runs already");
                }
                input = wanted && record.spec().options().process().stdinOpen();
                starts.start(record, Optional.empty(), new Interaction(input, streams.size(), files -> {
                    socket.set(PacketSocket.connect(files.run(), "attach"));
                    streams.windowSizes().accept(resize(record, files));
                }));
            }
            return talk(id, Objects.requireNonNull(socket.get()), streams, input);
        } finally {
            if (socket.get() != null) {
                socket.get().close();
            }
        }
    }

    Optional<Integer> attach(String id, boolean input, ExecStreams streams) throws IOException {
        var record = store.whole(id);
        sessions.requireRunning(record);
        var files = store.files(id);
        try (var socket = PacketSocket.connect(files.run(), "attach")) {
            rooms.events().tell(record, "attach");
            if (record.spec().options().process().tty() && streams.size().isPresent()) {
                // A program draws anew when its terminal gets another size. Else whoever comes back to one that waits
                // for
                // a key would see nothing before pressing it (docker attach does the same).
                var size = streams.size().get();
                var resize = resize(record, files);
                resize.to(size.rows() + 1, size.columns() + 1);
                resize.to(size.rows(), size.columns());
            }
            streams.windowSizes().accept(resize(record, files));
            return talk(id, socket, streams, input);
        }
    }

    private ExecStreams.Resize resize(ContainerRecord record, ContainerFiles files) {
        return (rows, columns) -> {
            ExecSessions.resize(files.run(), rows, columns);
            rooms.events()
                    .tell(record, "resize", Map.of("height", String.valueOf(rows), "width", String.valueOf(columns)));
        };
    }

    private Optional<Integer> talk(String id, PacketSocket socket, ExecStreams streams, boolean input)
            throws IOException {
        if (AttachedStreams.copy(socket, streams, input) == AttachedStreams.End.DETACHED) {
            rooms.events().tell(store.require(id), "detach");
            return Optional.empty();
        }
        return Optional.of(await(id));
    }

    int await(String id) throws IOException {
        while (true) {
            var record = store.require(id);
            var run = store.run(id, host.bootId()).filter(Run::started);
            if (run.isEmpty()) {
                return store.life(id).exit().map(ExitOutcome::exitCode).orElse(0);
            }
            var process = run.get().process().orElseThrow();
            try (var pidfd = Pidfd.open(process).orElse(null)) {
                if (pidfd != null && !pidfd.awaitExit(ONE_DAY)) {
                    continue;
                }
            }
            var outcome = new ExitFile(store.files(id)).await(run.get().conmon(), EXIT_IS_WRITTEN);
            if (outcome.isPresent()) {
                return outcome.get().exitCode();
            }
            // Put away meanwhile by somebody else, or never written.
            return store.life(record.id()).exit().map(ExitOutcome::exitCode).orElse(ExitOutcome.UNKNOWN);
        }
    }
}
