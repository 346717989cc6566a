package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.DetachedMount;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Secrets and configs of containers. Their content lies in memory alone, on a file system of ours below the run root
 * that only root can enter: {@code store/IDENTITY} as it came, and {@code ID/…} as one container has it, with owner and
 * mode. It is gone after a reboot; whoever knows it brings it again.
 *
 * <p>On disks stands a keyed hash of it: the hash of a short password could be guessed, and this one only by who is
 * root already.
 */
public final class Contents {
    private static final int KEY = 32;
    private static final long MOST = 256L << 20;
    private static final int PRIVATE = 0700;
    private static final String NAME = "[0-9a-f]{64}";

    private final Root root;
    private final RunRoot runRoot;

    /** Contents of that root; nothing is made before the first one comes. */
    public Contents(Root root) {
        this.root = root;
        this.runRoot = new RunRoot(root);
    }

    /**
     * What a content is called: 64 hexadecimal digits, equal for equal contents of one root. Of a root that is only
     * looked at and has no key yet: of no content that it has.
     */
    public String identity(byte[] content) throws IOException {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key(), "HmacSHA256"));
            return HexFormat.of().formatHex(mac.doFinal(content));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HmacSHA256", e);
        }
    }

    /** Whether identities of now are those of later: there is a key, or it may be made. */
    public boolean areLasting() {
        return root.access() == Root.Access.WRITE || Files.exists(keyFile());
    }

    private Path keyFile() {
        return root.state().resolve("contents.key");
    }

    private byte[] key() throws IOException {
        var file = keyFile();
        try {
            return Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            var key = new byte[KEY];
            new SecureRandom().nextBytes(key);
            if (root.access() == Root.Access.READ) {
                return key;
            }
            try (var _ = Flock.exclusive(root.lock("contents"))) {
                if (Files.notExists(file)) {
                    AtomicFiles.write(file, key);
                }
                return Files.readAllBytes(file);
            }
        }
    }

    /**
     * Keeps a content until no container asks for it any more. To be called when the container's record is there and
     * before it is started; harmless when it is here already.
     */
    public void put(String identity, byte[] content) throws IOException {
        check(identity);
        try (var _ = runRoot.enter();
                var _ = Flock.exclusive(root.lock("contents"))) {
            if (!Mounts.isMountPoint(place())) {
                Root.directory(place());
                Mounts.tmpfs(
                        place(),
                        MOST,
                        PRIVATE,
                        List.of(DetachedMount.Attribute.NO_SUID, DetachedMount.Attribute.NO_DEVICES));
            } else {
                // An earlier Lockstep forbade it for all, and the mount stays until the host restarts.
                Mounts.permit(place(), List.of(DetachedMount.Attribute.NO_EXEC));
            }
            var file = store().resolve(identity);
            if (Files.notExists(file)) {
                Root.directory(store());
                AtomicFiles.writeVolatile(file, content);
            }
        }
    }

    /** The file of one container with that content, owner and mode, made when it is missing; empty: not here. */
    Optional<Path> file(String container, String identity, int uid, int gid, int mode) throws IOException {
        check(container);
        check(identity);
        try (var _ = Flock.exclusive(root.lock("contents"))) {
            var source = store().resolve(identity);
            if (Files.notExists(source)) {
                return Optional.empty();
            }
            var directory = Root.directory(place().resolve(container));
            var name = identity + "-" + uid + "-" + gid + "-" + Integer.toOctalString(mode);
            var file = directory.resolve(name);
            if (Files.notExists(file)) {
                AtomicFiles.writeVolatile(file, Files.readAllBytes(source));
                try (var parent = Directory.open(directory)) {
                    parent.setOwner(RawPath.of(name), uid, gid);
                    // After the owner, whose change takes set-id bits away.
                    parent.setMode(RawPath.of(name), mode);
                }
            }
            return Optional.of(file);
        }
    }

    private static void check(String name) {
        if (!name.matches(NAME)) {
            throw new IllegalArgumentException("not 64 hexadecimal digits: " + name);
        }
    }

    /** Removes what one container had; the contents stay. */
    void release(String container) throws IOException {
        if (Files.exists(place().resolve(container))) {
            try (var _ = Flock.exclusive(root.lock("contents"))) {
                Teardown.removeTree(place().resolve(container));
            }
        }
    }

    /** Removes contents that nobody asks for any more. */
    void collect(Needed needed) throws IOException {
        if (Files.notExists(place())) {
            return;
        }
        try (var _ = Flock.exclusive(root.lock("contents"))) {
            var wanted = needed.identities();
            for (var name : ContainerStore.names(store())) {
                if (!wanted.contains(name)) {
                    Files.deleteIfExists(store().resolve(name));
                }
            }
            if (ContainerStore.names(store()).isEmpty()) {
                Mounts.unmountAll(place());
                Teardown.removeTree(place());
            }
        }
    }

    /** Asked while nothing can come: a content comes after the record that needs it. */
    @FunctionalInterface
    interface Needed {
        Set<String> identities() throws IOException;
    }

    /** Whether there are none. */
    static boolean isEmpty(Root root) {
        return Files.notExists(root.run().resolve("contents"));
    }

    private Path place() {
        return root.run().resolve("contents");
    }

    private Path store() {
        return place().resolve("store");
    }
}
