package dev.lockstep.runtime.context;

import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.linux.BlockReader;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Hashes the content of files on a few threads of its own, a block of each in memory. */
final class FileHashes implements AutoCloseable {
    private static final int BLOCK = 128 * 1024;

    private final ExecutorService threads;
    private final BlockingQueue<Hasher> idle;

    private static final class Hasher {
        private final MessageDigest sha256 = BlobStore.sha256();
        private final BlockReader reader = new BlockReader(BLOCK);
        private final byte[] block = new byte[BLOCK];

        byte[] hash(SourceContent content) throws IOException {
            if (content.file().isPresent()) {
                var fd = content.file().get();
                for (var n = reader.read(fd, block); n >= 0; n = reader.read(fd, block)) {
                    FileWriter.checkInterrupted();
                    sha256.update(block, 0, n);
                }
            } else {
                for (var n = content.stream().read(block);
                        n >= 0;
                        n = content.stream().read(block)) {
                    FileWriter.checkInterrupted();
                    sha256.update(block, 0, n);
                }
            }
            return sha256.digest();
        }
    }

    FileHashes() {
        var count = Math.clamp(Runtime.getRuntime().availableProcessors(), 1, 4);
        this.idle = new ArrayBlockingQueue<>(count);
        for (var i = 0; i < count; i++) {
            idle.add(new Hasher());
        }
        // Reading may block: platform threads.
        this.threads = Executors.newFixedThreadPool(
                count, Thread.ofPlatform().daemon().name("hash-", 0).factory());
    }

    /** Begins to hash; closes the content. */
    Future<byte[]> hash(SourceContent content) {
        if (content.known().isPresent()) {
            var known = HexFormat.of().parseHex(content.known().get().hex());
            return threads.submit(() -> {
                content.close();
                return known;
            });
        }
        return threads.submit(() -> {
            var hasher = idle.take();
            try (content) {
                return hasher.hash(content);
            } finally {
                hasher.sha256.reset();
                idle.add(hasher);
            }
        });
    }

    /** Waits for a hash. */
    static byte[] get(Future<byte[]> hash) throws IOException {
        try {
            return hash.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException io) {
                throw io;
            }
            throw new IOException("a file cannot be hashed", e.getCause());
        }
    }

    @Override
    public void close() {
        threads.close(); // what was begun ends, at once when this thread is interrupted: it holds descriptors
        idle.forEach(hasher -> hasher.reader.close());
    }
}
