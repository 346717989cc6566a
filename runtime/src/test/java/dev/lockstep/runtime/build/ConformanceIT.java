package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.container.Naming;
import dev.lockstep.runtime.context.ContextException;
import dev.lockstep.runtime.context.Ignore;
import dev.lockstep.runtime.context.OpenDirectory;
import dev.lockstep.runtime.context.SourceTree;
import dev.lockstep.runtime.dockerfile.DockerfileParser;
import dev.lockstep.runtime.dockerfile.Parsed;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Image;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.linux.DeviceNumber;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.oci.Rlimit;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * Dockerfiles and what docker's builder made of them, recorded by {@code .ci/record-builds}: configuration, history,
 * and the tree of files with type, mode, owner, content, target and attributes; or the error. A section that begins
 * with {@code lockstep} says where we differ on purpose, and why.
 */
class ConformanceIT {
    private static final Path CASES = Path.of("src/test/resources/build");
    private static final Pattern SECTION = Pattern.compile("^-- (.+?) --\n", Pattern.MULTILINE);
    private static final JsonMapper JSON = JsonMapper.builder().build();

    @TempDir
    static Path directory;

    private static BuildLab lab;
    private static Map<String, String> base;

    @BeforeAll
    static void setUp() throws IOException {
        lab = new BuildLab(directory);
        base = listing(lab.tree(lab.busybox));
    }

    @AfterAll
    static void tearDown() throws IOException {
        lab.close();
    }

    @TestFactory
    Stream<DynamicTest> what_docker_makes_of_it() throws IOException {
        var only = System.getProperty("lockstep.case", "");
        var whole = only.equals("all");
        try (var all = Files.list(CASES)) {
            return all
                    .sorted()
                    .filter(file -> whole
                            || (only.isEmpty()
                                    ? isInEachRun(file.getFileName().toString())
                                    : Stream.of(only.split(",", -1))
                                            .anyMatch(file.getFileName().toString()::contains)))
                    .map(file -> DynamicTest.dynamicTest(
                            file.getFileName().toString().replace(".case", ""), () -> check(file)))
                    .toList()
                    .stream();
        }
    }

