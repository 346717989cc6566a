package dev.lockstep.runtime.linux;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A client of a {@code SOCK_SEQPACKET} socket in the file system (unix(7)). One thread may receive and close while
 * others send and {@link #hangUp}: what is sent after the end goes nowhere.
 */
public final class PacketSocket implements AutoCloseable {
    private static final int AF_UNIX = 1;
    private static final int SOCK_SEQPACKET = 5;
    private static final int SHUT_WR = 1;
    private static final int SHUT_RDWR = 2;
    private static final int MSG_NOSIGNAL = 0x4000;

    private final Fd fd;
    /** Held while sending and while closing, so that nothing is ever sent to another file of the same number. */
    private final ReentrantLock sending = new ReentrantLock();
    /** The same for hanging up, which does not wait for who sends. */
    private final ReentrantLock hangingUp = new ReentrantLock();

    private PacketSocket(Fd fd) {
        this.fd = fd;
    }

    /** Connects to the socket of that name in {@code directory}, however long the path of the directory is. */
    public static PacketSocket connect(Path directory, String name) throws LinuxException {
        // sun_path has 108 bytes; through a descriptor the rest of the path does not count.
        try (var parent = Fd.openPath(directory)) {
            var path = Libc.bytes(parent.procPath().resolve(name));
            var address = new byte[2 + path.length];
            address[0] = AF_UNIX;
            System.arraycopy(path, 0, address, 2, path.length);
            var socket = new PacketSocket(new Fd(
                    Libc.check(
                            PacketCalls.socket(AF_UNIX, SOCK_SEQPACKET | Libc.O_CLOEXEC, 0),
                            "socket",
                            directory.resolve(name)),
                    directory.resolve(name).toString()));
            var connected = false;
            try {
                Libc.check(
                        PacketCalls.connect(socket.fd.number(), address, address.length),
                        "connect",
                        directory.resolve(name));
                connected = true;
                return socket;
            } finally {
                if (!connected) {
                    socket.close();
                }
            }
        }
    }

    /** The next packet, at most 64 KiB; empty when the other side is gone. Platform threads only. */
    public Optional<byte[]> receive() throws LinuxException {
        try (var memory = new Memory(65536)) {
            while (true) {
                var n = PacketCalls.recv(fd.number(), Libc.address(memory), memory.size(), 0);
                if (n < 0) {
                    var errno = Native.getLastError();
                    if (errno == Errno.EINTR) {
                        continue;
                    }
                    if (errno == Errno.ECONNRESET) {
                        return Optional.empty();
                    }
                    throw new LinuxException("recv", fd.toString(), errno);
                }
                return n == 0 ? Optional.empty() : Optional.of(memory.getByteArray(0, (int) n));
            }
        }
    }

    /** Sends one packet, at most 32 KiB; false when the other side is gone. Platform threads only. */
    public boolean send(byte[] bytes, int length) throws LinuxException {
        sending.lock();
        try {
            while (fd.isOpen()) {
                var n = PacketCalls.send(fd.number(), Arrays.copyOf(bytes, length), length, MSG_NOSIGNAL);
                if (n >= 0) {
                    return true;
                }
                var errno = Native.getLastError();
                if (errno == Errno.EPIPE || errno == Errno.ECONNRESET || errno == Errno.ENOTCONN) {
                    return false;
                }
                if (errno != Errno.EINTR) {
                    throw new LinuxException("send", fd.toString(), errno);
                }
            }
            return false;
        } finally {
            sending.unlock();
        }
    }

    /** Says that nothing more will be sent. */
    public void endOfInput() throws LinuxException {
        sending.lock();
        try {
            if (fd.isOpen() && PacketCalls.shutdown(fd.number(), SHUT_WR) < 0) {
                var errno = Native.getLastError();
                if (errno != Errno.ENOTCONN) {
                    throw new LinuxException("shutdown", fd.toString(), errno);
                }
            }
        } finally {
            sending.unlock();
        }
    }

    /** Ends the connection both ways: who receives has what has come already, and then the end. Closes nothing. */
    public void hangUp() {
        hangingUp.lock();
        try {
            if (fd.isOpen()) {
                PacketCalls.shutdown(fd.number(), SHUT_RDWR);
            }
        } finally {
            hangingUp.unlock();
        }
    }

    /** By the thread that receives, or when none does. */
    @Override
    public void close() {
        hangUp(); // Whoever waits for room to send stops waiting and lets go of the lock.
        sending.lock();
        hangingUp.lock();
        try {
            fd.close();
        } finally {
            hangingUp.unlock();
            sending.unlock();
        }
    }
}
