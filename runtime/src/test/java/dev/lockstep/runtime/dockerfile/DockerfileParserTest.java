package dev.lockstep.runtime.dockerfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.lockstep.runtime.dockerfile.Instruction.Source;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the parts of a file become. Where a comment says so, docker's builder (dockerd 26.1.5) was asked. */
class DockerfileParserTest {
    private static Parsed.Valid valid(String file) {
        var parsed = DockerfileParser.parse("Dockerfile", file);
        assertThat(parsed).as("%s", parsed).isInstanceOf(Parsed.Valid.class);
        return (Parsed.Valid) parsed;
    }

    private static List<Instruction> instructions(String file) {
        return valid(file).dockerfile().stages().getLast().instructions();
    }

    private static Instruction one(String instruction) {
        return instructions("FROM scratch\n" + instruction).getFirst();
    }

    private static List<String> texts(String file) {
        return instructions(file).stream().map(i -> i.written().text()).toList();
    }

    @Test
    void lines_are_joined_with_nothing_between_and_comments_inside_are_left_out() {
        assertThat(texts("FROM scratch\r\nRUN a \\  \r\n  # no\r\n  b\\\r\nc\r\n  CMD x"))
                .containsExactly("RUN a   bc", "CMD x");
    }

    @Test
    void an_escaped_escape_does_not_continue_and_one_at_the_end_of_the_file_is_dropped() {
        // docker: the second makes a file named b\.
        assertThat(texts("FROM scratch\nCOPY a /b\\\\\nCOPY c /d \\")).containsExactly("COPY a /b\\\\", "COPY c /d");
    }

    @Test
    void a_comment_does_not_continue_and_a_hash_later_in_a_line_is_data() {
        assertThat(texts("FROM scratch\n# a \\\nRUN x # y\nENV a=b#c")).containsExactly("RUN x # y", "ENV a=b#c");
    }

    @Test
    void an_empty_line_inside_is_skipped_with_a_warning_at_its_place() {
        var parsed = valid("FROM scratch\nCOPY a \\\n\n /b\n");
        assertThat(parsed.dockerfile()
                        .stages()
                        .getFirst()
                        .instructions()
                        .getFirst()
                        .written()
                        .text())
                .isEqualTo("COPY a  /b");
        assertThat(parsed.warnings())
                .extracting(Problem::message)
                .containsExactly("Empty continuation line found in: \"COPY a  /b\"");
        assertThat(parsed.warnings().getFirst().at()).isEqualTo(new SourceRange(3, 1, 3));
    }

    @Test
    void places_are_lines_and_columns_of_characters() {
        var run = instructions("\ufeffFROM scratch\n\n  # why\n  RUN \\\n  𝄞 \\\n  x")
                .getFirst();
        assertThat(run.written())
                .isEqualTo(new Written(new SourceRange(4, 3, 6), "RUN", "RUN   𝄞   x", List.of("why")));
    }