    /** Every fourth, and all errors that need no container; {@code -Dlockstep.case=all} runs the whole suite. */
    private static boolean isInEachRun(String name) {
        try {
            var text = Files.readString(CASES.resolve(name));
            return Math.floorMod(name.hashCode(), 4) == 0 || text.contains("-- error --") && !text.contains("RUN");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, String> sections(Path file) throws IOException {
        var text = Files.readString(file);
        var matcher = SECTION.matcher(text);
        var sections = new LinkedHashMap<String, String>();
        var name = "";
        var from = 0;
        while (matcher.find()) {
            if (!name.isEmpty()) {
                sections.put(name, text.substring(from, matcher.start()));
            }
            name = matcher.group(1);
            from = matcher.end();
        }
        sections.put(name, text.substring(from));
        return sections;
    }

    private static void check(Path file) throws IOException {
        var sections = sections(file);
        var context = Files.createTempDirectory(directory, "case");
        write(sections, context);
        Image image;
        try {
            image = build(sections, context);
        } catch (BuildException | ContextException | IllegalArgumentException e) {
            failed(sections, String.valueOf(e.getMessage()));
            return;
        }
        var config = sections.getOrDefault("lockstep config", sections.get("config"));
        if (sections.containsKey("lockstep error") || config == null) {
            fail("it was built, and should fail: " + sections.get("error"));
        }
        assertThat(told(image)).isEqualTo(normal(JSON.readTree(config)).toPrettyString());
        assertThat(difference(image)).isEqualTo(sections.getOrDefault("lockstep tree", sections.get("tree")));
    }

    private static void failed(Map<String, String> sections, String message) {
        var ours = sections.get("lockstep error");
        if (ours == null && !sections.containsKey("error")) {
            fail("it should be built, and is not: " + message);
        }
        var expected = ours != null
                ? ours
                : sections.getOrDefault("error", "").replaceFirst("^dockerfile parse error (on|in) line \\d+: ", "");
        assertThat(message).contains(expected.strip());
    }

    private static void write(Map<String, String> sections, Path context) throws IOException {
        for (var section : sections.entrySet()) {
            var words = section.getKey().split(" ", -1);
            var content = section.getValue();
            switch (words[0]) {
                case "Dockerfile" -> Files.writeString(context.resolve("Dockerfile"), content);
                case "file" -> file(context, words, content.getBytes(StandardCharsets.UTF_8));
                case "base64" -> file(context, words, Base64.getMimeDecoder().decode(content));
                case "link" -> Files.createSymbolicLink(place(context, words[1]), Path.of(content.strip()));
                case "fifo" -> {
                    try (var above = Directory.open(context)) {
                        var name = RawPath.of(words[1]);
                        above.makeNode(name, FileStatus.Type.FIFO, new DeviceNumber(0, 0));
                        above.setMode(name, 0644);
                    }
                }
                default -> {
                    // What comes of it, and options.
                }
            }
        }
        try (var all = Files.walk(context)) {
            for (var path : all.filter(path -> Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                    .toList()) {
                Files.setPosixFilePermissions(path, mode("0755"));
            }
        }
    }

    private static void file(Path context, String[] words, byte[] content) throws IOException {
        var path = place(context, words[1]);
        Files.write(path, content);
        Files.setPosixFilePermissions(path, mode(words.length > 2 ? words[2] : "0644"));
    }

    private static Path place(Path context, String name) throws IOException {
        var path = context.resolve(name);
        for (var above = path.getParent(); !Files.exists(above); above = path.getParent()) {
            Files.createDirectories(above);
        }
        return path;
    }

    private static Set<PosixFilePermission> mode(String octal) {
        var bits = Integer.parseInt(octal, 8);
        var text = new StringBuilder();
        for (var bit = 8; bit >= 0; bit--) {
            text.append((bits >> bit & 1) == 1 ? "rwx".charAt((8 - bit) % 3) : '-');
        }
        return PosixFilePermissions.fromString(text.toString());
    }

    private static Image build(Map<String, String> sections, Path context) throws IOException {
        var given = Given.of(sections.getOrDefault("options", "").lines().toList(), context);
        var parsed = DockerfileParser.parse("Dockerfile", Files.readAllBytes(context.resolve("Dockerfile")));
        if (parsed instanceof Parsed.Invalid invalid) {
            throw new BuildException(invalid.text());
        }
        var own = context.resolve("Dockerfile.dockerignore");
        return lab.build(new BuildRequest(
                ((Parsed.Valid) parsed).dockerfile(),
                given.target(),
                Optional.of(files(context, Files.exists(own) ? "Dockerfile.dockerignore" : ".dockerignore")),
                given.contexts(),
                given.arguments(),
                given.labels(),
                BuildRequest.CacheUse.ALL,
                false,
                given.secrets(),
                Map.of(),
                new BuildRequest.StepOptions(
                        BuildRequest.Network.NONE, given.hosts(), given.shmSize(), given.limits(), false, false),
                Platform.current(),
                Optional.empty()));
    }

    private static BuildRequest.Context files(Path directory, String ignoreFile) throws IOException {
        try (var root = OpenDirectory.open(directory)) {
            var bytes = SourceTree.context(root, Ignore.NOTHING).read(ignoreFile, 1 << 20);
            var ignore = bytes.isPresent() ? Ignore.parse(bytes.get(), ".dockerignore") : Ignore.NOTHING;
            return new BuildRequest.Context(() -> OpenDirectory.open(directory), ignore);
        }
    }

    /** Options of a case: a flag a line, then its value. */
    private record Given(
            Optional<String> target,
            Map<String, String> arguments,
            Map<String, String> labels,
            Map<String, BuildRequest.NamedContext> contexts,
            Map<String, BuildRequest.Secret> secrets,
            List<Naming.ExtraHost> hosts,
            Optional<Long> shmSize,
            Map<String, Rlimit> limits) {
        static Given of(List<String> options, Path context) throws IOException {
            Optional<String> target = Optional.empty();
            Optional<Long> shmSize = Optional.empty();
            var arguments = new LinkedHashMap<String, String>();
            var labels = new LinkedHashMap<String, String>();
            var contexts = new LinkedHashMap<String, BuildRequest.NamedContext>();
            var secrets = new LinkedHashMap<String, BuildRequest.Secret>();
            var hosts = new ArrayList<Naming.ExtraHost>();
            var limits = new LinkedHashMap<String, Rlimit>();
            for (var i = 0; i + 1 < options.size(); i += 2) {
                var value = options.get(i + 1);
                var pair = value.split("[=:]", 2);
                switch (options.get(i)) {
                    case "--build-arg" -> arguments.put(pair[0], pair[1]);
                    case "--label" -> labels.put(pair[0], pair[1]);
                    case "--target" -> target = Optional.of(value);
                    case "--build-context" -> {
                        var directory = context.resolve(pair[1]);
                        contexts.put(pair[0], new BuildRequest.NamedContext.Files(files(directory, ".dockerignore")));
                    }
                    case "--secret" -> {
                        var id = value.replaceFirst("id=(\\w+),src=.*", "$1");
                        var file = context.resolve(value.replaceFirst(".*,src=", ""));
                        secrets.put(id, new BuildRequest.Secret(Files.readAllBytes(file)));
                    }
                    case "--add-host" -> hosts.add(new Naming.ExtraHost(pair[0], pair[1]));
                    case "--shm-size" -> shmSize = Optional.of(Long.parseLong(value.replace("m", "")) << 20);
                    case "--ulimit" -> {
                        var bounds = pair[1].split(":", 2);
                        limits.put(pair[0], new Rlimit(Long.parseLong(bounds[0]), Long.parseLong(bounds[1])));
                    }
                    default -> throw new IllegalStateException("option " + options.get(i));
                }
            }
            return new Given(target, arguments, labels, contexts, secrets, hosts, shmSize, limits);
        }
    }

    /** What the recorder writes down of a configuration. */
    private static String told(Image image) throws IOException {
        var config = lab.config(image);
        var onBase = !image.layers().isEmpty()
                && image.layers().getFirst().equals(lab.busybox.layers().getFirst());
        var inherited = onBase ? lab.config(lab.busybox).path("history").size() : 0;
        if (onBase && inherited == 0) {
            inherited = lab.busybox.layers().size(); // Lines that its layers got.
        }
        var told = JSON.createObjectNode();
        told.put("author", config.path("author").asText(""));
        told.set("config", config.path("config"));
        var history = told.putArray("history");
        for (var i = inherited; i < config.path("history").size(); i++) {
            var line = config.path("history").get(i);
            history.addArray()
                    .add(line.path("created_by").asText(""))
                    .add(line.path("empty_layer").asBoolean(false));
        }
        told.put("layers", image.layers().size() - (onBase ? 1 : 0));
        return normal(told).toPrettyString();
    }

    /** Sorted, without what is nothing. */
    private static JsonNode normal(JsonNode node) {
        if (node instanceof ObjectNode object) {
            var sorted = JSON.createObjectNode();
            var names = new ArrayList<String>();
            object.fieldNames().forEachRemaining(names::add);
            names.stream().sorted().forEach(name -> {
                var value = object.get(name);
                var isNothing = value.isNull()
                        || value.isArray() && value.isEmpty()
                        || value.isTextual() && value.asText().isEmpty();
                if (!isNothing) {
                    sorted.set(name, normal(value));
                }
            });
            return sorted;
        }
        if (node instanceof ArrayNode array) {
            var all = JSON.createArrayNode();
            array.forEach(value -> all.add(normal(value)));
            return all;
        }
        return node;
    }

    private static String difference(Image image) throws IOException {
        var tree = listing(lab.tree(image));
        var onBase = !image.layers().isEmpty()
                && image.layers().getFirst().equals(lab.busybox.layers().getFirst());
        var before = onBase ? base : Map.<String, String>of();
        var lines = new ArrayList<String>();
        tree.forEach((path, line) -> {
            if (!line.equals(before.get(path))) {
                lines.add(path + " " + line + "\n");
            }
        });
        before.keySet().stream()
                .filter(path -> !tree.containsKey(path))
                .forEach(path -> lines.add(path + " removed\n"));
        return String.join("", lines);
    }

    private static Map<String, String> listing(Path tree) throws IOException {
        var lines = new TreeMap<String, String>();
        try (var root = Directory.open(tree)) {
            list(root, "", lines, new HashMap<>());
        }
        return lines;
    }

    /** @param contents digests of files that have several names, by inode: busybox has forty */
    private static void list(Directory directory, String above, Map<String, String> lines, Map<Long, String> contents)
            throws IOException {
        for (var name : directory.list()) {
            var status = directory.status(name).orElseThrow();
            lines.put(above + name, line(directory, name, status, contents));
            if (status.isDirectory()) {
                try (var below = directory.directory(name)) {
                    list(below, above + name + "/", lines, contents);
                }
            }
        }
    }

    private static String line(Directory directory, RawPath name, FileStatus status, Map<Long, String> contents)
            throws IOException {
        var who = " 0%o %d:%d".formatted(status.mode(), status.uid(), status.gid());
        var more = new StringBuilder(who);
        directory.attributes(name).forEach((attribute, value) -> {
            if (!attribute.startsWith("trusted.overlay.") && !attribute.equals("security.selinux")) {
                more.append(" ")
                        .append(attribute)
                        .append("=")
                        .append(HexFormat.of().formatHex(value));
            }
        });
        return switch (status.type()) {
            case DIRECTORY -> "d" + more;
            case REGULAR -> {
                if (!contents.containsKey(status.inode())) {
                    try (var file = directory.file(name)) {
                        var digest = BlobStore.digest(file.inputStream().readAllBytes());
                        contents.put(status.inode(), digest.hex().substring(0, 16));
                    }
                }
                yield "f" + more + " " + contents.get(status.inode());
            }
            case SYMLINK -> "l 0777 " + status.uid() + ":" + status.gid() + " -> " + directory.readLink(name);
            case CHARACTER_DEVICE ->
                "c" + more + " " + status.device().major() + ":"
                        + status.device().minor();
            case BLOCK_DEVICE ->
                "b" + more + " " + status.device().major() + ":"
                        + status.device().minor();
            case FIFO -> "p" + more;
            case SOCKET -> "s" + more;
        };
    }
}
