package dev.lockstep.reconciler.desired;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.FileTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.yaml.Problem;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What attributes become of which the engine has other words. */
class TranslationTest {
    private record OneFile(String text) implements FileTree {
        @Override
        public Optional<byte[]> read(String path) {
            return path.equals("compose.yaml") ? Optional.of(text.getBytes(StandardCharsets.UTF_8)) : Optional.empty();
        }

        @Override
        public List<Entry> list(String directory) {
            return List.of(new Entry("compose.yaml", false));
        }
    }

    private static Translation.Result translate(String compose) {
        var loaded =
                new ComposeLoader().load(LoadRequest.of(new OneFile(compose)).withDefaultName("shop"));
        if (!(loaded instanceof Loaded.Valid valid)) {
            throw new AssertionError(((Loaded.Invalid) loaded).errors());
        }
        return new Translation(
                        valid.project(),
                        new Owner("web1", "shop", Optional.empty()),
                        source -> new BindSources.Source(Path.of("/src"), source),
                        _ -> new Resolution.Unknown("not asked"))
                .translate(Placement.ONE_HOST, Optional.empty());
    }

    private static ContainerSpec container(String attributes) {
        return switch (translate("services:\n  web: {image: x, " + attributes + "}\n")) {
            case Translation.Result.Translated(var desired) ->
                desired.services().getFirst().slots().getFirst().spec();
            case Translation.Result.Refused(var problems) -> throw new AssertionError(problems);
        };
    }

    private static List<String> problems(String compose) {
        return switch (translate(compose)) {
            case Translation.Result.Translated(var desired) -> throw new AssertionError(desired);
            case Translation.Result.Refused(var problems) ->
                problems.stream().map(Problem::toString).toList();
        };
    }

    @ParameterizedTest
    @CsvSource({"SIGINT,SIGINT", "int,SIGINT", "2,SIGINT", "SIGRTMIN+3,SIGRTMIN+3", "RTMAX-1,SIGRTMIN+29", "IOT,SIGABRT"
    })
    void a_stop_signal_has_one_name_however_it_is_written(String written, String expected) {
        assertThat(container("stop_signal: '" + written + "'").stopSignal()).contains(expected);
    }

    @Test
    void a_grace_period_is_kept_also_when_it_is_none() {
        assertThat(container("stop_grace_period: 1m30s").stopGrace()).contains(Duration.ofSeconds(90));
        assertThat(container("stop_grace_period: 0s").stopGrace()).contains(Duration.ZERO);
        assertThat(container("user: a").stopGrace()).isEmpty();
    }

    @Test
    void memory_at_a_path_in_the_short_form() {
        assertThat(container("tmpfs: ['/a', '/b:size=64m,mode=0700,ro', '/c:rw,noexec,nosuid,nodev']")
                        .mounts())
                .containsExactly(
                        new MountSpec.Tmpfs("/a", Optional.empty(), Optional.empty(), false),
                        new MountSpec.Tmpfs("/b", Optional.of(64L << 20), Optional.of(0700), true),
                        new MountSpec.Tmpfs("/c", Optional.empty(), Optional.empty(), false));
    }

    @Test
    void an_option_that_memory_does_not_have_is_refused_where_it_stands() {
        assertThat(container("tmpfs: ['/a:exec,uid=7,size=50%']").mounts())
                .containsExactly(new MountSpec.Tmpfs(
                        "/a", Optional.empty(), Optional.empty(), false, List.of("exec", "uid=7", "size=50%")));
        assertThat(problems("services:\n  web:\n    image: x\n    tmpfs:\n      - /a\n      - /b:bind\n"))
                .singleElement()
                .asString()
                .startsWith(
                        "compose.yaml:6:9: services.web.tmpfs[1]: \"bind\" is no option of memory at a path. Write");
        assertThat(problems("services:\n  web:\n    image: x\n    tmpfs: ['/a:size=big']\n"))
                .singleElement()
                .asString()
                .startsWith("compose.yaml:4:13: services.web.tmpfs[0]: \"big\" is not a size");
    }

    @Test
    void without_a_network_there_is_none_also_not_the_stacks_own() {
        assertThat(container("network_mode: none").networks()).isEmpty();
        assertThat(container("user: a").networks()).hasSize(1);
    }

    @Test
    void a_quota_alone_is_a_number_of_cpus() {
        assertThat(container("cpu_quota: 50000").resources().nanoCpus()).contains(500_000_000L);
        assertThat(container("cpu_quota: -1").resources().nanoCpus()).isEmpty();
        var both = container("cpu_quota: 25000, cpu_period: 50000").resources();
        assertThat(both.nanoCpus()).isEmpty();
        assertThat(both.cpuQuota()).contains(25_000L);
        assertThat(both.cpuPeriod()).contains(50_000L);
    }
}
