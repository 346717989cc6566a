package dev.lockstep.reconciler.builds;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.deploy.StackBuilds.BuildState;
import dev.lockstep.runtime.context.ContextException;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.FileTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.settings.RepositorySettings;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which images of a stack its repository builds, and which it does not. */
class CommitBuildsTest {
    private static final String URL = "https://git.example/shop";

    @TempDir
    Path directory;

    private Root root;
    private BuildRecords records;
    private BuiltNames names;
    private final Map<String, String> inputs = new HashMap<>();

    @BeforeEach
    void aRoot() throws IOException {
        root = Root.open(directory.resolve("state"), directory.resolve("run"));
        records = new BuildRecords(root);
        names = new BuiltNames(root);
    }

    private static Project project(String name, String yaml) {
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
        return switch (new ComposeLoader().load(LoadRequest.of(tree).withDefaultName(name))) {
            case Loaded.Valid valid -> valid.project();
            case Loaded.Invalid invalid -> throw new AssertionError(invalid.errors());
        };
    }

    private static BuildTarget target(String name, String image, Recipe recipe) {
        return new BuildTarget(
                name,
                image,
                List.of("{version}"),
                recipe,
                new Triggers(List.of("v*"), List.of(), List.of(), false),
                Optional.empty(),
                false);
    }

    private static BuildTarget entry(String image) {
        var file = "builds: {it: {image: " + image + ", when: {tags: ['v*']}}}\n";
        if (RepositorySettings.read("lockstep.yaml", file.getBytes(UTF_8))
                instanceof RepositorySettings.Read.Valid(var settings, var unused)) {
            return target(
                    "it",
                    image,
                    new Recipe.Entry("", settings.builds().values().iterator().next()));
        }
        throw new AssertionError(file);
    }

    private void record(long number, String repository, String image, String tag, String itsInputs) throws IOException {
        records.write(new BuildRecord(
                number,
                repository,
                "it",
                image,
                List.of(tag),
                new Occasion(Occasion.Kind.TAG, "refs/tags/v" + tag, "c".repeat(40)),
                "subject",
                itsInputs,
                BuildRecord.State.SUCCEEDED,
                Optional.of(new Digest("%064d".formatted(number))),
                true,
                "",
                Instant.EPOCH,
                Optional.empty(),
                Optional.empty(),
                0));
    }

    private Map<String, BuildState> states(Project project, BuildTarget... targets) throws IOException {
        var states = new HashMap<String, BuildState>();
        builds(targets).of(project).forEach((reference, state) -> states.put(reference.familiar(), state));
        return states;
    }

    private CommitBuilds builds(BuildTarget... targets) {
        return new CommitBuilds(
                URL,
                new CommitBuilds.Targets() {
                    @Override
                    public List<BuildTarget> all() {
                        return List.of(targets);
                    }

                    @Override
                    public String inputs(BuildTarget target) {
                        return inputs.getOrDefault(target.name(), "0".repeat(64));
                    }
                },
                records,
                names);
    }

    private static BuildState built(long number) {
        return new BuildState.Built(new Digest("%064d".formatted(number)), number, true);
    }

    @Test
    void an_entry_makes_every_tag_of_its_image_and_nothing_is_said_of_other_images() throws IOException {
        record(1, URL, "shop", "1.0", "a");
        record(2, "https://git.example/other", "shop", "1.1", "a");
        var digest = "sha256:" + "f".repeat(64);

        var states = states(project("shop", """
                services:
                  a: {image: 'shop:1.0', volumes: [{type: image, source: 'shop:1.2', target: /old}]}
                  b: {image: docker.io/library/shop}
                  c: {image: 'registry.example/shop:1.0'}
                  d: {image: 'postgres:16'}
                  e: {image: 'shop:1.0@%s'}
                  f: {image: 'shop:1.1'}
                """.formatted(digest)), entry("shop"));

        assertThat(states).containsOnlyKeys("shop:1.0", "shop:1.1", "shop:1.2", "shop:latest");
        assertThat(states.get("shop:1.0")).isEqualTo(built(1));
        // What another repository has built under that name is not this one's.
        assertThat(states.get("shop:1.1")).isInstanceOf(BuildState.Missing.class);
    }

