package dev.lockstep.spec.conformance;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads cases as {@code src/test/conformance/record} does: the two must agree on the notation. */
final class CaseFile {
    static final Path ROOT = Path.of("src/test/conformance");
    private static final String DIRECTORY = "project";
    private static final Pattern ESCAPE = Pattern.compile("\\\\(?:u([0-9A-Fa-f]{4})|(.))");

    private CaseFile() {}

    /** All topics in order, the real files last. */
    static Map<String, List<Case>> topics() {
        var topics = new LinkedHashMap<String, List<Case>>();
        try (var list = Files.list(ROOT)) {
            for (var file : list.sorted().toList()) {
                var name = file.getFileName().toString();
                if (name.endsWith(".cases")) {
                    var topic = name.substring(0, name.length() - ".cases".length());
                    topics.put(topic, parse(topic, Files.readString(file)));
                }
            }
            topics.put("real", real());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return topics;
    }

    static List<Case> parse(String topic, String text) {
        var cases = new ArrayList<Case>();
        Optional<Draft> draft = Optional.empty();
        for (var line : text.split("(?<=\n)", -1)) {
            if (line.startsWith("==== ")) {
                draft.ifPresent(d -> cases.add(d.finished()));
                draft = Optional.of(new Draft(topic, line.substring(5).stripTrailing()));
            } else {
                draft.ifPresent(d -> d.add(line));
            }
        }
        draft.ifPresent(d -> cases.add(d.finished()));
        return List.copyOf(cases);
    }

    private static List<Case> real() throws IOException {
        var cases = new ArrayList<Case>();
        try (var list = Files.list(ROOT.resolve("real"))) {
            for (var directory : list.filter(Files::isDirectory).sorted().toList()) {
                var draft = new Draft("real", directory.getFileName().toString());
                try (var walk = Files.walk(directory)) {
                    for (var file : walk.filter(Files::isRegularFile).sorted().toList()) {
                        draft.files.put(directory.relativize(file).toString(), Files.readString(file));
                    }
                }
                cases.add(draft.finished());
            }
        }
        return List.copyOf(cases);
    }

    private static final class Draft {
        private final String topic;
        private final String name;
        private final Map<String, String> environment = new TreeMap<>();
        private final Map<String, String> files = new LinkedHashMap<>();
        private final Map<String, String> links = new TreeMap<>();
        private List<String> arguments = List.of();
        private List<String> selection = List.of();
        private String directory = DIRECTORY;
        private Optional<Case.Mark> mark = Optional.empty();
        private String file = "compose.yaml";
        private boolean escaped;

        Draft(String topic, String name) {
            this.topic = topic;
            this.name = name;
        }

        void add(String line) {
            if (line.startsWith("@")) {
                var words = line.strip().split(" ", 2);
                header(words[0].substring(1), words.length == 2 ? words[1] : "");
            } else if (line.startsWith("-- ")) {
                var words = line.strip().split(" ", -1);
                file = words[1];
                escaped = words.length == 3 && words[2].equals("escaped");
                files.put(file, "");
            } else {
                files.merge(file, escaped ? unescaped(line.replace("\n", "")) : line, String::concat);
            }
        }

        private void header(String word, String rest) {
            switch (word) {
                case "env" -> environment.put(rest.split("=", 2)[0], rest.split("=", 2)[1]);
                case "args" -> arguments = List.of(rest.split(" ", -1));
                case "config" -> selection = List.of(rest.split(" ", -1));
                case "dir" -> directory = rest;
                case "link" -> links.put(rest.split(" ", 2)[0], rest.split(" ", 2)[1]);
                case "hand" -> mark = Optional.of(new Case.Mark.Hand(rest));
                case "differs" -> mark = Optional.of(new Case.Mark.Differs(rest));
                default -> throw new AssertionError(topic + ": " + name + ": @" + word + " means nothing");
            }
        }

        Case finished() {
            return new Case(topic, name, environment, arguments, selection, directory, files, links, mark);
        }

        private static String unescaped(String text) {
            return ESCAPE.matcher(text)
                    .replaceAll(match -> Matcher.quoteReplacement(
                            match.group(1) != null
                                    ? Character.toString(Integer.parseInt(match.group(1), 16))
                                    : switch (match.group(2)) {
                                        case "n" -> "\n";
                                        case "r" -> "\r";
                                        case "t" -> "\t";
                                        case "0" -> "\0";
                                        case "\\" -> "\\";
                                        default -> throw new AssertionError(match.group());
                                    }));
        }
    }
}
