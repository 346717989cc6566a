package dev.lockstep.runtime.volume;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.Mounts;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a volume is when it is no directory of ours: something that is mounted while a container uses it. The options
 * are those of Docker's local driver and mean what they mean there: {@code mount -t TYPE -o O DEVICE}, but without the
 * programs that mount(8) calls for some file systems.
 *
 * @param type of the file system as the kernel names it; {@code none} with {@code bind} for a directory of the host
 * @param device what is mounted
 * @param o options, separated by commas
 */
public record LocalMount(String type, String device, String o) {
    private static final List<String> KNOWN = List.of("type", "o", "device", "size");
    private static final Pattern ADDRESS = Pattern.compile("(^|,)addr=([^,]*)");
    private static final Pattern CIFS_HOST = Pattern.compile("^//([^/]+)(?=/)");
    private static final Pattern PASSWORD = Pattern.compile("(^|,)(pass(?:word|wd)?2?)=[^,]*");

    /**
     * Reads the driver's options; empty when they mount nothing: there are none, or {@code size} alone.
     *
     * @throws IllegalArgumentException with a sentence, for the same that Docker refuses
     */
    public static Optional<LocalMount> of(Map<String, String> options) {
        for (var option : options.keySet()) {
            if (!KNOWN.contains(option)) {
                throw new IllegalArgumentException(
                        "the local driver has no option \"" + option + "\"; it has type, o, device and size");
            }
        }
        var limit = options.get("size");
        if (limit != null && VolumeSize.parse(limit) >= 0 && options.size() > 1) {
            throw new IllegalArgumentException(
                    "the option size limits a directory of ours, and type, o and device mount"
                            + " something else; for tmpfs write o: size=" + limit);
        }
        if (options.isEmpty() || limit != null) {
            return Optional.empty();
        }
        for (var option : List.of("type", "device")) {
            if (options.getOrDefault(option, "").isBlank()) {
                throw new IllegalArgumentException("the local driver's option " + option + " is missing");
            }
        }
        var device = options.getOrDefault("device", "");
        if ("none".equals(options.get("type")) && !device.startsWith("/")) {
            throw new IllegalArgumentException("the device \"" + device + "\" is no absolute path; in a Compose file it"
                    + " may be relative where driver: local is written and o is bind alone");
        }
        return Optional.of(new LocalMount(
                options.getOrDefault("type", ""), options.getOrDefault("device", ""), options.getOrDefault("o", "")));
    }

    /** Whether what is written there is gone when it is unmounted. */
    public boolean isFleeting() {
        return type.equals("tmpfs") || type.equals("ramfs");
    }

    private boolean isBind() {
        var words = List.of(o.split(",", -1));
        return words.contains("bind") || words.contains("rbind");
    }

    /**
     * Mounts it; where that fails, nothing is mounted.
     *
     * @param links whether a directory of the host may be reached through links. Not for what a repository names: the
     *     host allows it a path, and a container may put links there
     */
    void mountAt(String volume, Path target, boolean links) throws IOException {
        if (links || !isBind()) {
            mountFrom(volume, target, Optional.empty());
            return;
        }
        if (!device.startsWith("/")) {
            throw new IOException("volume " + volume + " cannot be mounted (" + shown() + "): no absolute path");
        }
        try (var top = Directory.open(Path.of("/"));
                var place = device.equals("/")
                        ? Fd.openPath(Path.of("/"))
                        : top.placeBeneath(RawPath.of(device.substring(1)))) {
            mountFrom(volume, target, Optional.of(place.procPath().toString()));
        } catch (LinuxException e) {
            throw new IOException(
                    "volume " + volume + " cannot be mounted (" + shown() + "): " + e.getMessage()
                            + (e.errno() == Errno.ELOOP
                                    ? "; a link on the way is not followed, so name what it leads to"
                                    : why(e)),
                    e);
        }
    }

    private void mountFrom(String volume, Path target, Optional<String> place) throws IOException {
        String from;
        String options;
        try {
            from = place.isPresent() ? place.get() : resolvedDevice();
            options = resolvedOptions();
        } catch (UnknownHostException e) {
            throw new IOException(
                    "volume " + volume + " cannot be mounted (" + shown() + "): its server's name is unknown", e);
        }
        try {
            Mounts.fileSystem(type, from, options, target);
        } catch (LinuxException e) {
            throw new IOException(
                    "volume " + volume + " cannot be mounted (" + shown() + "): " + e.getMessage() + why(e), e);
        }
    }

    /** The kernel takes addresses alone: the program that mount(8) calls looks names up (nfs(5), mount.cifs(8)). */
    private String resolvedOptions() throws UnknownHostException {
        var matcher = ADDRESS.matcher(o);
        return (type.startsWith("nfs") || type.equals("cifs")) && matcher.find()
                ? o.substring(0, matcher.start(2)) + address(matcher.group(2)) + o.substring(matcher.end(2))
                : o;
    }

    private String resolvedDevice() throws UnknownHostException {
        var matcher = CIFS_HOST.matcher(device);
        return type.equals("cifs") && !ADDRESS.matcher(o).find() && matcher.find()
                ? "//" + address(matcher.group(1)) + device.substring(matcher.end())
                : device;
    }

    private static String address(String host) throws UnknownHostException {
        return InetAddress.getByName(host).getHostAddress();
    }

    private String why(LinuxException e) {
        if (e.errno() == Errno.ENOENT && type.equals("none")) {
            return "; create " + device + " first";
        }
        if (e.errno() == Errno.ENODEV) {
            return "; this kernel has no file system " + type + ", or does not load it by itself (modprobe)";
        }
        if (e.errno() == Errno.EINVAL) {
            return type.startsWith("nfs") && !ADDRESS.matcher(o).find()
                    ? "; nfs needs addr=SERVER in o"
                    : "; look at what o says";
        }
        return "";
    }

    /** For sentences: without passwords. */
    public String shown() {
        return "type: " + type + ", device: " + device + (o.isEmpty() ? "" : ", o: " + hidden(o));
    }

    /** Options of mounts with their passwords hidden. */
    public static String hidden(String o) {
        return PASSWORD.matcher(o).replaceAll("$1$2=***");
    }
}
