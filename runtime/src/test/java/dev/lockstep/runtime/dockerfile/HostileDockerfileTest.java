package dev.lockstep.runtime.dockerfile;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever the bytes are: an answer, soon, with places inside the file. */
class HostileDockerfileTest {
    private static final String SEED_FILE = """
        # syntax=docker/dockerfile:1
        # escape=\\
        ARG V=1 W="a b" X=${V:-2}
        FROM --platform=$BUILDPLATFORM debian:${V} AS build
        SHELL ["/bin/bash", "-c"]
        ENV a=1 b="${a:-x}" c='d' e=${W//a/b}
        RUN --mount=type=cache,target=/c,sharing=locked --network=none apt-get update && \\
            # comment

            echo "x" | tee /y
        RUN <<EOF cat <<-'B'
        body $a
        EOF
        	tabs
        	B
        FROM build
        COPY --from=0 --chown=1:2 --chmod=u+x --exclude=*.c <<F a b/
        $a
        F
        ONBUILD ADD --checksum=sha256:00 https://x/y /z
        HEALTHCHECK --interval=5s --retries=3 CMD ["a", "b"]
        EXPOSE 80/tcp 90-95
        LABEL k v w
        STOPSIGNAL SIGTERM
        VOLUME ["/a"]
        """;
    private static final String[] PIECES = {
        "\\\n",
        "<<EOF",
        "<<-\"E\"",
        "EOF\n",
        "${",
        "}",
        "$",
        "\"",
        "'",
        "\\",
        "`",
        "#",
        "# escape=`\n",
        "FROM ",
        "RUN ",
        "COPY ",
        "ONBUILD ",
        "--",
        "--mount=",
        "--from=",
        "[",
        "]",
        "\0",
        "\r\n",
        "\n",
        ",",
        "=",
        "/",
        "*",
        "\ufeff",
        "é"
    };

    private static void check(byte[] bytes, String as) {
        var parsed = DockerfileParser.parse("Dockerfile", bytes);
        var lines = Math.max(1, parsed.source().lines().size());
        if (parsed instanceof Parsed.Invalid invalid) {
            assertThat(invalid.problems()).as(as).isNotEmpty().allSatisfy(problem -> inside(problem, parsed, lines));
            assertThat(invalid.text()).as(as).doesNotContain("\0", "\u001b");
        }
        assertThat(parsed.warnings()).as(as).allSatisfy(problem -> inside(problem, parsed, lines));
        if (parsed instanceof Parsed.Valid(var file, var warnings)) {
            for (var stage : file.stages()) {
                assertThat(stage.instructions())
                        .as(as)
                        .allSatisfy(i -> assertThat(i.written().at().endLine()).isLessThanOrEqualTo(lines));
            }
            try {
                StageGraph.of(file, GlobalArguments.of(file, Map.of(), Map.of()), Set.of());
            } catch (SubstitutionException e) {
                assertThat(e.getMessage()).as(as).isNotBlank();
            }
        }
    }

    private static void inside(Problem problem, Parsed parsed, int lines) {
        assertThat(problem.at().endLine()).isLessThanOrEqualTo(lines);
        var line = parsed.source().lines().isEmpty()
                ? ""
                : parsed.source().lines().get(problem.at().line() - 1);
        assertThat(problem.at().column()).isLessThanOrEqualTo(line.codePointCount(0, line.length()) + 1);
        assertThat(problem.text().length()).isLessThan(2_000);
    }

    @ParameterizedTest
    @ValueSource(strings = {"lockstep.seed.fixed", "lockstep.seed"})
    void bytes_by_chance_and_spoilt_files_have_an_answer(String property) {
        var seed = Long.parseUnsignedLong(System.getProperty(property, "1"));
        var chance = new Random(seed);
        for (var i = 0; i < Integer.getInteger("lockstep.count", 100) * 10; i++) {
            byte[] bytes;
            if (i % 4 == 0) {
                bytes = new byte[chance.nextInt(300)];
                chance.nextBytes(bytes);
            } else {
                var text = new StringBuilder(SEED_FILE);
                for (var n = chance.nextInt(1, 8); n > 0; n--) {
                    var at = chance.nextInt(text.length());
                    switch (chance.nextInt(3)) {
                        case 0 -> text.insert(at, PIECES[chance.nextInt(PIECES.length)]);
                        case 1 -> text.delete(at, Math.min(text.length(), at + chance.nextInt(1, 20)));
                        default -> text.insert(at, text.substring(at, Math.min(text.length(), at + 30)));
                    }
                }
                bytes = text.toString().getBytes(UTF_8);
            }
            check(bytes, "seed " + Long.toUnsignedString(seed) + ", case " + i + ":\n" + new String(bytes, UTF_8));
        }
    }

    @ParameterizedTest(name = "{0} again and again")
    @ValueSource(
            strings = {
                "FORM x\n",
                "COPY <<A <<B c/\n",
                "RUN \\\n",
                "RUN \\\n\n",
                "# c\n",
                "ENV a=\"\n",
                "FROM a AS b\n",
                "FROM scratch\nCOPY --from=9999999 a b\n",
                "RUN --mount=type=x a\n",
                "RUN --mount=a,b,c ",
                "ENV a=${b:-",
                "[\"",
                "[",
                "\"a\" ",
                "$a",
                "ARG a=$a$a\n",
                "'<<x ",
                "--x ",
                "ONBUILD RUN <<E\n",
                "EXPOSE 1-65535\n",
                "VOLUME [",
                "\\",
            })
    void a_file_of_megabytes_has_an_answer_soon(String piece) {
        var size = DockerfileParser.LARGEST / 8;
        for (var prefix : new String[] {"FROM scratch\n", "FROM scratch\nRUN ", "FROM scratch\nENV a=\""}) {
            var text = prefix + piece.repeat((size - prefix.length()) / piece.length());
            assertTimeoutPreemptively(Duration.ofSeconds(30), () -> check(text.getBytes(UTF_8), prefix + piece));
        }
    }

    @Test
    void a_file_that_is_too_large_is_refused_unread() {
        var parsed = DockerfileParser.parse("Dockerfile", new byte[DockerfileParser.LARGEST + 1]);
        assertThat(((Parsed.Invalid) parsed).text()).contains("the file has more than 4 MiB");
    }

    @Test
    void arguments_that_double_are_stopped() {
        var text = new StringBuilder("ARG a=0123456789\n");
        for (var i = 0; i < 60; i++) {
            text.append("ARG a=$a$a\n");
        }
        var file = ((Parsed.Valid) DockerfileParser.parse("Dockerfile", text + "FROM x")).dockerfile();
        assertThatThrownBy(() -> GlobalArguments.of(file, Map.of(), Map.of())).hasMessageContaining("grow");
    }
}
