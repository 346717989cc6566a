package dev.lockstep.runtime.context;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every case of {@code copy-cases.txt} gives what Docker's builder gave. */
class CopyConformanceIT {

    @TempDir
    Path work;

    record Case(String name, Map<String, String> trees, List<String> lines, List<String> expected) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Case> cases() throws IOException {
        try (var in = Objects.requireNonNull(CopyConformanceIT.class.getResourceAsStream("/context/copy-cases.txt"))) {
            return Stream.of(new String(in.readAllBytes(), UTF_8).split("\n\n"))
                    .filter(text -> text.startsWith("== "))
                    .map(CopyConformanceIT::parse);
        }
    }

    private static Case parse(String text) {
        var trees = new HashMap<String, String>();
        var lines = new ArrayList<String>();
        var expected = new ArrayList<String>();
        for (var line : text.lines().skip(1).toList()) {
            if (line.startsWith("> ") || line.startsWith("! ")) {
                expected.add(line);
            } else if (line.matches("(context|base|source): .*")) {
                trees.put(line.split(": ", 2)[0], line.split(": ", 2)[1]);
            } else {
                lines.add(line);
            }
        }
        return new Case(text.lines().findFirst().orElseThrow().substring(3), trees, lines, expected);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void a_copy_is_what_docker_makes_of_it(Case test) throws Exception {
        var base = tree("base", test);
        var start = Instant.now().minusMillis(100);
        var actual = new ArrayList<String>();
        try (var context = OpenDirectory.open(tree("context", test));
                var stage = OpenDirectory.open(tree("source", test));
                var root = Directory.open(base)) {
            var ignore = context.entry(RawPath.of(".dockerignore")).isPresent()
                    ? Ignore.parse(
                            context.open(RawPath.of(".dockerignore")).stream().readAllBytes(), ".dockerignore")
                    : Ignore.NOTHING;
            var workdir = "/";
            for (var line : test.lines()) {
                if (line.startsWith("WORKDIR ")) {
                    workdir = line.substring("WORKDIR ".length());
                    Files.createDirectories(base.resolve(workdir.substring(1)));
                } else {
                    var tree =
                            line.contains("--from=src") ? SourceTree.stage(stage) : SourceTree.context(context, ignore);
                    var request = request(tree, line, workdir);
                    var copied = Copier.copy(request, root, root);
                    assertThat(copied.content()).isEqualTo(ContentDigest.of(request));
                }
            }
            list(root, "", start, new HashMap<>(), actual);
        } catch (ContextException e) {
            actual.clear();
            actual.add("! " + e.getMessage());
        }
        if (test.expected().getFirst().startsWith("! ")) {
            assertThat(actual.getFirst()).contains(test.expected().getFirst().substring(2));
        } else {
            assertThat(actual).isEqualTo(test.expected());
        }
    }

    private Path tree(String name, Case test) throws Exception {
        var tree = Files.createDirectory(work.resolve(name));
        if (!test.trees().containsKey(name)) {
            return tree;
        }
        var script =
                test.trees().get(name) + "\nfind . -mindepth 1 -newermt 2020-01-01 -exec touch -h -d @1000000000 {} +";
        var builder =
                new ProcessBuilder("sh", "-ec", script).directory(tree.toFile()).redirectErrorStream(true);
        builder.environment().put("LC_ALL", "C.UTF-8");
        var shell = builder.start();
        var said = new String(shell.getInputStream().readAllBytes(), UTF_8);
        assertThat(shell.waitFor()).as(said).isZero();
        return tree;
    }

    private static CopyRequest request(SourceTree tree, String line, String workdir) throws IOException {
        var words = new ArrayList<>(List.of(line.split(" ", -1)));
        var unpack = words.removeFirst().equals("ADD");
        var options = new HashMap<String, String>();
        while (words.getFirst().startsWith("--")) {
            var option = words.removeFirst().split("=", 2);
            options.put(option[0], option[1]);
        }
        var destination = words.removeLast();
        var request = CopyRequest.of(
                words.stream().map(word -> new CopySource(tree, word, unpack)).toList(), destination, workdir);
        if (options.containsKey("--chown")) {
            request = request.withOwner(Ownership.parse(options.get("--chown")));
        }
        if (options.containsKey("--chmod")) {
            request = request.withMode(ModeChange.parse(options.get("--chmod")));
        }
        return request;
    }

    private static void list(
            Directory directory, String path, Instant start, Map<Long, String> links, List<String> lines)
            throws IOException {
        for (var name : directory.list().stream()
                .sorted(Comparator.comparing(RawPath::latin1))
                .toList()) {
            var status = directory.status(name).orElseThrow();
            var at = path + escaped(name.latin1());
            var first = status.links() > 1 && !status.isDirectory() ? links.putIfAbsent(status.inode(), at) : null;
            if (first != null) {
                lines.add("> h " + at + " -> " + first);
                continue;
            }
            var time = status.modified().isBefore(start)
                    ? String.valueOf(status.modified().getEpochSecond())
                    : "now";
            var line = "> " + letter(status.type()) + " " + at + " " + Integer.toOctalString(status.mode()) + " "
                    + status.uid() + ":" + status.gid() + " " + time;
            lines.add(line
                    + switch (status.type()) {
                        case REGULAR -> " " + content(directory, name);
                        case SYMLINK -> " -> " + directory.readLink(name).latin1();
                        case CHARACTER_DEVICE, BLOCK_DEVICE -> " " + status.device();
                        default -> "";
                    });
            if (status.isDirectory()) {
                try (var inner = directory.directory(name)) {
                    list(inner, at + "/", start, links, lines);
                }
            }
        }
    }

    private static char letter(FileStatus.Type type) {
        return switch (type) {
            case DIRECTORY -> 'd';
            case REGULAR -> 'f';
            case SYMLINK -> 'l';
            case CHARACTER_DEVICE -> 'c';
            case BLOCK_DEVICE -> 'b';
            case FIFO -> 'p';
            case SOCKET -> 's';
        };
    }

    private static String content(Directory directory, RawPath name) throws IOException {
        try (var file = directory.file(name)) {
            var content = new String(file.inputStream().readAllBytes(), ISO_8859_1);
            return content.length() > 200 ? "…" : content.replace("\n", "\\n");
        }
    }

    private static String escaped(String latin1) {
        var text = new StringBuilder();
        latin1.chars().forEach(c -> text.append(c > ' ' && c < 0x7f ? (char) c : "\\x%02x".formatted(c)));
        return text.toString();
    }
}
