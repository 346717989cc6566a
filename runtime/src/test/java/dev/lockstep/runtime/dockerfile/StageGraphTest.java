package dev.lockstep.runtime.dockerfile;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StageGraphTest {
    private static Dockerfile file(String text) {
        var parsed = DockerfileParser.parse("Dockerfile", text);
        assertThat(parsed).as("%s", parsed).isInstanceOf(Parsed.Valid.class);
        return ((Parsed.Valid) parsed).dockerfile();
    }

    private static StageGraph.Result result(String text, Map<String, String> args, Set<String> contexts) {
        var file = file(text);
        var globals = GlobalArguments.of(file, args, Map.of("TARGETARCH", "amd64", "BUILDPLATFORM", "linux/amd64"));
        return StageGraph.of(file, globals, contexts);
    }

    private static StageGraph graph(String text) {
        return ((StageGraph.Result.Valid) result(text, Map.of(), Set.of())).graph();
    }

    private static List<String> problems(StageGraph.Result result) {
        return ((StageGraph.Result.Invalid) result)
                .problems().stream().map(Problem::text).toList();
    }

    @Test
    void only_what_the_target_needs_is_needed_and_in_order() {
        var graph = graph("""
            FROM a AS one
            FROM b AS unused
            RUN false
            FROM c
            COPY --from=one /x /x
            FROM scratch AS last
            RUN --mount=from=2,target=/m true
            COPY --from=debian:12 /y /y
            """);
        assertThat(graph.needed(3)).containsExactly(0, 2, 3);
        assertThat(graph.target(Optional.of("UNUSED"))).isEqualTo(new StageGraph.Target.Found(1));
        assertThat(graph.target(Optional.empty())).isEqualTo(new StageGraph.Target.Found(3));
        assertThat(graph.source("debian:12", 3)).isEqualTo(new StageGraph.From.Image("debian:12"));
    }

    @Test
    void an_unknown_target_is_named_and_a_number_is_no_name() {
        var graph = graph("FROM scratch AS build\nFROM scratch");
        assertThat(graph.target(Optional.of("biuld")))
                .isEqualTo(new StageGraph.Target.Unknown(
                        "target stage \"biuld\" could not be found (did you mean build?)"));
        assertThat(graph.target(Optional.of("1"))).isInstanceOf(StageGraph.Target.Unknown.class);
    }

    @Test
    void a_base_is_a_stage_before_it_else_an_image() {
        var graph = graph("FROM later AS x\nFROM x AS x\nFROM X AS later\nFROM scratch\nFROM 0");
        assertThat(graph.nodes().stream().map(StageGraph.Node::base))
                .containsExactly(
                        new StageGraph.From.Image("later"),
                        new StageGraph.From.OfStage(0),
                        new StageGraph.From.OfStage(1),
                        new StageGraph.From.Scratch(),
                        new StageGraph.From.Image("0"));
    }

    @Test
    void variables_in_from_are_those_before_the_first_stage() {
        var result = result(
                "ARG V=1\nARG NAME=app:$V\nFROM --platform=$BUILDPLATFORM $NAME\nARG V=2\nFROM x$V-${TARGETARCH}",
                Map.of("V", "3"),
                Set.of());
        var nodes = ((StageGraph.Result.Valid) result).graph().nodes();
        assertThat(nodes.get(0).base()).isEqualTo(new StageGraph.From.Image("app:3"));
        assertThat(nodes.get(0).platform()).contains("linux/amd64");
        assertThat(nodes.get(1).base()).isEqualTo(new StageGraph.From.Image("x3-amd64"));
    }

    @Test
    void a_named_context_stands_in_front_of_stages_and_images() {
        var result = result("FROM base AS b\nFROM scratch\nCOPY --from=B / /", Map.of(), Set.of("Base", "b"));
        var graph = ((StageGraph.Result.Valid) result).graph();
        assertThat(graph.nodes().getFirst().base()).isEqualTo(new StageGraph.From.Context("base"));
        assertThat(graph.needed(1)).containsExactly(1);
    }

    /** As BuildKit reads them: reference.FamiliarString without the tag latest. */
    @Test
    void all_names_of_one_image_are_one_named_context() {
        for (var name : List.of("alpine", "alpine:latest", "library/alpine", "docker.io/library/alpine:latest")) {
            var text = "FROM " + name + "\nCOPY --from=" + name + " / /";
            for (var context : List.of("alpine", "Alpine:latest", "docker.io/library/alpine:latest")) {
                var graph = ((StageGraph.Result.Valid) result(text, Map.of(), Set.of(context))).graph();
                assertThat(graph.nodes().getFirst().base()).as(name).isEqualTo(new StageGraph.From.Context("alpine"));
                assertThat(graph.source(name, 0)).as(name).isEqualTo(new StageGraph.From.Context("alpine"));
            }
        }
        for (var other : List.of("alpine:3", "ghcr.io/library/alpine", "some/alpine", "library/some/alpine")) {
            var graph = ((StageGraph.Result.Valid) result("FROM " + other, Map.of(), Set.of("alpine"))).graph();
            assertThat(graph.nodes().getFirst().base()).isEqualTo(new StageGraph.From.Image(other));
        }
    }

    /** As docker's builder answers: a stage that stands behind is an error only if it is built. */
    @Test
    void copying_from_a_later_stage_is_an_error_if_it_is_built() {
        var graph = graph("FROM scratch AS x\nCOPY --from=y a /b\nFROM scratch AS y\nCOPY a /a\nFROM x");
        assertThat(graph.problems(1)).isEmpty();
        assertThat(graph.problems(2).stream().map(Problem::text))
                .containsExactly("cannot copy from stage \"y\", it needs to be defined before current stage \"x\"");
    }

    @Test
    void a_blank_base_is_named_as_it_is_written() {
        assertThat(problems(result("FROM $X", Map.of(), Set.of())))
                .containsExactly("base name ($X) should not be blank");
        assertThat(problems(result("ARG X\nFROM ${X:?give-it}", Map.of(), Set.of())))
                .containsExactly("failed to process \"${X:?give-it}\": X: give-it");
    }

    @Test
    void triggers_of_a_stage_come_before_the_own_instructions_and_bring_their_sources() {
        var graph = graph("""
            FROM scratch AS tools
            FROM scratch AS base
            ONBUILD COPY --from=tools /a /a
            ONBUILD RUN <<EOF
            body
            EOF
            FROM base
            ENV x=1
            FROM 2
            """.replace("FROM 2", "FROM scratch"));
        var node = graph.nodes().get(2);
        assertThat(node.instructions().stream().map(Instruction::name)).containsExactly("COPY", "RUN", "ENV");
        assertThat(graph.needed(2)).containsExactly(0, 1, 2);
        assertThat(((Instruction.Run) node.triggers().get(1)).command())
                .isEqualTo(new CommandLine.Shell("body\n", "<<EOF"));
    }

    private static StageGraph.Result triggered(String file, int stage, String trigger) {
        var valid = (DockerfileParser.Trigger.Valid) DockerfileParser.trigger(trigger, '\\');
        return graph(file).withTriggers(stage, List.of(valid.instruction()));
    }

    /** Each would wait for the other, if not for a name. */
    @Test
    void triggers_of_an_image_copy_from_no_later_stage() {
        var good = triggered("FROM scratch AS tools\nFROM image AS app", 1, "COPY --from=tools /a /a");
        assertThat(((StageGraph.Result.Valid) good).graph().needed(1)).containsExactly(0, 1);
        assertThat(problems(triggered("FROM image AS app\nFROM app AS later", 0, "COPY --from=later /a /a")))
                .containsExactly(
                        "cannot copy from stage \"later\", it needs to be defined before current stage \"app\"");
        var through = "FROM scratch AS x\nCOPY --from=z /a /a\nFROM image AS y\nFROM y AS z";
        assertThat(problems(triggered(through, 1, "RUN --mount=target=/x,from=x true")))
                .containsExactly("cannot copy from stage \"z\", it needs to be defined before current stage \"x\"");
    }
}
