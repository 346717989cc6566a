package dev.lockstep.runtime.attest;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.RawPath;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;

/**
 * Looks through the files of an image for what package managers have left there. The files are a stranger's: no link is
 * followed, and everything that is read is bounded. What says nothing that can be read is passed over and counted.
 */
final class PackageScan {
    private static final int MOST_PACKAGES = 200_000;
    /** Of all that is told of packages: an agent has little memory, and the document is several times as large. */
    private static final int MOST_CHARACTERS = 12 << 20;
    /** Of a name or a version. */
    private static final int LONGEST = 1024;

    private static final int DEEPEST = 128;
    /** A lock file of many packages; what is made of it in memory is up to thirty times as large. */
    private static final int DOCUMENT = 4 << 20;
    /** What a package says of itself. */
    private static final int SMALL_DOCUMENT = 1 << 20;
    /** The list of a package manager: Debian's of four thousand packages is a third of it. */
    private static final int LIST = 16 << 20;
    /** The list of what is in an archive, which the JVM reads as a whole. */
    private static final int DIRECTORY = 16 << 20;
    /** Of pom.properties: three short lines. */
    private static final int PROPERTIES = 8 << 10;
    /** The end record of an archive without its comment, and where in it the size of the list stands. */
    private static final int ZIP_END = 22;

    private static final int ZIP_END_MAGIC = 0x06054b50;
    private static final int ZIP_DIRECTORY_SIZE = 12;
    /** What the archives of an image may have uncompressed, as far as they have to be looked through. */
    private static final long UNCOMPRESSED = 4L << 30;

    private final JsonMapper json;
    private final SortedMap<String, Component> found = new TreeMap<>();
    private Distribution distribution = Distribution.UNKNOWN;
    private int unreadable;
    private long characters;
    private long uncompressed;

    PackageScan(JsonMapper json) {
        this.json = json;
    }

    /**
     * What os-release says.
     *
     * @param id {@code debian}
     * @param version {@code 12}; may be empty
     */
    record Distribution(String id, String version) {
        static final Distribution UNKNOWN = new Distribution("", "");

        /** {@code debian-12}, as package URLs have it. */
        String tag() {
            return id.isEmpty() || version.isEmpty() ? id : id + "-" + version;
        }
    }

    /**
     * What was found.
     *
     * @param components sorted
     * @param unreadable files that should have told of a package and did not
     */
    record Found(List<Component> components, Distribution distribution, int unreadable) {
        Found {
            components = List.copyOf(components);
        }
    }

    /** Looks through all files. */
    Found scan(Directory root) throws IOException {
        distribution = distribution(root);
        walk(root, "", 0);
        return new Found(List.copyOf(found.values()), distribution, unreadable);
    }

    private static Distribution distribution(Directory root) throws IOException {
        for (var place : List.of("etc/os-release", "usr/lib/os-release")) {
            try (var file = root.placeInRoot(RawPath.of(place))) {
                if (!Files.isRegularFile(file.procPath())) {
                    continue; // a FIFO would be waited for without end, and a device is the host's
                }
                try (var in = Files.newInputStream(file.procPath())) {
                    var fields = new HashMap<String, String>();
                    for (var line : new String(in.readNBytes(SMALL_DOCUMENT), StandardCharsets.UTF_8).split("\n", -1)) {
                        var words = line.split("=", 2);
                        if (words.length == 2 && words[1].length() <= LONGEST) {
                            fields.put(words[0], words[1].strip().replaceAll("^[\"']|[\"']$", ""));
                        }
                    }
                    return new Distribution(fields.getOrDefault("ID", ""), fields.getOrDefault("VERSION_ID", ""));
                }
            } catch (LinuxException e) {
                // Not there: perhaps the other one is.
            }
        }
        return Distribution.UNKNOWN;
    }

    private void walk(Directory directory, String above, int depth) throws IOException {
        for (var names = directory.names(); names.hasNext(); ) {
            var name = names.next();
            if (isFull()) {
                return;
            }
            var path = above + "/" + name;
            var type = directory.status(name).map(FileStatus::type);
            if (type.equals(Optional.of(FileStatus.Type.DIRECTORY)) && depth < DEEPEST) {
                try (var below = directory.directory(name)) {
                    walk(below, path, depth + 1);
                }
            } else if (type.equals(Optional.of(FileStatus.Type.REGULAR)) && tells(path)) {
                try (var file = directory.file(name)) {
                    read(path, file.procPath());
                } catch (IOException | IllegalArgumentException e) {
                    unreadable++;
                }
            }
        }
    }

