package dev.lockstep.spec.conformance;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Directories that are meant to hurt who loads them. */
record Hostile(Outcome outcome, Writer writer) {
    private static final String ONE = "services: {a: {image: i}}\n";
    private static final int MEGABYTE = 1 << 20;

    /** Writes the files into an empty directory. */
    interface Writer {
        void write(Path directory) throws IOException;
    }

    /** What must come of it. */
    sealed interface Outcome {
        /** It looks worse than it is. */
        record Loads() implements Outcome {}

        /** The user is told, in words that contain these. */
        record Refused(String words) implements Outcome {}
    }

    static Map<String, Hostile> all() {
        var all = new LinkedHashMap<String, Hostile>();
        aliases(all);
        shapes(all);
        sizes(all);
        loops(all);
        encodings(all);
        variables(all);
        graphs(all);
        specialFiles(all);
        return all;
    }

    private static void aliases(Map<String, Hostile> all) {
        var bomb = new StringBuilder("x-a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        var merges = new StringBuilder("x-a0: &a0 {k0: v, k1: v}\n");
        for (var i = 1; i < 30; i++) {
            bomb.append("x-a%1$d: &a%1$d [%2$s]\n".formatted(i, repeated(9, j -> "*a", i - 1)));
            merges.append(
                    "x-a%1$d: &a%1$d {<<: [%2$s], l%1$d: *a%3$d}\n".formatted(i, repeated(9, j -> "*a", i - 1), i - 1));
        }
        all.put("alias bomb", refused("alias", bomb + ONE));
        all.put(
                "alias bomb in labels",
                refused(
                        "",
                        bomb.toString().replace("[x, x", "[{y: x}, x") + "services: {a: {image: i, labels: *a29}}\n"));
        all.put("merge key bomb", refused("", merges + ONE));
        all.put("alias of itself", refused("", "services: &s {a: {image: i, x-s: *s}}\n"));
        all.put("merge key of itself", refused("", "services: {a: &a {image: i, <<: *a}}\n"));
        all.put(
                "two thousand aliases, harmless",
                loads("x-l: &l {driver: json-file}\nservices:\n"
                        + IntStream.range(0, 2000)
                                .mapToObj(i -> "  s" + i + ": {image: i, logging: *l}\n")
                                .collect(Collectors.joining())));
    }

    private static void shapes(Map<String, Hostile> all) {
        all.put("deep flow sequences", refused("deep", "x: " + "[".repeat(200_000)));
        all.put("deep flow mappings", refused("deep", "x: " + "{a: ".repeat(200_000)));
        all.put(
                "deep block mappings",
                refused(
                        "deep",
                        IntStream.range(0, 2000)
                                .mapToObj(i -> " ".repeat(i) + "a:\n")
                                .collect(Collectors.joining())));
        all.put("deep block sequences", refused("deep", "x-a:\n" + "- ".repeat(100_000) + "x\n" + ONE));
        all.put("a hundred thousand documents", loads(ONE + "---\n{}\n".repeat(100_000)));
        all.put("duplicate keys", refused("already defined", "services:\n" + "  a: {image: i}\n".repeat(10_000)));
        all.put(
                "unknown keys",
                refused(
                        "unknown",
                        "services:\n  a:\n    image: i\n"
                                + IntStream.range(0, 40_000)
                                        .mapToObj(i -> "    k" + i + ": v\n")
                                        .collect(Collectors.joining())));
        all.put("tags", refused("", "services: {a: {image: " + "!x ".repeat(10_000) + "i}}\n"));
        all.put("a key of a megabyte", refused("", "? " + "k".repeat(MEGABYTE) + "\n: v\n" + ONE));
    }

    private static void sizes(Map<String, Hostile> all) {
        all.put("megabytes of blanks", refused("larger", " ".repeat(20 * MEGABYTE)));
        all.put("megabytes of comments", loads("# nothing\n".repeat(MEGABYTE) + ONE));
        all.put("megabytes of empty lines", loads("\n".repeat(15 * MEGABYTE) + ONE));
        all.put("a text of megabytes", loads("x-a: " + "t".repeat(8 * MEGABYTE) + "\n" + ONE));
        all.put("a list of millions", refused("", "x-a: [" + "a,".repeat(4 * MEGABYTE) + "]\n" + ONE));
        all.put("huge integer", refused("", "services: {a: {image: i, scale: " + "9".repeat(1_000_000) + "}}\n"));
        all.put("huge exponent", refused("", "services: {a: {image: i, cpus: 1e999999999, mem_limit: 1e999999999}}\n"));
        all.put("huge exponent in a label", refused("", "services: {a: {image: i, labels: {k: 1e999999999}}}\n"));
        all.put(
                "huge decimals of bytes",
                refused("", "services: {a: {image: i, mem_limit: 1." + "1".repeat(100_000) + "p}}\n"));
        all.put(
                "huge duration",
                refused("", "services: {a: {image: i, stop_grace_period: " + "9".repeat(100_000) + "h}}\n"));
        all.put(
                "all ports many times",
                refused(
                        "",
                        "services: {a: {image: i, ports: ["
                                + IntStream.range(0, 1000)
                                        .mapToObj(i -> "\"127.0." + i / 250 + "." + i % 250 + ":1-65535:1-65535\"")
                                        .collect(Collectors.joining(","))
                                + "]}}\n"));
        all.put("a million replicas", refused("10000", "services: {a: {image: i, scale: 1000000}}\n"));
    }

    private static void loops(Map<String, Hostile> all) {
        all.put("include of itself", refused("circle", "include: [compose.yaml]\n" + ONE));
        all.put("includes that double", new Hostile(new Outcome.Refused(""), directory -> {
            Files.writeString(directory.resolve("compose.yaml"), "include: [f0.yaml]\n" + ONE);
            for (var i = 0; i < 40; i++) {
                Files.writeString(
                        directory.resolve("f" + i + ".yaml"),
                        "include: [f%1$d.yaml, ./f%1$d.yaml]\nservices: {s%1$d: {image: i}}\n".formatted(i + 1));
            }
            Files.writeString(directory.resolve("f40.yaml"), "services: {z: {image: i}}\n");
        }));
        all.put("a long chain of includes", new Hostile(new Outcome.Refused(""), directory -> {
            Files.writeString(directory.resolve("compose.yaml"), "include: [f0.yaml]\n" + ONE);
            for (var i = 0; i < 2000; i++) {
                Files.writeString(directory.resolve("f" + i + ".yaml"), "include: [f" + (i + 1) + ".yaml]\n");
            }
            Files.writeString(directory.resolve("f2000.yaml"), ONE);
        }));
        all.put("extends of itself", refused("circle", "services: {a: {image: i, extends: a}}\n"));
        all.put(
                "a long chain of extends",
                refused(
                        "",
                        "services:\n"
                                + IntStream.range(0, 2_000)
                                        .mapToObj(i -> "  s" + i + ": {extends: s" + (i + 1) + "}\n")
                                        .collect(Collectors.joining())
                                + "  s2000: {image: i}\n"));
        all.put(
                "extends that double",
                loads("services:\n  s0: {image: i, dns: [1.1.1.1], ports: [\"1\"]}\n"
                        + IntStream.range(1, 60)
                                .mapToObj(i -> "  s" + i + ": {extends: s" + (i - 1) + ", expose: [" + i + "]}\n")
                                .collect(Collectors.joining())));
        all.put(
                "symbolic link to itself",
                new Hostile(
                        new Outcome.Refused(""),
                        directory ->
                                Files.createSymbolicLink(directory.resolve("compose.yaml"), Path.of("compose.yaml"))));
        all.put("symbolic links in a ring", new Hostile(new Outcome.Refused(""), directory -> {
            Files.writeString(directory.resolve("compose.yaml"), "services: {a: {image: i, env_file: one/x}}\n");
            Files.createSymbolicLink(directory.resolve("one"), Path.of("two"));
            Files.createSymbolicLink(directory.resolve("two"), Path.of("one"));
        }));
    }

    private static void encodings(Map<String, Hostile> all) {
        all.put("binary rubbish", bytes("", random(MEGABYTE)));
        all.put(
                "UTF-16",
                new Hostile(
                        new Outcome.Loads(),
                        directory ->
                                Files.write(directory.resolve("compose.yaml"), ONE.getBytes(StandardCharsets.UTF_16))));
        all.put("UTF-16 without mark", bytes("", ONE.getBytes(StandardCharsets.UTF_16LE)));
        all.put(
                "Latin-1",
                bytes("UTF-8", "services: {a: {image: i, labels: {k: größe}}}".getBytes(StandardCharsets.ISO_8859_1)));
        all.put("overlong encoding", bytes("UTF-8", new byte[] {'a', ':', ' ', (byte) 0xC0, (byte) 0xAF}));
        all.put("NUL", refused("", "services: {a: {image: \"i\0\"}}\n"));
        all.put(
                "NUL by escape in a path",
                refused("", "services: {a: {image: i, env_file: \"x\\0y\", volumes: [\"./a\\0b:/c\"]}}\n"));
        all.put("bidirectional control characters", refused("", "services: {a: {image: \"i\u202E\"}}\n"));
        all.put("NUL in .env", new Hostile(new Outcome.Refused(""), directory -> {
            Files.writeString(directory.resolve("compose.yaml"), "services: {a: {image: \"i$A\"}}\n");
            Files.write(directory.resolve(".env"), new byte[] {'A', '=', 0, '\n'});
        }));
        all.put("binary rubbish in .env", new Hostile(new Outcome.Refused(""), directory -> {
            Files.writeString(directory.resolve("compose.yaml"), ONE);
            Files.write(directory.resolve(".env"), random(MEGABYTE));
        }));
    }

    private static void variables(Map<String, Hostile> all) {
        all.put("variables that double", new Hostile(new Outcome.Refused(""), directory -> {
            Files.writeString(directory.resolve("compose.yaml"), "services: {a: {image: \"i$V60\"}}\n");
            Files.writeString(
                    directory.resolve(".env"),
                    "V0=xxxxxxxxxx\n"
                            + IntStream.rangeClosed(1, 60)
                                    .mapToObj(i -> "V%1$d=$V%2$d$V%2$d\n".formatted(i, i - 1))
                                    .collect(Collectors.joining()));
        }));
        all.put(
                "variables deep in each other",
                refused("", "services: {a: {image: \"" + "${A:-".repeat(100_000) + "}".repeat(100_000) + "\"}}\n"));
        all.put("open braces", refused("", "services: {a: {image: \"" + "${".repeat(500_000) + "\"}}\n"));
        all.put("a long variable many times", new Hostile(new Outcome.Refused(""), directory -> {
            Files.writeString(
                    directory.resolve("compose.yaml"),
                    "services: {a: {image: i, labels: ["
                            + IntStream.range(0, 2_000)
                                    .mapToObj(i -> "\"l" + i + "=$V\"")
                                    .collect(Collectors.joining(","))
                            + "]}}\n");
            Files.writeString(directory.resolve(".env"), "V=" + "x".repeat(100_000) + "\n");
        }));
        all.put("a line of megabytes in .env", new Hostile(new Outcome.Loads(), directory -> {
            Files.writeString(directory.resolve("compose.yaml"), ONE);
            Files.writeString(directory.resolve(".env"), "A=\"" + "x".repeat(10 * MEGABYTE) + "\"\n");
        }));
        all.put("quotes that do not end", new Hostile(new Outcome.Refused(""), directory -> {
            Files.writeString(directory.resolve("compose.yaml"), ONE);
            Files.writeString(directory.resolve(".env"), "A=\"x\n".repeat(200_001));
        }));
    }

    private static void graphs(Map<String, Hostile> all) {
        all.put(
                "dense dependencies, harmless",
                loads("services:\n"
                        + IntStream.range(0, 300)
                                .mapToObj(i -> "  s" + i + ": {image: i, depends_on: ["
                                        + IntStream.range(Math.max(0, i - 20), i)
                                                .mapToObj(j -> "s" + j)
                                                .collect(Collectors.joining(","))
                                        + "]}\n")
                                .collect(Collectors.joining())));
        all.put(
                "a long chain of dependencies, harmless",
                loads("services:\n  s0: {image: i}\n"
                        + IntStream.range(1, 3_000)
                                .mapToObj(i -> "  s" + i + ": {image: i, depends_on: [s" + (i - 1) + "]}\n")
                                .collect(Collectors.joining())));
        all.put(
                "a ring of five thousand",
                refused(
                        "cycle",
                        "services:\n"
                                + IntStream.range(0, 5_000)
                                        .mapToObj(i ->
                                                "  s" + i + ": {image: i, depends_on: [s" + (i + 1) % 5_000 + "]}\n")
                                        .collect(Collectors.joining())));
        all.put(
                "everything depends on everything",
                refused(
                        "cycle",
                        "services:\n"
                                + IntStream.range(0, 150)
                                        .mapToObj(i -> "  s" + i + ": {image: i, depends_on: ["
                                                + IntStream.range(0, 150)
                                                        .mapToObj(j -> "s" + j)
                                                        .collect(Collectors.joining(","))
                                                + "]}\n")
                                        .collect(Collectors.joining())));
        all.put(
                "command of quotes",
                refused("", "services: {a: {image: i, command: \"" + "'".repeat(1_000_001) + "\"}}\n"));
    }

    private static void specialFiles(Map<String, Hostile> all) {
        all.put(
                "endless device",
                new Hostile(
                        new Outcome.Refused(""),
                        directory ->
                                Files.createSymbolicLink(directory.resolve("compose.yaml"), Path.of("/dev/zero"))));
        all.put("endless device as .env", new Hostile(new Outcome.Refused(""), directory -> {
            Files.writeString(directory.resolve("compose.yaml"), ONE);
            Files.createSymbolicLink(directory.resolve(".env"), Path.of("/dev/zero"));
        }));
        all.put(
                "file that cannot be read",
                new Hostile(
                        new Outcome.Refused(""),
                        directory ->
                                // Its size is 0 and reading its start is an error, for root too.
                                Files.createSymbolicLink(
                                        directory.resolve("compose.yaml"), Path.of("/proc/self/mem"))));
        all.put("directory for a file", new Hostile(new Outcome.Refused(""), directory -> {
            Files.writeString(
                    directory.resolve("compose.yaml"),
                    "include: [d]\nservices: {a: {image: i, env_file: d, extends: {file: d, service: x}}}\n");
            Files.createDirectory(directory.resolve("d"));
        }));
    }

    private static Hostile refused(String words, String text) {
        return bytes(words, text.getBytes(StandardCharsets.UTF_8));
    }

    private static Hostile bytes(String words, byte[] bytes) {
        return new Hostile(
                new Outcome.Refused(words), directory -> Files.write(directory.resolve("compose.yaml"), bytes));
    }

    private static Hostile loads(String text) {
        return new Hostile(
                new Outcome.Loads(), directory -> Files.writeString(directory.resolve("compose.yaml"), text));
    }

    private static byte[] random(int length) {
        var bytes = new byte[length];
        new Random(1).nextBytes(bytes);
        return bytes;
    }

    private static String repeated(int times, IntFunction<String> word, int number) {
        return IntStream.range(0, times).mapToObj(i -> word.apply(i) + number).collect(Collectors.joining(", "));
    }
}
