package dev.lockstep.runtime.image;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The leases of all processes. They are taken and looked at under the store's lock: a file that is there and not locked
 * is always a dead process's, and not one that is just about to be locked.
 */
final class Leases {
    /** Member of the file: digests of indexes or manifests. */
    static final String IMAGES = "images";

    private static final int SIZE_LIMIT = 1 << 20;
    /** File times come from a clock that is a few milliseconds late, and the time since the boot has two decimals. */
    private static final Duration SLACK = Duration.ofMillis(100);

    private final ImageStore store;
    private final Root root;
    private final InstantSource clock;

    Leases(ImageStore store, Root root, InstantSource clock) {
        this.store = store;
        this.root = root;
        this.clock = clock;
    }

    /** Everything that comes from now on. The store's lock is held. */
    Lease takeForWhatComes(String why) throws IOException {
        var content = root.json()
                .createObjectNode()
                .put("why", why)
                .put("since", clock.instant().toString())
                .put("sinceBoot", sinceBoot().toString());
        return take(content);
    }

    /** These images alone. The store's lock is held. */
    Lease takeFor(String why, Set<Digest> images) throws IOException {
        var content = root.json().createObjectNode().put("why", why);
        var list = content.putArray(IMAGES);
        images.forEach(image -> list.add(image.toString()));
        return take(content);
    }

    private Lease take(ObjectNode content) throws IOException {
        // A name that nobody else has now is enough; a random UUID would bring all of java.security to a cold command.
        var name = Long.toHexString(ThreadLocalRandom.current().nextLong());
        var file = root.lock("image-lease/" + name);
        var lock = Flock.tryExclusive(file).orElseThrow(() -> new IOException(file + " is locked by somebody"));
        try {
            Files.write(file, root.json().writeValueAsBytes(content));
            return new Lease(store, file, lock, content);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    /** What the living ones keep; removes the dead. The store's lock is held. */
    List<Protection> living() throws IOException {
        var living = new ArrayList<Protection>();
        var directory = root.lock("image-lease/x").resolveSibling("");
        try (var files = Files.list(directory)) {
            for (var file : (Iterable<Path>) files::iterator) {
                look(file).ifPresent(living::add);
            }
        }
        living.sort(Comparator.comparing(Protection::why));
        return living;
    }

    private Optional<Protection> look(Path file) throws IOException {
        try (var dead = Flock.tryExclusive(file).orElse(null)) {
            if (dead != null) {
                Files.deleteIfExists(file);
                return Optional.empty();
            }
            try (var content = Files.newInputStream(file)) {
                return Optional.of(protection(content.readNBytes(SIZE_LIMIT)));
            } catch (NoSuchFileException e) {
                return Optional.empty(); // It has just ended.
            }
        }
    }

    /** One that cannot be understood, a newer Lockstep's for example, keeps everything. */
    private Protection protection(byte[] text) throws IOException {
        try {
            return protection(root.json().readTree(text));
        } catch (JsonProcessingException e) {
            return everything("something unknown");
        }
    }

    private Protection protection(JsonNode content) throws IOException {
        var why = content.path("why").asText("something unknown");
        try {
            var images = new HashSet<Digest>();
            for (var image : content.path(IMAGES)) {
                images.add(Digest.parse(image.asText()));
            }
            if (content.has(IMAGES) && !content.has("since")) {
                return new Protection(why, images, Optional.empty());
            }
            var since = Instant.parse(content.path("since").asText());
            var elapsed =
                    sinceBoot().minus(Duration.parse(content.path("sinceBoot").asText()));
            // The earlier of both: whoever sets the clock back makes what comes look older than the lease.
            var bySteadyClock = clock.instant().minus(elapsed);
            var earlier = since.isBefore(bySteadyClock) ? since : bySteadyClock;
            return new Protection(why, images, Optional.of(earlier.minus(SLACK)));
        } catch (RuntimeException e) {
            return everything(why);
        }
    }

    private static Protection everything(String why) {
        return new Protection(why, Set.of(), Optional.of(Instant.EPOCH));
    }

    /** The only clock that all processes share and nobody sets (proc_uptime(5)). */
    private static Duration sinceBoot() throws IOException {
        var seconds = Files.readString(Path.of("/proc/uptime")).split(" ", 2)[0];
        return Duration.ofMillis((long) (Double.parseDouble(seconds) * 1000));
    }
}