    @Test
    void a_section_makes_the_image_of_its_service_for_whoever_names_it() throws IOException {
        record(1, URL, "shop-a", "7", "now");
        inputs.put("shop/a", "now");
        var shop = project("shop", "services: {a: {build: .}, b: {image: 'shop-a:2'}, c: {image: shop-a}}\n");
        var other = project("other", "services: {x: {image: 'shop-a:latest'}}\n");
        var target = target("shop/a", "shop-a", new Recipe.OfService("", shop, "a"));

        assertThat(states(shop, target)).isEqualTo(Map.of("shop-a:latest", built(1)));
        assertThat(states(other, target)).isEqualTo(Map.of("shop-a:latest", built(1)));
    }

    @Test
    void two_sections_that_make_different_things_of_one_name_are_told_apart() throws IOException {
        var shop = project("shop", "services: {a: {image: it, build: a}, b: {image: it, build: b}}\n");
        var a = target("shop/a", "it", new Recipe.OfService("", shop, "a"));
        var b = target("shop/b", "it", new Recipe.OfService("", shop, "b"));

        assertThat(states(shop, a, b).get("it:latest")).isInstanceOf(BuildState.Missing.class);
        inputs.put("shop/b", "others");
        assertThat(states(shop, a, b))
                .isEqualTo(Map.of(
                        "it:latest",
                        new BuildState.Broken("it:latest is built by shop/a and by shop/b from different things; give"
                                + " each an image of its own name")));
    }

    @Test
    void what_cannot_be_read_of_a_commit_is_an_image_that_cannot_be_built() throws IOException {
        var shop = project("shop", "services: {a: {image: it, build: .}, b: {image: other}}\n");
        var targets = new CommitBuilds.Targets() {
            @Override
            public List<BuildTarget> all() {
                return List.of(target("shop/a", "it", new Recipe.OfService("", shop, "a")));
            }

            @Override
            public String inputs(BuildTarget target) throws IOException {
                throw new ContextException(".dockerignore:1: illegal exclusion pattern: \"!\"");
            }
        };

        assertThat(new CommitBuilds(URL, targets, records, names).of(shop))
                .isEqualTo(Map.of(
                        ImageReference.parse("it"),
                        new BuildState.Broken("it:latest cannot be built from this commit: .dockerignore:1: illegal"
                                + " exclusion pattern: \"!\"")));
    }

    @Test
    void where_nothing_is_built_no_record_is_read() throws IOException {
        record(1, URL, "shop", "1.0", "a");
        java.nio.file.Files.writeString(directory.resolve("state/builds/1/record.json"), "damaged");

        assertThat(states(project("shop", "services: {a: {image: 'shop:1.0'}}\n")))
                .isEmpty();
    }

    @Test
    void the_same_image_by_another_name_is_the_same_reference() {
        assertThat(CommitBuilds.target(List.of(entry("docker.io/library/shop")), ImageReference.parse("shop:1.0")))
                .isPresent();
    }

    @Test
    void what_others_build_is_read_once_for_a_plan() throws IOException {
        record(1, "https://git.example/other", "shop", "1.1", "a");
        var name = ImageReference.parse("shop:1.1");
        var digest = new Digest("%064d".formatted(1));
        var makers = builds().makers();
        assertThat(makers.other(name, digest)).contains("https://git.example/other");
        records.remove(1);
        assertThat(makers.other(name, digest)).contains("https://git.example/other");
        assertThat(builds().makers().other(name, digest)).isEmpty();
    }

    @Test
    void what_another_repository_names_while_a_plan_is_made_is_its_own() throws IOException {
        var earlier = ImageReference.parse("shop:1.1");
        var later = ImageReference.parse("shop:1.2");
        var digest = new Digest("%064d".formatted(1));
        var makers = builds().makers();
        assertThat(makers.other(earlier, digest)).isEmpty();
        var images = new ImageStore(root, Platform.current(), InstantSource.system());

        names.give(images, List.of(earlier), digest, URL, _ -> {}, () -> {});
        assertThat(makers.other(later, digest)).isEmpty();
        names.give(images, List.of(later), digest, "https://git.example/other", _ -> {}, () -> {});

        assertThat(makers.other(later, digest)).contains("https://git.example/other");
    }
}
