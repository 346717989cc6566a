package dev.lockstep.runtime.context;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class IgnoreTest {
    /** One ignore file, and what Docker's builder left out, or why it refused. */
    record Case(String ignore, String expected) {}

    private static String text() throws IOException {
        try (var in = Objects.requireNonNull(IgnoreTest.class.getResourceAsStream("/context/ignore-cases.txt"))) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }

    static Stream<Case> cases() throws IOException {
        return Stream.of(text().split("\n\n"))
                .filter(text -> text.startsWith("== "))
                .map(text -> new Case(
                        text.substring(3, text.indexOf('\n')),
                        text.substring(text.indexOf('\n') + 1).strip()));
    }

    private static List<String> tree() throws IOException {
        return text().lines()
                .filter(line -> line.startsWith("tree "))
                .flatMap(line -> Stream.of(line.substring(5).split(" ")))
                .map(path -> path.replace("\\s", " "))
                .toList();
    }

    private static byte[] unescaped(String text) {
        var bytes = new StringBuilder();
        for (var i = 0; i < text.length(); i++) {
            if (text.charAt(i) != '\\') {
                bytes.append(text.charAt(i));
                continue;
            }
            switch (text.charAt(++i)) {
                case 'n' -> bytes.append('\n');
                case 't' -> bytes.append('\t');
                case 'r' -> bytes.append('\r');
                case 'x' -> {
                    bytes.append((char) Integer.parseInt(text.substring(i + 1, i + 3), 16));
                    i += 2;
                }
                default -> bytes.append(text.charAt(i));
            }
        }
        return bytes.toString().getBytes(ISO_8859_1);
    }

    @ParameterizedTest
    @MethodSource("cases")
    void what_docker_leaves_out_is_left_out(Case test) throws IOException {
        if (test.expected().startsWith("! ")) {
            assertThatThrownBy(() -> Ignore.parse(unescaped(test.ignore()), ".dockerignore"))
                    .isInstanceOf(ContextException.class)
                    .hasMessageContaining(test.expected().substring(2))
                    .hasMessageStartingWith(".dockerignore:");
            return;
        }
        var left = new TreeSet<>(tree());
        left.removeAll(taken(Ignore.parse(unescaped(test.ignore()), ".dockerignore")));
        var expected = test.expected().equals("-")
                ? List.<String>of()
                : Stream.of(test.expected().substring(2).split(" "))
                        .map(path -> path.replace("\\s", " ").replace("\\\\", "\\"))
                        .toList();
        assertThat(left).containsExactlyInAnyOrderElementsOf(expected);
    }

    private static List<String> taken(Ignore ignore) throws IOException {
        var root = new MemoryDirectory();
        for (var path : tree()) {
            root.add(path, new byte[0]);
        }
        var paths = new ArrayList<String>();
        var way = new ArrayDeque<String>(List.of(""));
        var tree = SourceTree.context(root, ignore);
        try (var found = SourceLookup.require(tree, ".")) {
            new SourceWalk(tree, Ignore.NOTHING, Optional.empty(), new SourceWalk.Receiver() {
                        @Override
                        public void enter(RawPath name, SourceEntry entry) {
                            way.push(way.peek() + name.latin1() + "/");
                            paths.add(way.peek());
                        }

                        @Override
                        public void member(SourceDirectory directory, RawPath name, SourceEntry entry) {
                            paths.add(way.peek() + name.latin1());
                        }

                        @Override
                        public void leave() {
                            way.pop();
                        }
                    })
                    .content(found);
        }
        return paths;
    }

    @Test
    void a_line_that_is_no_pattern_is_named() {
        assertThatThrownBy(() -> Ignore.parse("a\n# [\nb[\n".getBytes(UTF_8), "web/.dockerignore"))
                .hasMessage("web/.dockerignore:3: syntax error in pattern \"b[\"");
    }

    @Test
    void no_pattern_takes_for_ever() throws IOException {
        var hard = Ignore.parse("*a*a*a*a*a*a*a*a*a*a*a*a*b\n**/a**/a**/a**/a**/a**/b\n".getBytes(UTF_8), "i");
        assertThat(hard.match(new RawPath("a".repeat(2000))).ignored()).isFalse();
        assertThat(hard.match(new RawPath("a/".repeat(1000) + "c")).ignored()).isFalse();
    }
}