    @Test
    void directives_stand_at_the_top_only() {
        // docker: all three, the second and third with the backslash as escape.
        assertThat(valid("  #\tEsCape = `\nFROM a\nCOPY a `\n /b")
                        .dockerfile()
                        .directives()
                        .escape())
                .isEqualTo('`');
        assertThat(valid("# foo=bar\n# escape=`\nFROM a")
                        .dockerfile()
                        .directives()
                        .escape())
                .isEqualTo('\\');
        assertThat(valid("\n# escape=`\nFROM a").dockerfile().directives().escape())
                .isEqualTo('\\');
        assertThat(valid("#!/bin/x\n# syntax=docker/dockerfile:1.7-labs\n"
                                + "# check=skip=A,b;experimental=C, d;error=true\nFROM a")
                        .dockerfile()
                        .directives())
                .isEqualTo(new Directives(
                        Optional.of("docker/dockerfile:1.7-labs"),
                        '\\',
                        java.util.Set.of("a", "b"),
                        java.util.Set.of("c", "d"),
                        true));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "docker/dockerfile",
                "docker/dockerfile:1",
                "docker.io/docker/dockerfile:1.20",
                "docker/dockerfile-upstream:master",
                "docker/dockerfile:1@sha256:0000000000000000000000000000000000000000000000000000000000000000",
                "docker/dockerfile:experimental some words"
            })
    void the_standard_frontend_is_the_built_in_one(String name) {
        assertThat(valid("# syntax=" + name + "\nFROM a")
                        .dockerfile()
                        .directives()
                        .syntax())
                .contains(name);
    }

    @Test
    void stages_have_names_in_lower_case_and_keep_what_is_written() {
        var file = valid("ARG A B=1 C=\"x y\"\nfrom --platform=$BUILDPLATFORM a:$B As Build\nRUN x\nFROM build")
                .dockerfile();
        assertThat(file.globals().getFirst().declarations())
                .containsExactly(
                        new Instruction.Arg.Declaration("A", Optional.empty()),
                        new Instruction.Arg.Declaration("B", Optional.of("1")),
                        new Instruction.Arg.Declaration("C", Optional.of("\"x y\"")));
        var stage = file.stages().getFirst();
        assertThat(stage.name()).contains("build");
        assertThat(stage.nameWritten() + " " + stage.as() + " " + stage.base() + " "
                        + stage.platform().orElse(""))
                .isEqualTo("Build As a:$B $BUILDPLATFORM");
        assertThat(file.stages().getLast().title()).isEqualTo("1");
    }

    @Test
    void commands_are_json_or_for_the_shell() {
        assertThat(((Instruction.Run) one("RUN [\"a\", \"\\u00e9\\\\\", \"\"]")).command())
                .isEqualTo(new CommandLine.Exec(List.of("a", "é\\", "")));
        assertThat(((Instruction.Cmd) one("CMD []")).command()).isEqualTo(new CommandLine.Exec(List.of()));
        for (var text : List.of("['a']", "[\"a\"", "[\"a\"] x", "[a]", "[\"a\",]", "echo [\"a\"]", "")) {
            assertThat(((Instruction.Cmd) one("CMD " + text)).command())
                    .as(text)
                    .isEqualTo(new CommandLine.Shell(text, text));
        }
        assertThat(((Instruction.Copy) one("COPY ['a', 'b'] c/")).transfer().sources())
                .containsExactly(new Source.Path("['a',"), new Source.Path("'b']"));
        assertThat(((Instruction.Volume) one("VOLUME [\"/a b\"]")).paths()).containsExactly("/a b");
    }

    @Test
    void a_single_document_is_a_script_or_the_text_of_the_shell() {
        assertThat(((Instruction.Run) one("RUN <<EOF\necho $x \\\nRUN y\n# z\nEOF\n")).command())
                .isEqualTo(new CommandLine.Shell("echo $x \\\nRUN y\n# z\n", "<<EOF"));
        assertThat(((Instruction.Run) one("RUN --network=none <<-'EOF'\n\t#!/usr/bin/env python3\n\t\tpass\n\tEOF\n"))
                        .command())
                .isEqualTo(new CommandLine.Shell("#!/usr/bin/env python3\npass\n", "<<-'EOF'"));
        assertThat(((Instruction.Run) one("RUN <<EOF\n#!/bin/sh\nx\nEOF\n")).command())
                .isEqualTo(new CommandLine.Script("EOF", "#!/bin/sh\nx\n"));
        assertThat(((Instruction.Run) one("RUN cat <<A - 3<<B > /x\na\nA\nb\nB\n")).command())
                .isEqualTo(new CommandLine.Shell("cat <<A - 3<<B > /x\na\nA\nb\nB", "cat <<A - 3<<B > /x"));
    }

    /** Docker's builder was asked, which names the command that failed. */
    static Stream<Arguments> shellTexts() {
        return Stream.of(
                arguments("<<EOF sh\na $x\nEOF", "<<EOF sh\na $x\nEOF"),
                arguments("<<EOF\na\n\tb \\\n c\nEOF", "a\n\tb \\\n c\n"),
                arguments("<<-EOF cat\n\ta\n\tEOF", "<<-EOF cat\n\ta\nEOF"),
                arguments("cat <<'A' <<\"B C\" && x\n1\nA\n2\nB C", "cat <<'A' <<\"B C\" && x\n1\nA\n2\nB C"),
                arguments("a \\\n  # c\n\n  b   ", "a   b"),
                arguments("<<-\"EOF\"\n\ta\n\t\tb\n\tEOF", "a\nb\n"),
                arguments("--mount=type=tmpfs,target=/x   echo  \"a  b\"   # c", "echo  \"a  b\"   # c"),
                arguments("a<<EOF b", "a<<EOF b"),
                arguments("3<<EOF cat\nx\nEOF", "3<<EOF cat\nx\nEOF"),
                arguments("<<EOF <<EOG\na\nEOF\nb\nEOG", "<<EOF <<EOG\na\nEOF\nb\nEOG"),
                arguments("<<E\"O\"F\na\nEOF", "a\n"),
                arguments("<<E\\ F\na\nE F", "a\n"),
                arguments("<<${X}\na\n${X}", "a\n"),
                arguments("", ""));
    }

    @ParameterizedTest(name = "RUN {0}")
    @MethodSource("shellTexts")
    void the_shell_gets_the_text_that_the_builder_gives_it(String run, String text) {
        assertThat(((Instruction.Run) one("RUN " + run)).command())
                .isInstanceOfSatisfying(
                        CommandLine.Shell.class,
                        shell -> assertThat(shell.text()).isEqualTo(text));
    }

    @Test
    void only_the_unquoted_start_of_a_word_is_a_document() {
        for (var text : List.of(
                "echo \"<<EOF\"", "echo '<<EOF'", "a<<EOF", "cat <<<EOF", "echo \\<<EOF", "it's <<EOF", "cat << EOF")) {
            assertThat(((Instruction.Run) one("RUN " + text + "\nCMD x")).heredocs())
                    .as(text)
                    .isEmpty();
        }
        assertThat(texts("FROM scratch\nCMD <<EOF\nUSER x\n")).containsExactly("CMD <<EOF", "USER x");
    }

    @Test
    void documents_of_copy_are_files_among_others_and_keep_their_line_ends() {
        // docker: the body keeps \r\n.
        var copy = (Instruction.Copy) one("COPY a <<b <<-\"c\" d/\r\n$x\r\nb\r\n\t\t$y\r\n\tc\r\nUSER x");
        assertThat(copy.transfer().sources())
                .containsExactly(
                        new Source.Path("a"),
                        new Source.Inline(new Heredoc("b", true, false, "$x\r\n")),
                        new Source.Inline(new Heredoc("c", false, true, "\t\t$y\r\n")));
        assertThat(copy.written().at()).isEqualTo(new SourceRange(2, 1, 6));
        var expanded = Expansions.of(copy, new Words('\\'), name -> Optional.of("v$x"));
        assertThat(((Instruction.Copy) expanded.instruction())
                        .transfer()
                        .sources()
                        .get(1))
                .isEqualTo(new Source.Inline(new Heredoc("b", false, false, "v$x\r\n")));
    }

    @Test
    void flags_of_copy_and_add() {
        var copy = (Instruction.Copy)
                one("COPY --from=b --chown=\"a:b\" --chmod=u=rwX,go=rX --link --parents=TRUE --exclude=x"
                        + " --exclude='y z' -- --a /b");
        assertThat(copy.from()).contains("b");
        assertThat(copy.flags())
                .isEqualTo(new Instruction.TransferFlags(
                        Optional.of("a:b"), Optional.of("u=rwX,go=rX"), true, true, List.of("x", "y z")));
        assertThat(copy.transfer()).isEqualTo(new Instruction.Transfer(List.of(new Source.Path("--a")), "/b"));
        var add = (Instruction.Add)
                one("ADD --checksum=sha256:$x --keep-git-dir --unpack=false --link=false https://x/y /z");
        assertThat(add.checksum()).contains("sha256:$x");
        assertThat(add.keepGitDir()).isTrue();
        assertThat(add.unpack()).contains(false);
        assertThat(add.flags().link()).isFalse();
    }

    @Test
    void a_flag_whose_variables_have_nothing_is_not_there() {
        var words = new Words('\\');
        var copy = one("COPY --chown=$WHO --chmod=${HOW:-} a /b");
        assertThat(((Instruction.Copy) Expansions.of(copy, words, name -> Optional.empty())
                                .instruction())
                        .flags())
                .isEqualTo(new Instruction.TransferFlags(Optional.empty(), Optional.empty(), false, false, List.of()));
        var add = one("ADD --chown=$WHO --checksum=$SUM a /b");
        var expanded = (Instruction.Add)
                Expansions.of(add, words, name -> name.equals("WHO") ? Optional.of("1") : Optional.of(""))
                        .instruction();
        assertThat(expanded.checksum()).isEmpty();
        assertThat(expanded.flags().owner()).contains("1");
    }

    @Test
    void mounts_have_kinds_with_their_defaults() throws Exception {
        var run = (Instruction.Run) one("""
            RUN --mount=target=/a --mount=type=bind,src=/s,dst=b,from=x,rw \\
              --mount=type=cache,target=/c --mount=TYPE=cache,id=i,destination=/c,sharing=Locked,mode=0700,uid=1,gid=2,ro \\
              --mount=type=tmpfs,target=/t,size=64m --mount=type=secret,target=/run/x/key --mount=type=secret,id=k,env=KEY,required \\
              --mount=type=ssh --mount=type=cache,target=$HOME/c,id=$id true\
            """);
        var mounts = new java.util.ArrayList<Mount>();
        for (var mount : run.mounts()) {
            mounts.add(MountReader.resolve(
                    mount,
                    text -> new Words('\\')
                            .word(text, name -> Optional.of("<" + name + ">"))
                            .word()));
        }
        var none = new Mount.Access(OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty());
        assertThat(mounts)
                .containsExactly(
                        new Mount.Bind("/a", Optional.empty(), "/", false),
                        new Mount.Bind("b", Optional.of("x"), "/s", true),
                        new Mount.Cache("/c", "/c", false, Mount.Sharing.SHARED, Optional.empty(), "/", none),
                        new Mount.Cache(
                                "/c",
                                "i",
                                true,
                                Mount.Sharing.LOCKED,
                                Optional.empty(),
                                "/",
                                new Mount.Access(OptionalInt.of(0700), OptionalInt.of(1), OptionalInt.of(2))),
                        new Mount.Tmpfs("/t", false, OptionalLong.of(64 << 20)),
                        new Mount.Secret("key", Optional.of("/run/x/key"), Optional.empty(), false, none),
                        new Mount.Secret("k", Optional.empty(), Optional.of("KEY"), true, none),
                        new Mount.Ssh("default", Optional.empty(), false, none),
                        new Mount.Cache("<HOME>/c", "<id>", false, Mount.Sharing.SHARED, Optional.empty(), "/", none));
    }

    /** As BuildKit has it, also for an id that is a path. */
    @Test
    void a_secret_without_a_target_is_named_by_the_last_part_of_its_id() {
        var none = new Mount.Access(OptionalInt.empty(), OptionalInt.empty(), OptionalInt.empty());
        for (var id : List.of("key", "npm/key", "/run/npm/key", "npm/key/")) {
            assertThat(new Mount.Secret(id, Optional.empty(), Optional.empty(), false, none).place())
                    .isEqualTo("/run/secrets/key");
        }
        assertThat(new Mount.Secret("a/b", Optional.of("/x"), Optional.empty(), false, none).place())
                .isEqualTo("/x");
    }

    @Test
    void pairs_keep_quotes_until_they_are_expanded_and_see_values_from_before() {
        var env = (Instruction.Env) one("ENV a=1 b=\"$a c\" d\\ e=x");
        var expanded = (Instruction.Env) Expansions.of(
                        env,
                        new Words('\\'),
                        name -> Optional.ofNullable(Map.of("a", "0").get(name)))
                .instruction();
        assertThat(expanded.pairs())
                .containsExactly(
                        new Instruction.Pair("a", "1", false),
                        new Instruction.Pair("b", "0 c", false),
                        new Instruction.Pair("d e", "x", false));
        // docker: blanks stay.
        assertThat(((Instruction.Label) one("LABEL k  a  \"b c\" ")).pairs())
                .containsExactly(new Instruction.Pair("k", "a  \"b c\"", true));
    }

    @Test
    void a_health_check_has_times_or_is_none() {
        assertThat(one("HEALTHCHECK --interval=1m30s --timeout=1.5s --start-period=0 --start-interval=500ms"
                        + " --retries=3 CMD x y"))
                .isInstanceOfSatisfying(Instruction.Healthcheck.class, check -> {
                    assertThat(check.command()).contains(new CommandLine.Shell("x y", "x y"));
                    assertThat(List.of(check.interval(), check.timeout(), check.startPeriod(), check.startInterval()))
                            .containsExactly(
                                    Duration.ofSeconds(90),
                                    Duration.ofMillis(1500),
                                    Duration.ZERO,
                                    Duration.ofMillis(500));
                    assertThat(check.retries()).hasValue(3);
                });
        assertThat(((Instruction.Healthcheck) one("HEALTHCHECK none")).command())
                .isEmpty();
        assertThat(((Instruction.Healthcheck) one("healthcheck cmd [\"a\"]")).command())
                .contains(new CommandLine.Exec(List.of("a")));
    }

    @Test
    void a_trigger_is_kept_as_text_with_its_documents() {
        var onbuild = (Instruction.Onbuild) one("ONBUILD  COPY --chown=1 <<EOF \\\n /b\nbody\nEOF\n");
        assertThat(onbuild.trigger()).isEqualTo("COPY --chown=1 <<EOF  /b\nbody\nEOF");
        assertThat(DockerfileParser.trigger(onbuild.trigger(), '\\'))
                .isInstanceOfSatisfying(
                        DockerfileParser.Trigger.Valid.class,
                        trigger -> assertThat(((Instruction.Copy) trigger.instruction())
                                        .transfer()
                                        .sources())
                                .containsExactly(new Source.Inline(new Heredoc("EOF", true, false, "body\n"))));
        // docker: builds.
        assertThat(valid("FROM scratch\nONBUILD FOO x").warnings())
                .extracting(Problem::text)
                .containsExactly("unknown instruction: FOO: no build upon this image can succeed");
    }

    @Test
    void ports_are_keys_of_the_configuration() {
        assertThat(ExposedPorts.keys("8000-8002/UDP")).containsExactly("8000/udp", "8001/udp", "8002/udp");
        assertThat(ExposedPorts.keys("127.0.0.1:80:81")).containsExactly("81/tcp");
        assertThat(((Instruction.Expose) one("EXPOSE 80 $p \"81\"")).ports()).containsExactly("80", "$p", "\"81\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"SIGTERM", "term", "9", "99", "SIGRTMIN+3", "RTMAX-14", "$SIG"})
    void signals_have_names_numbers_and_variables(String signal) {
        assertThat(((Instruction.StopSignal) one("STOPSIGNAL " + signal)).signal())
                .isEqualTo(signal);
    }

    @Test
    void the_rest_of_the_line_is_one_argument() {
        assertThat(((Instruction.User) one("USER a b")).user()).isEqualTo("a b");
        assertThat(((Instruction.Workdir) one("WORKDIR /a  b ")).path()).isEqualTo("/a  b");
        assertThat(((Instruction.Maintainer) one("MAINTAINER $x <a@b>")).author())
                .isEqualTo("$x <a@b>");
        assertThat(((Instruction.Shell) one("SHELL [\"/bin/bash\", \"-c\"]")).words())
                .containsExactly("/bin/bash", "-c");
    }

    @Test
    void a_stage_name_that_two_have_is_a_warning() {
        assertThat(valid("FROM a AS x\nFROM b AS X").warnings())
                .extracting(Problem::message)
                .containsExactly("Duplicate stage name \"X\", stage names should be unique: line 1 has it too");
    }
}