    private static boolean tells(String path) {
        return path.equals("/var/lib/dpkg/status")
                || path.startsWith("/var/lib/dpkg/status.d/") && !path.endsWith(".md5sums")
                || path.endsWith("/lib/apk/db/installed")
                || path.endsWith("/package.json") && path.contains("/node_modules/")
                || path.endsWith("/package-lock.json") && !path.contains("/node_modules/")
                || path.endsWith(".dist-info/METADATA")
                || path.endsWith(".egg-info/PKG-INFO")
                || isJar(path);
    }

    private static boolean isJar(String path) {
        return path.endsWith(".jar") || path.endsWith(".war") || path.endsWith(".ear");
    }

    private void read(String path, Path file) throws IOException {
        if (isJar(path)) {
            jar(path, file);
            return;
        }
        if ((path.contains("/dpkg/") || !path.endsWith(".json")) && Files.size(file) > LIST) {
            throw new IOException(path + " is larger than any list of packages");
        }
        try (var in = Files.newInputStream(file)) {
            if (path.contains("/dpkg/")) {
                Stanzas.read(reader(in), MOST_PACKAGES, stanza -> debian(stanza, path));
            } else if (path.endsWith("/installed")) {
                alpine(reader(in), path);
            } else if (path.endsWith(".json")) {
                var isPackage = path.endsWith("/package.json");
                var document = json.readTree(in.readNBytes(isPackage ? SMALL_DOCUMENT : DOCUMENT));
                if (isPackage) {
                    npm(document.path("name").asText(""), document, path);
                } else {
                    lock(document, path);
                }
            } else {
                Stanzas.read(reader(in), 1, stanza -> python(stanza, path));
            }
        }
    }

    private static BufferedReader reader(InputStream in) {
        return new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    }

    private void add(String name, String version, String purl, Optional<String> license, String path) {
        if (name.length() > LONGEST || version.length() > LONGEST) {
            unreadable++;
            return;
        }
        var said = license.filter(text -> text.length() <= LONGEST);
        if (!found.containsKey(purl)) {
            if (isFull()) {
                unreadable++;
                return;
            }
            characters += name.length() + version.length() + purl.length() + path.length();
            characters += said.map(String::length).orElse(0);
        }
        // The same one may be told of in several places; the first of them stands for all, whatever the order.
        found.merge(
                purl,
                new Component(name, version, purl, said, path),
                (one, other) -> one.compareTo(other) <= 0 ? one : other);
    }

    private boolean isFull() {
        return found.size() >= MOST_PACKAGES || characters >= MOST_CHARACTERS;
    }

    private void debian(Map<String, String> stanza, String path) {
        var name = stanza.getOrDefault("package", "");
        // Removed packages of which the configuration stayed are in the list too; status.d has no such field.
        if (name.isEmpty()
                || !stanza.getOrDefault("status", "install ok installed").endsWith(" installed")) {
            return;
        }
        var version = stanza.getOrDefault("version", "");
        var namespace = distribution.id().isEmpty() ? "debian" : distribution.id();
        var qualifiers = Map.of("arch", stanza.getOrDefault("architecture", ""), "distro", distribution.tag());
        add(name, version, PackageUrl.of("deb", namespace, name, version, qualifiers), Optional.empty(), path);
    }

    private void alpine(BufferedReader in, String path) throws IOException {
        var fields = new HashMap<Character, String>();
        for (var line = in.readLine(); ; line = in.readLine()) {
            if (line == null || line.isBlank()) {
                var name = fields.getOrDefault('P', "");
                if (!name.isEmpty()) {
                    var version = fields.getOrDefault('V', "");
                    var namespace = distribution.id().isEmpty() ? "alpine" : distribution.id();
                    var qualifiers = Map.of("arch", fields.getOrDefault('A', ""), "distro", distribution.tag());
                    add(
                            name,
                            version,
                            PackageUrl.of("apk", namespace, name, version, qualifiers),
                            Optional.ofNullable(fields.get('L')),
                            path);
                }
                fields.clear();
                if (line == null || isFull()) {
                    return;
                }
            } else if (line.length() > 2 && line.charAt(1) == ':') {
                fields.putIfAbsent(line.charAt(0), line.substring(2));
            }
        }
    }

    private void npm(String name, JsonNode document, String path) {
        var version = document.path("version").asText("");
        if (name.isEmpty() || version.isEmpty()) {
            return; // A part of a package, which says how it is loaded and nothing else.
        }
        var slash = name.lastIndexOf('/');
        var purl = PackageUrl.of(
                "npm", slash < 0 ? "" : name.substring(0, slash), name.substring(slash + 1), version, Map.of());
        var license = document.path("license");
        add(name, version, purl, Optional.of(license.asText("")).filter(text -> !text.isEmpty()), path);
    }

