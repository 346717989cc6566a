package dev.lockstep.runtime.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.image.MediaType;
import dev.lockstep.runtime.image.Platform;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What each instruction makes of an image, and the line of history that it adds. */
class ImageDraftTest {
    private static final ImageDraft SCRATCH = ImageDraft.scratch(Platform.parse("linux/amd64"));

    private static StepResult step(int number, String created) {
        var digest = new Digest("%064x".formatted(number));
        return new StepResult(new Layer(digest, digest, MediaType.OCI_LAYER, 1, List.of()), Instant.parse(created));
    }

    private static String lastLine(ImageDraft draft) {
        return draft.history().getLast().createdBy();
    }

    private static Map<String, String> pairs(String... words) {
        var pairs = new LinkedHashMap<String, String>();
        for (var i = 0; i < words.length; i += 2) {
            pairs.put(words[i], words[i + 1]);
        }
        return pairs;
    }

    @Test
    void a_variable_that_is_known_keeps_its_place() {
        var draft = SCRATCH.env(pairs("B", "1", "A", "2")).env(pairs("PATH", "/x", "B", "3", "C", "4"));
        assertThat(draft.config().environment())
                .containsExactlyEntriesOf(pairs("PATH", "/x", "B", "3", "A", "2", "C", "4"));
        assertThat(lastLine(draft)).isEqualTo("ENV PATH=/x B=3 C=4");
    }

    @Test
    void an_entrypoint_takes_an_inherited_command_away_and_leaves_the_stages_own() {
        var inherited = SCRATCH.cmd(new Invocation.Exec(List.of("a"))).asBase();
        var entrypoint = new Invocation.Exec(List.of("b"));
        assertThat(inherited.entrypoint(entrypoint).config().command()).isEmpty();
        assertThat(inherited
                        .cmd(new Invocation.Exec(List.of("c")))
                        .entrypoint(entrypoint)
                        .config()
                        .command())
                .contains(List.of("c"));
        assertThat(inherited.entrypoint(new Invocation.Exec(List.of())).config().entrypoint())
                .isEmpty();
    }

    @Test
    void a_stop_signal_that_a_variable_brings_is_one_too() {
        assertThat(SCRATCH.stopSignal("sigrtmin+3").config().stopSignal()).contains("sigrtmin+3");
        assertThatThrownBy(() -> SCRATCH.stopSignal("NOSUCH")).hasMessage("invalid signal: NOSUCH");
        assertThatThrownBy(() -> SCRATCH.stopSignal("")).hasMessage("invalid signal: ");
    }

    @Test
    void text_is_handed_to_the_shell_of_its_line() {
        var draft = SCRATCH.cmd(new Invocation.Shell("one"))
                .shell(List.of("/bin/bash", "-ec"))
                .entrypoint(new Invocation.Shell("say \"two\""));
        assertThat(draft.config().command()).contains(List.of("/bin/sh", "-c", "one"));
        assertThat(draft.config().entrypoint()).contains(List.of("/bin/bash", "-ec", "say \"two\""));
        assertThat(draft.history().stream().map(HistoryEntry::createdBy))
                .containsExactly(
                        "CMD [\"/bin/sh\" \"-c\" \"one\"]",
                        "SHELL [/bin/bash -ec]",
                        "ENTRYPOINT [\"/bin/bash\" \"-ec\" \"say \\\"two\\\"\"]");
    }

    @ParameterizedTest
    @CsvSource({"/a,b,/a/b", "/a,../c/./d,/c/d", "/a,/b//c/,/b/c", "/,..,/", "/a,.,/a"})
    void a_working_directory_is_absolute_and_clean(String before, String path, String after) {
        var draft = SCRATCH.workdir(before, Optional.empty());
        assertThat(draft.workingDirectory(path)).isEqualTo(after);
        assertThat(draft.workdir(path, Optional.of(step(1, "2026-01-01T00:00:00Z")))
                        .config()
                        .workingDir())
                .contains(after);
    }

    @Test
    void triggers_are_for_who_builds_on_it_and_do_not_stay() {
        var draft = SCRATCH.onBuild("RUN a").onBuild("COPY . /");
        assertThat(draft.config().onBuild()).containsExactly("RUN a", "COPY . /");
        assertThat(draft.history()).isEmpty();
        assertThat(draft.asBase().config().onBuild()).isEmpty();
    }

    @Test
    void what_else_is_said_stands_in_the_configuration_and_in_dockers_words_in_the_history() {
        var check = new DeclaredHealthCheck(
                List.of("CMD-SHELL", "true"),
                Duration.ofSeconds(90),
                Duration.ofMillis(500),
                Duration.ZERO,
                Duration.ZERO,
                3);
        assertThat(lastLine(SCRATCH.healthCheck(check)))
                .isEqualTo("HEALTHCHECK &{[\"CMD-SHELL\" \"true\"] \"1m30s\" \"500ms\" \"0s\" \"0s\" '\\x03'}");
        assertThat(lastLine(SCRATCH.expose(List.of("80/tcp", "53/udp", "80/tcp"))))
                .isEqualTo("EXPOSE map[53/udp:{} 80/tcp:{}]");
        assertThat(lastLine(SCRATCH.volume(List.of("/a", "b c")))).isEqualTo("VOLUME [/a b c]");
        assertThat(SCRATCH.maintainer("me").author()).isEqualTo("me");
        assertThat(lastLine(SCRATCH.run(step(1, "2026-01-01T00:00:00Z"), "/bin/sh -c x", List.of("a=1", "b="))))
                .isEqualTo("RUN |2 a=1 b= /bin/sh -c x # buildkit");
        assertThat(SCRATCH.label(pairs("a", "1")).labelQuietly(pairs("a", "2")).history())
                .hasSize(1);
    }

    @Test
    void a_step_without_a_layer_has_the_time_of_the_layer_before_it_or_of_the_first_one() {
        var draft = SCRATCH.env(pairs("a", "1"))
                .copy(step(1, "2026-01-01T00:00:00Z"), "COPY a b")
                .env(pairs("b", "1"))
                .copy(step(2, "2026-02-01T00:00:00Z"), "COPY c d")
                .env(pairs("c", "1"));
        assertThat(HistoryTimes.fill(draft.history(), Optional.empty(), 0).stream()
                        .map(entry -> entry.created().orElse("none")))
                .containsExactly(
                        "2026-01-01T00:00:00Z",
                        "2026-01-01T00:00:00Z",
                        "2026-01-01T00:00:00Z",
                        "2026-02-01T00:00:00Z",
                        "2026-02-01T00:00:00Z");
        assertThat(HistoryTimes.fill(draft.history(), Optional.of("1970-01-01T00:00:00Z"), 2).stream()
                        .map(entry -> entry.created().orElse("none")))
                .containsExactly(
                        "none",
                        "2026-01-01T00:00:00Z",
                        "1970-01-01T00:00:00Z",
                        "1970-01-01T00:00:00Z",
                        "1970-01-01T00:00:00Z");
    }
}
