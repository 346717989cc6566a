package dev.lockstep.runtime.snapshot;

import dev.lockstep.runtime.linux.BlockReader;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/** Whether two files of one name are the same, as far as a layer tells. For one thread. */
final class FileEquality implements AutoCloseable {
    private static final int BLOCK = 128 * 1024;

    private final BlockReader reader = new BlockReader(BLOCK);
    private final byte[] one = new byte[BLOCK];
    private final byte[] other = new byte[BLOCK];

    /**
     * Whether a layer carries an extended attribute. The rest belongs to a host: {@code trusted.overlay.*} and
     * {@code user.overlay.*} are overlayfs's, {@code security.selinux} is a label.
     *
     * @param carries whether Linux has user attributes on such a file (xattr(7))
     */
    static boolean isCarried(String attribute, boolean carries) {
        return attribute.equals("security.capability")
                || carries && attribute.startsWith("user.") && !attribute.startsWith("user.overlay.");
    }

    boolean sameAttributes(Directory upper, Directory lower, RawPath name) throws IOException {
        var is = carried(upper.attributes(name));
        var was = carried(lower.attributes(name));
        return is.keySet().equals(was.keySet())
                && is.entrySet().stream().allMatch(entry -> Arrays.equals(entry.getValue(), was.get(entry.getKey())));
    }

    private static Map<String, byte[]> carried(Map<String, byte[]> all) {
        return all.entrySet().stream()
                .filter(entry -> isCarried(entry.getKey(), true))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    /** Both are of the type that {@code status} has, and of one size. */
    boolean sameContent(Directory upper, Directory lower, RawPath name, FileStatus status) throws IOException {
        return switch (status.type()) {
            case REGULAR -> sameBytes(upper, lower, name);
            case SYMLINK -> upper.readLink(name).equals(lower.readLink(name));
            case CHARACTER_DEVICE, BLOCK_DEVICE, FIFO -> true;
            case DIRECTORY, SOCKET -> false;
        };
    }

    private boolean sameBytes(Directory upper, Directory lower, RawPath name) throws IOException {
        try (var is = upper.file(name);
                var was = lower.file(name)) {
            while (true) {
                var n = reader.stream(is).readNBytes(one, 0, BLOCK);
                if (reader.stream(was).readNBytes(other, 0, BLOCK) != n || !Arrays.equals(one, 0, n, other, 0, n)) {
                    return false;
                }
                if (n < BLOCK) {
                    return true;
                }
            }
        }
    }

    @Override
    public void close() {
        reader.close();
    }
}