    /**
     * Versions 2 and 3 by path of the package, version 1 by name. What is for developing alone is seldom in an image,
     * and tells of itself where it is.
     */
    private void lock(JsonNode document, String path) {
        for (var entry : document.path("packages").properties()) {
            var at = entry.getKey().lastIndexOf("node_modules/");
            if (at >= 0 && !entry.getValue().path("dev").asBoolean(false)) {
                var inside = entry.getKey().substring(at + "node_modules/".length());
                npm(entry.getValue().path("name").asText(inside), entry.getValue(), path);
            }
        }
        if (!document.has("packages")) {
            dependencies(document, path, 0);
        }
    }

    private void dependencies(JsonNode document, String path, int depth) {
        for (var entry : document.path("dependencies").properties()) {
            if (entry.getValue().path("dev").asBoolean(false)) {
                continue;
            }
            npm(entry.getKey(), entry.getValue(), path);
            if (depth < DEEPEST) {
                dependencies(entry.getValue(), path, depth + 1);
            }
        }
    }

    private void python(Map<String, String> stanza, String path) {
        var name = stanza.getOrDefault("name", "");
        if (name.isEmpty()) {
            unreadable++;
            return;
        }
        var version = stanza.getOrDefault("version", "");
        var normal = name.toLowerCase(Locale.ROOT).replaceAll("[-_.]+", "-");
        var license = Optional.ofNullable(stanza.get("license-expression"))
                .or(() -> Optional.ofNullable(stanza.get("license")))
                .filter(text -> !text.isEmpty() && !text.equals("UNKNOWN"));
        add(name, version, PackageUrl.of("pypi", "", normal, version, Map.of()), license, path);
    }

    private void jar(String path, Path file) throws IOException {
        checkDirectory(path, file);
        try (var zip = new ZipFile(file.toFile())) {
            for (var entries = zip.entries(); entries.hasMoreElements(); ) {
                var entry = entries.nextElement();
                if (isMaven(entry.getName())) {
                    try (var in = zip.getInputStream(entry)) {
                        maven(bounded(in.readNBytes(PROPERTIES), path), path);
                    }
                } else if (isJar(entry.getName())) {
                    try (var in = zip.getInputStream(entry)) {
                        nested(in, path + "!/" + entry.getName());
                    }
                }
            }
        }
    }

    /** Refuses a file whose list the JVM would not have room for: it may be long, and take no place on the disk. */
    private static void checkDirectory(String path, Path file) throws IOException {
        try (var channel = Files.newByteChannel(file)) {
            // The last record of an archive, behind which there may be a comment; any that could be it.
            var size = (int) Math.min(channel.size(), ZIP_END + 0xffff);
            var end = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
            channel.position(channel.size() - size);
            while (end.hasRemaining() && channel.read(end) >= 0) {}
            for (var at = 0; at + ZIP_END <= size; at++) {
                if (end.getInt(at) == ZIP_END_MAGIC
                        && Integer.toUnsignedLong(end.getInt(at + ZIP_DIRECTORY_SIZE)) > DIRECTORY) {
                    throw new ZipException(path + " has more in it than any library");
                }
            }
        }
    }

    /**
     * Of one level: what build tools make of an application and its libraries. It is not kept in memory, and what of it
     * is compressed twice counts twice.
     */
    private void nested(InputStream jar, String path) throws IOException {
        try (var zip = new ZipInputStream(jar)) {
            var buffer = new byte[64 * 1024];
            for (var entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                if (isMaven(entry.getName())) {
                    maven(bounded(zip.readNBytes(PROPERTIES), path), path);
                }
                // Passing over an entry uncompresses it: a small archive may be a large one.
                for (var n = zip.read(buffer); n >= 0; n = zip.read(buffer)) {
                    bound(n, path);
                }
                bound(Math.max(0, entry.getCompressedSize()), path);
            }
        }
    }

    private byte[] bounded(byte[] read, String path) throws IOException {
        bound(read.length, path);
        return read;
    }

    private void bound(long bytes, String path) throws IOException {
        uncompressed += bytes;
        if (uncompressed > UNCOMPRESSED) {
            throw new ZipException(path + " and the archives before it are larger than any libraries");
        }
    }

    private static boolean isMaven(String entry) {
        return entry.startsWith("META-INF/maven/") && entry.endsWith("/pom.properties");
    }

    private void maven(byte[] bytes, String path) throws IOException {
        var properties = new Properties();
        properties.load(new ByteArrayInputStream(bytes));
        var group = properties.getProperty("groupId", "");
        var name = properties.getProperty("artifactId", "");
        var version = properties.getProperty("version", "");
        if (name.isEmpty()) {
            unreadable++;
            return;
        }
        add(
                group.isEmpty() ? name : group + ":" + name,
                version,
                PackageUrl.of("maven", group, name, version, Map.of()),
                Optional.empty(),
                path);
    }
}
