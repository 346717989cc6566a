package dev.lockstep.runtime.dockerfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What is refused, in which words and where. The words are those of docker's builder (dockerd 26.1.5), asked with the
 * same files, unless a row is marked: {@code newer} has the words of a newer builder, {@code ours} is refused by us
 * alone, {@code clearer} is refused by both, and the builder's own words do not say what is wrong.
 */
class ParserErrorsTest {
    private static String problems(String file) {
        return switch (DockerfileParser.parse("Dockerfile", file)) {
            case Parsed.Valid _ -> "";
            case Parsed.Invalid invalid ->
                invalid.problems().stream()
                        .map(p -> p.at().line() + ":" + p.at().column() + " " + p.text() + "\n")
                        .reduce("", String::concat)
                        .strip();
        };
    }

    private static Arguments first(String file, String message) {
        return arguments(file, message);
    }

    /** One instruction behind {@code FROM scratch}. */
    private static Arguments in(String instruction, String message) {
        return arguments("FROM scratch\n" + instruction, message);
    }

    static Stream<Arguments> files() {
        return Stream.of(
                first("FROM scratch\nFORM x", "2:1 unknown instruction: FORM (did you mean FROM?)"),
                first("FROM", "1:1 FROM requires either one or three arguments"),
                first("FROM a b", "1:1 FROM requires either one or three arguments"),
                first("FROM a of b", "1:1 FROM requires either one or three arguments"),
                first(
                        "FROM a as 1b",
                        "1:11 invalid name for build stage: \"1b\", name can't start with a number or contain symbols"),
                first("FROM --platfrom=x a", "1:6 unknown flag: --platfrom (did you mean platform?)"),
                first("RUN x", "1:1 no build stage in current context: the first instruction is FROM"),
                first("ENV a=1\nRUN x\nFROM a", "1:1 no build stage in current context: the first instruction is FROM"),
                // dockerd 26.1 dies of this one.
                first("ARG a", "1:1 dockerfile contains no stages to build"),
                first("# only a comment\n\n", "2:1 file with no instructions"),
                first("", "1:1 file with no instructions"),
                first("# escape=x\nFROM a", "1:3 invalid escape token 'x' does not match ` or \\"),
                first("# escape=`\n#ESCAPE = `\nFROM a", "2:2 only one escape parser directive can be used"),
                // ours: the builder would pull it.
                first(
                        "# syntax=foo/bar\nFROM a",
                        "1:3 the frontend foo/bar is not supported: Dockerfiles are read by Lockstep itself, as"
                                + " docker/dockerfile:1 reads them; write that, or leave the line out"),
                first("# check=skipp=A\nFROM a", "1:3 check: unknown option \"skipp\" (did you mean skip?)"),
                first("FROM ${X", "1:6 failed to process \"${X\": syntax error: missing '}'"), // clearer
                in(
                        "RUN [\"a\", 1]",
                        "2:1 when using JSON array syntax, arrays must be comprised of strings only: only"
                                + " string type is allowed in JSON array of strings"),
                in(
                        "COPY [\"a\", null]",
                        "2:1 when using JSON array syntax, arrays must be comprised of strings only:"
                                + " only string type is allowed in JSON array of strings"),
                in(
                        "COPY a",
                        "2:1 COPY requires at least two arguments, but only one was provided. Destination could"
                                + " not be determined"),
                in(
                        "ADD",
                        "2:1 ADD requires at least two arguments, but only one was provided. Destination could not"
                                + " be determined"),
                in("COPY --chonw=1 a /b", "2:6 unknown flag: --chonw (did you mean chown?)"),
                in("COPY --chown=1 \\\n  --chown=2 a /b", "3:3 duplicate flag specified: --chown"),
                in("COPY --from a /b", "2:6 missing a value on flag: --from"),
                in("COPY --link=maybe a /b", "2:6 expecting boolean value for flag link, not: maybe"),
                in("COPY --link= a /b", "2:6 missing a value on flag: --link"),
                in(
                        "COPY --from=$X a /b",
                        "2:6 variable expansion is not supported for --from, define a new stage with"
                                + " FROM using ARG from global scope as a workaround"), // newer
                in("COPY --from=1 a /b", "2:1 invalid stage index 1"),
                in("COPY --from=0 a /b", "2:1 circular dependency detected on stage: 0"),
                first("FROM a AS x\nCOPY --from=X a /b", "2:1 circular dependency detected on stage: x"),
                first("FROM a AS x\nRUN --mount=from=x,target=/x y", "2:1 circular dependency detected on stage: x"),
                in("COPY a <<EOF\nEOF", "2:8 COPY cannot accept a heredoc as a destination"),
                in("COPY <<EOF /b\nabc", "2:1 unterminated heredoc: no line is \"EOF\""),
                in(
                        "COPY <<'A B' /c/\nz\nA B",
                        "2:6 failed to process \"<<'A\": unexpected end of statement while"
                                + " looking for matching single-quote"),
                in(
                        "COPY <<A <<B /x\nA\nB",
                        "2:14 When using COPY with more than one source file, the destination must"
                                + " be a directory and end with a /"), // ours
                in("COPY http://x/a /b", "2:6 source can't be a URL for COPY"),
                in("COPY --checksum=x a /b", "2:6 unknown flag: --checksum"),
                in(
                        "COPY --chmod=99 a /b",
                        "2:6 invalid chmod parameter: \"99\": it is octal, such as 0755, or"
                                + " symbolic, such as u=rwX,go=rX"), // newer
                in(
                        "COPY --chmod=10000 a /b",
                        "2:6 invalid chmod parameter: \"10000\": it is octal, such as 0755, or"
                                + " symbolic, such as u=rwX,go=rX"),
                in(
                        "COPY \"--chown=1 a /b",
                        "2:6 failed to process \"\\\"--chown=1\": unexpected end of statement while"
                                + " looking for matching double-quote"),
                in("COPY --chown=\"1 a /b", "2:14 a quote in a flag has no end"), // ours
                in("ENV a", "2:5 ENV must have two arguments"),
                in("ENV a=1 b", "2:9 Syntax error - can't find = in \"b\". Must be of the form: name=value"),
                in("ENV a=${b?no b}", "2:14 Syntax error - can't find = in \"b}\". Must be of the form: name=value"),
                in("ENV =x", "2:5 ENV names can not be blank"),
                in("ENV", "2:1 ENV requires at least one argument"),
                in("LABEL a", "2:7 LABEL must have two arguments"),
                in("LABEL =b", "2:7 LABEL names can not be blank"),
                in("ARG =x", "2:5 ARG names can not be blank"),
                in("ARG", "2:1 ARG requires at least one argument"),
                in(
                        "ENV a=\"b",
                        "2:7 failed to process \"\\\"b\": unexpected end of statement while looking for"
                                + " matching double-quote"),
                in("ENV a=${", "2:7 failed to process \"${\": syntax error: missing '}'"),
                in("ENV a=${}", "2:7 failed to process \"${}\": syntax error: bad substitution"),
                in("ENV a=${b^}", "2:7 failed to process \"${b^}\": unsupported modifier (^) in substitution"),
                in("ENV a=${b:x}", "2:7 failed to process \"${b:x}\": unsupported modifier (:x) in substitution"),
                in("ENV a=${b/x}", "2:7 failed to process \"${b/x}\": syntax error: missing '/' in ${}"),
                in("EXPOSE", "2:1 EXPOSE requires at least one argument"),
                in("EXPOSE foo", "2:1 invalid containerPort: foo"),
                in("EXPOSE 99999", "2:1 invalid containerPort: 99999: the highest port is 65535"),
                in("EXPOSE 90-80", "2:1 invalid containerPort: 90-80"),
                in("EXPOSE 80/abc", "2:1 invalid proto: \"abc\""),
                in("USER", "2:1 USER requires exactly one argument"),
                in("WORKDIR", "2:1 WORKDIR requires exactly one argument"),
                in("MAINTAINER", "2:1 MAINTAINER requires exactly one argument"),
                in("STOPSIGNAL", "2:1 STOPSIGNAL requires exactly one argument"),
                in("STOPSIGNAL FOO", "2:12 invalid signal: FOO"),
                in("VOLUME", "2:1 VOLUME requires at least one argument"),
                in("VOLUME []", "2:1 VOLUME requires at least one argument"),
                in("VOLUME [\"\"]", "2:1 VOLUME specified can not be an empty string"),
                in("SHELL []", "2:1 SHELL requires at least one argument"),
                in("SHELL foo", "2:1 SHELL requires the arguments to be in JSON form"),
                in("HEALTHCHECK", "2:1 HEALTHCHECK requires at least one argument"),
                in("HEALTHCHECK NONE x", "2:1 HEALTHCHECK NONE takes no arguments"),
                in(
                        "HEALTHCHECK --interval=5s NONE",
                        "2:1 HEALTHCHECK NONE takes no flags: there is nothing that they" + " could be about"), // ours
                in("HEALTHCHECK foo x", "2:1 Unknown type \"FOO\" in HEALTHCHECK (try CMD)"),
                in("HEALTHCHECK CMD", "2:1 Missing command after HEALTHCHECK CMD"),
                in(
                        "HEALTHCHECK --interval=x CMD x",
                        "2:13 time: invalid duration \"x\": --interval is such as 1m30s or" + " 500ms"),
                in("HEALTHCHECK --interval=1us CMD x", "2:13 Interval \"interval\" cannot be less than 1ms"),
                in("HEALTHCHECK --retries=-1 CMD x", "2:13 --retries cannot be negative (-1)"),
                in("HEALTHCHECK --retries=x CMD x", "2:13 --retries is a number, not \"x\""), // clearer
                in("HEALTHCHECK --intervall=1s CMD x", "2:13 unknown flag: --intervall (did you mean interval?)"),
                in("ONBUILD", "2:1 ONBUILD requires at least one argument"),
                in(
                        "ONBUILD ONBUILD RUN x",
                        "2:9 Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed as an ONBUILD" + " trigger"),
                in("ONBUILD from x", "2:9 FROM isn't allowed as an ONBUILD trigger"),
                in("ONBUILD MAINTAINER x", "2:9 MAINTAINER isn't allowed as an ONBUILD trigger"),
                in("RUN --mount=type=foo x", "2:5 unsupported mount type \"foo\""),
                in("RUN --mount=type=cahce,target=/x x", "2:5 unsupported mount type \"cahce\" (did you mean cache?)"),
                in(
                        "RUN --mount=type=bind,taget=/x x",
                        "2:5 unexpected key 'taget' in 'taget=/x' (did you mean" + " target?)"),
                in("RUN --mount=type=bind,target=/ x", "2:5 invalid mount target \"/\""),
                in("RUN --mount=type=bind x", "2:5 invalid mount target \"/\""),
                in("RUN --mount=type=cache x", "2:5 invalid mount target \"/\""),
                in("RUN --mount=type=tmpfs x", "2:5 invalid mount target \"/\""),
                in("RUN --mount=type=secret x", "2:5 invalid secret mount. one of source, target required"),
                in("RUN --mount=target=/x,mode=0700 x", "2:5 mode not allowed for \"bind\" type mounts"),
                in("RUN --mount=type=tmpfs,target=/x,uid=1 x", "2:5 uid not allowed for \"tmpfs\" type mounts"),
                in("RUN --mount=target=/x,size=1 x", "2:5 unexpected key 'size' for mount type 'bind'"),
                in("RUN --mount=target=/x,required x", "2:5 unexpected key 'required' for mount type 'bind'"),
                in("RUN --mount=target=/x,sharing=locked x", "2:5 invalid cache sharing set for bind mount"),
                in("RUN --mount=type=cache,target=/x,sharing=foo x", "2:5 unsupported sharing value \"foo\""),
                in("RUN --mount=type=cache,target=/x,mode=9 x", "2:5 invalid value 9 for mode"),
                in("RUN --mount=type=cache,target=/x,uid=a x", "2:5 invalid value a for uid"),
                in("RUN --mount=type=tmpfs,target=/x,size=abc x", "2:5 invalid value for size: abc"),
                // ours: the builder of 26.1 pulls an image b for nothing.
                in("RUN --mount=type=secret,id=a,from=b x", "2:5 secret mount should not have a from"),
                in("RUN --mount=type=secret,id=a,source=b x", "2:5 both source and id can't be set"),
                in("RUN --mount=type=ssh,source=b x", "2:5 ssh does not support source"),
                in("RUN --mount=type=ssh,required=maybe x", "2:5 invalid value for required: maybe"),
                in("RUN --mount=target=/x,ro=maybe x", "2:5 invalid value for ro: maybe"),
                in(
                        "RUN --mount=from=$B,target=/x x",
                        "2:5 'from' doesn't support variable expansion, define alias" + " stage instead"),
                in("RUN --mount= x", "2:5 failed to parse csv mounts: EOF"),
                in("RUN --mount=type=bind,target x", "2:5 invalid field 'target' must be a key=value pair"),
                in(
                        "RUN --mount='type=bind,\"target=/x' x",
                        "2:5 failed to parse csv mounts: extraneous or missing \"" + " in quoted-field"),
                in("RUN --network=foo x", "2:5 invalid network mode \"foo\""),
                in("RUN --network=nnoe x", "2:5 invalid network mode \"nnoe\" (did you mean none?)"),
                in("RUN --security=foo x", "2:5 security \"foo\" is not valid"), // newer
                in(
                        "RUN --device=x x",
                        "2:5 --device is not supported: builds of Lockstep have no devices of the" + " host"),
                in("RUN [\"a\"] <<EOF\nEOF", "2:1 the JSON form of RUN cannot have a heredoc"), // clearer
                in("RUN a\u0000b", "2:6 the character U+0000 cannot stand in an instruction"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("files")
    void a_file_that_is_wrong_is_refused_in_the_builders_words(String file, String message) {
        assertThat(problems(file)).isEqualTo(message);
    }

    @Test
    void all_problems_come_at_once_and_in_order() {
        assertThat(problems("""
            FROM scratch AS 9
            COPY --chonw=x a b
            ENV a
            RUN --mount=type=bind,taget=/x,mode=1 true
            EXPOSE 80 foo
            """)).isEqualTo("""
                    1:17 invalid name for build stage: "9", name can't start with a number or contain symbols
                    2:6 unknown flag: --chonw (did you mean chown?)
                    3:5 ENV must have two arguments
                    4:5 unexpected key 'taget' in 'taget=/x' (did you mean target?)
                    5:1 invalid containerPort: foo\
                    """);
    }

    @Test
    void a_misspelt_first_from_is_one_problem() {
        assertThat(problems("FORM a\nRUN b\nCMD c")).isEqualTo("1:1 unknown instruction: FORM (did you mean FROM?)");
    }

    @Test
    void bytes_that_are_no_text_are_refused_in_instructions_and_let_be_in_comments() {
        var bytes = "# caf\u00e9\nFROM scratch\nENV a=\u00e9\n".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
        var parsed = (Parsed.Invalid) DockerfileParser.parse("Dockerfile", bytes);
        assertThat(parsed.problems()).hasSize(1);
        assertThat(parsed.problems().getFirst().at()).isEqualTo(new SourceRange(3, 7, 3));
    }

    @Test
    void an_error_shows_the_lines_around_it() {
        var parsed = (Parsed.Invalid) DockerfileParser.parse("app/Dockerfile", """
            # one
            FROM scratch
            ENV a=1

            COPY --form=x \\
                a /b
            RUN ["x"]
            """);
        assertThat(parsed.text()).isEqualTo("""
            app/Dockerfile:5
            --------------------
               2 |     FROM scratch
               3 |     ENV a=1
               4 |    \s
               5 | >>> COPY --form=x \\
               6 |         a /b
               7 |     RUN ["x"]
            --------------------
            unknown flag: --form (did you mean from?)\
            """);
    }
}
