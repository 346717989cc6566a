package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.SourcePosition;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Code;
import org.commonmark.node.HtmlBlock;
import org.commonmark.node.HtmlInline;
import org.commonmark.node.Image;
import org.commonmark.node.Link;
import org.commonmark.node.Text;
import org.commonmark.parser.Parser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlanMarkdownTest {
    /** What a comment has in it once it is read as CommonMark. */
    private static final class Content extends AbstractVisitor {
        final List<String> code = new ArrayList<>();
        final StringBuilder text = new StringBuilder();
        final List<String> dangerous = new ArrayList<>();

        static Content of(String markdown) {
            var content = new Content();
            Parser.builder().build().parse(markdown).accept(content);
            return content;
        }

        @Override
        public void visit(Code node) {
            code.add(node.getLiteral());
        }

        @Override
        public void visit(Text node) {
            text.append(node.getLiteral());
        }

        @Override
        public void visit(Link node) {
            dangerous.add("link " + node.getDestination());
        }

        @Override
        public void visit(Image node) {
            dangerous.add("image " + node.getDestination());
        }

        @Override
        public void visit(HtmlInline node) {
            dangerous.add(node.getLiteral());
        }

        @Override
        public void visit(HtmlBlock node) {
            dangerous.add(node.getLiteral());
        }
    }

    private static Plan replacing(List<Cause> causes) {
        var spec = World.desired("services: {web: {image: x}}")
                .services()
                .getFirst()
                .slots()
                .getFirst()
                .spec();
        var step =
                new Step("container/shop-web-1", new Operation.ReplaceContainer("1", spec), causes, Set.of(), Map.of());
        return new Plan("web1", "shop", Optional.empty(), List.of(step), List.of(), List.of(), List.of());
    }

    private static Cause cause(String value) {
        return new Cause(Cause.Kind.SPEC, "environment.X", "old", value, Optional.empty());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "@everyone see #12 and https://evil.example",
                "[click](https://evil.example)",
                "![x](https://evil.example/pixel.png)",
                "<img src=x onerror=alert(1)>",
                "``` `` ` <b>",
                "`",
                "a`b``c",
                " padded ",
                "**bold** | table | ~~struck~~",
                "\\`escaped\\`",
            })
    void a_value_is_shown_as_it_is_and_does_nothing(String value) {
        var content = Content.of(new PlanMarkdown().print(replacing(List.of(cause(value)))));

        assertThat(content.dangerous).isEmpty();
        assertThat(content.code).contains(value);
        assertThat(content.text.toString()).doesNotContain("@").doesNotContain("evil");
    }

    @Test
    void control_characters_end_neither_line_nor_span() {
        var content = Content.of(new PlanMarkdown().print(replacing(List.of(cause("a\n\n# Heading\u001b[31m\u202e")))));

        assertThat(content.code).contains("a\\u000a\\u000a# Heading\\u001b[31m\\u202e");
    }

    @Test
    void an_ordinary_plan_reads_well() {
        var plan = Planner.plan(World.desired("services: {web: {image: 'nginx:1'}}"), World.nothing(), Facts.none());

        assertThat(new PlanMarkdown().print(plan)).isEqualTo("""
                ### Lockstep: stack `shop` on host `web1`

                - `+` network `shop_default`: create
                - `+` container `shop-web-1`: create from `nginx:1, sha256:000000000000`

                **Plan: 2 to create, 0 to update in place, 0 to replace, 0 to remove.**
                """);
    }

    @Test
    void a_plan_without_changes_says_so() {
        var plan = new Plan("web1", "shop", Optional.empty(), List.of(), List.of(), List.of(), List.of());

        assertThat(new PlanMarkdown().print(plan)).endsWith("**No changes.**\n");
    }

    @Test
    void what_waits_for_a_build_is_no_error() {
        var waits = new Problem(SourcePosition.DEFAULT, "services.web.image", "waits for build 12 of shop:1.1");
        var plan = new Plan("web1", "shop", Optional.empty(), List.of(), List.of(), List.of(), List.of())
                .waiting(List.of(waits));

        assertThat(new PlanText(false).print(plan)).isEqualTo("""
                Host web1, stack shop

                Waiting: waits for build 12 of shop:1.1

                Nothing is changed before it is built.
                """);
        assertThat(new PlanMarkdown().print(plan)).contains("**Waiting:** ").doesNotContain("Error");

        var wrong = new Problem(SourcePosition.DEFAULT, "services.web.image", "is not there");
        assertThat(new PlanText(false).print(plan.refusing(List.of(wrong), List.of())))
                .contains("Waiting: waits for build 12", "Error: is not there", "those errors are put right");
    }

    @Test
    void what_does_not_fit_is_counted_and_the_last_line_is_always_there() {
        var spec = World.desired("services: {web: {image: x}}")
                .services()
                .getFirst()
                .slots()
                .getFirst()
                .spec();
        var steps = new ArrayList<Step>();
        for (var i = 0; i < 2000; i++) {
            steps.add(new Step(
                    "container/" + i,
                    new Operation.ReplaceContainer("1", spec),
                    List.of(cause("ä".repeat(400))),
                    Set.of(),
                    Map.of()));
        }
        var text = new PlanMarkdown()
                .print(new Plan("web1", "shop", Optional.empty(), steps, List.of(), List.of(), List.of()));

        assertThat(text.getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(PlanMarkdown.LARGEST);
        assertThat(text)
                .containsPattern("- … and \\d+ more; `lockstep plan` shows all\n")
                .endsWith("2000 to replace, 0 to remove.**\n");
    }

    @Test
    void what_is_destroyed_is_named_beside_any_number_of_downtimes_and_warnings() {
        var downtimes = new LinkedHashMap<String, Effects.Downtime>();
        for (var i = 0; i < 500; i++) {
            downtimes.put("service" + i, new Effects.Downtime.Ends());
        }
        var plan = new Plan(
                "web1",
                "shop",
                Optional.empty(),
                List.of(),
                Collections.nCopies(200, "w".repeat(300)),
                List.of(new Problem(SourcePosition.DEFAULT, "", "is not there")),
                List.of(),
                List.of("it is not allowed"),
                new Effects(downtimes, List.of(new Effects.Destroyed.Volume("shop_data"))));

        for (var largest : List.of(PlanMarkdown.LARGEST, 3000)) {
            var text = new PlanMarkdown(largest).print(plan);
            assertThat(text.getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(largest);
            assertThat(text)
                    .containsSubsequence(
                            "**Destroyed:** `ALL DATA in volume shop_data`\n\n",
                            "**Error:** `is not there`\n\n",
                            "**Refused:** `it is not allowed`\n\n")
                    .containsPattern(
                            "… and \\d+ more lines; `lockstep plan` shows all\n\n\\*\\*Nothing can be changed");
        }
        assertThat(new PlanMarkdown().print(plan)).contains("**Warning:** ");
    }

    @Test
    void one_huge_value_does_not_push_the_rest_out() {
        var content =
                Content.of(new PlanMarkdown().print(replacing(List.of(cause("x".repeat(100_000)), cause("seen")))));

        assertThat(content.code).contains("x".repeat(500) + "…", "seen");
    }
}
