package dev.lockstep.reconciler.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.contexts.SectionInputs.Here;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.FileTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Build;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What may be another image once a saved plan's images are built. */
class SavedPlansTest {
    private static final Here NONE = new Here(Optional.empty());
    private static final Here OLD = new Here(Optional.of(new Digest("1".repeat(64))));
    private static final Here NEW = new Here(Optional.of(new Digest("2".repeat(64))));
    private static final String APP = "services.app.build";
    private static final String BASE = APP + ".from base:1";

    private static Build section(String more) {
        var yaml = "services: {app: {image: 'app:1', build: {context: ." + more + "}}}\n";
        var tree = new FileTree() {
            @Override
            public Optional<byte[]> read(String path) {
                return path.equals("compose.yaml") ? Optional.of(yaml.getBytes(UTF_8)) : Optional.empty();
            }

            @Override
            public List<Entry> list(String at) {
                return List.of(new Entry("compose.yaml", false));
            }
        };
        return switch (new ComposeLoader().load(LoadRequest.of(tree).withDefaultName("shop"))) {
            case Loaded.Valid valid ->
                Objects.requireNonNull(valid.project().services().get("app"))
                        .image()
                        .build()
                        .orElseThrow();
            case Loaded.Invalid invalid -> throw new AssertionError(invalid.errors());
        };
    }

    private static Here base(Build section, Here before, Here now, String... built) {
        var images = Set.of(built).stream().map(ImageReference::parse).collect(Collectors.toUnmodifiableSet());
        var compared = SavedPlans.excused(Map.of(APP, section, BASE, before), Map.of(APP, section, BASE, now), images);
        return (Here) Objects.requireNonNull(compared.get(BASE));
    }

    @Test
    void a_base_that_changes_while_it_is_built_from_has_changed() {
        var section = section("");
        assertThat(base(section, OLD, NEW, "app:1")).isEqualTo(NEW);
        assertThat(base(section, OLD, NONE, "app:1")).isEqualTo(NONE);
        assertThat(SavedPlans.excused(Map.of(APP, OLD), Map.of(APP, NEW), Set.of()))
                .as("one that was not to be built")
                .isEqualTo(Map.of(APP, NEW));
    }

    @Test
    void what_the_build_itself_brings_is_as_it_was() {
        var section = section("");
        assertThat(base(section, NONE, NEW, "app:1")).as("pulled").isEqualTo(NONE);
        assertThat(base(section, OLD, NEW, "app:1", "docker.io/library/base:1"))
                .as("built as well")
                .isEqualTo(OLD);
        assertThat(base(section(", pull: true"), OLD, NEW, "app:1"))
                .as("asked for again")
                .isEqualTo(OLD);
    }

    @Test
    void everything_else_is_what_it_is_now() {
        assertThat(SavedPlans.excused(
                        Map.of(APP + ".context", "a"), Map.of(APP + ".context", "b", BASE, NEW), Set.of()))
                .isEqualTo(Map.of(APP + ".context", "b", BASE, NEW));
    }
}
