package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.PacketSocket;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.atomic.AtomicBoolean;

/** Between a person's streams and conmon's socket: each packet from there begins with the number of its stream. */
final class AttachedStreams {
    private static final byte STDERR = 3;
    private static final int PACKET = 8192;

    private AttachedStreams() {}

    /** How it ended. */
    enum End {
        /** The program closed its streams, or ended. */
        OVER,
        /** A person typed the keys that leave it running. */
        DETACHED
    }

    /**
     * Copies until the other side is gone or the person leaves.
     *
     * @param input whether what is typed goes in
     * @throws IOException also of the person's streams, which take no more; the program runs on then, as with Docker
     */
    static End copy(PacketSocket socket, ExecStreams streams, boolean input) throws IOException {
        var left = new AtomicBoolean();
        if (input) {
            Thread.ofPlatform().daemon().name("input").start(() -> pump(streams, socket, left));
        }
        while (true) {
            var packet = socket.receive();
            if (packet.isEmpty()) {
                return left.get() ? End.DETACHED : End.OVER;
            }
            var bytes = packet.get();
            var target = bytes[0] == STDERR ? streams.err() : streams.out();
            target.write(bytes, 1, bytes.length - 1);
            target.flush();
        }
    }

    private static void pump(ExecStreams streams, PacketSocket socket, AtomicBoolean left) {
        var buffer = new byte[PACKET];
        var scanner = streams.detachKeys().new Scanner();
        InputStream in = streams.in();
        try {
            for (var n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                var through = scanner.scan(buffer, n);
                if (through.isEmpty()) {
                    left.set(true);
                    socket.hangUp();
                    return;
                }
                if (through.get().length > 0 && !socket.send(through.get(), through.get().length)) {
                    return;
                }
            }
            var held = scanner.held();
            if (held.length == 0 || socket.send(held, held.length)) {
                socket.endOfInput();
            }
        } catch (IOException e) {
            // The session is over; what the user typed after that goes nowhere.
        }
    }
}
