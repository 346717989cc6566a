package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.reconciler.builds.BuildTarget;
import dev.lockstep.reconciler.git.GitRepositories;
import dev.lockstep.reconciler.git.GitSettings;
import dev.lockstep.reconciler.git.RemoteRef;
import dev.lockstep.reconciler.git.TestRepository;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.settings.AgentSettings;
import dev.lockstep.spec.settings.BuildsEntry;
import dev.lockstep.spec.settings.RepositoryAccess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which stacks of a commit a host takes, by directories and by {@code lockstep.yaml}. */
class FollowerTest {
    @TempDir
    private Path directory;

    private TestRepository repository;
    private final List<String> said = new ArrayList<>();

    @BeforeEach
    void aRepositoryWithThreeStacks() throws IOException {
        repository = TestRepository.create(directory.resolve("infra.git"));
        for (var path : List.of("stacks/shop", "stacks/database", "hosts/web1/edge")) {
            repository.put(path + "/compose.yaml", "services: {a: {image: x}}\n");
        }
    }

    @AfterEach
    void close() {
        repository.close();
    }

    private Follower follower(AgentSettings.Repository settings, Root root, String host, Map<String, String> labels)
            throws IOException {
        return follower(settings, root, host, labels, _ -> false);
    }

    private Follower follower(
            AgentSettings.Repository settings,
            Root root,
            String host,
            Map<String, String> labels,
            CommitTargets.Others others)
            throws IOException {
        return new Follower(
                new FollowedRepository(settings),
                new GitRepositories(root, GitSettings.defaults()),
                new FollowingHost(root, host, labels, new HostVariables(directory), BuildsEntry.DEFAULT),
                others,
                said::add);
    }

    private HostStacks stacks(String host, Map<String, String> labels, String file) throws IOException {
        repository.put("lockstep.yaml", file).commit("change");
        return stacks(host, labels, Optional.empty());
    }

    private HostStacks stacks(String host, Map<String, String> labels, Optional<String> path) throws IOException {
        var root = Root.open(directory.resolve("root-" + host), directory.resolve("run-" + host));
        var settings = new AgentSettings.Repository(repository.directory().toString(), Optional.of("main"), path);
        try (var follower = follower(settings, root, host, labels)) {
            var revision = follower.look();
            follower.stacks().of(revision);
            return follower.stacks().of(revision);
        }
    }

    @Test
    void two_stacks_of_one_name_are_told_once_and_only_by_who_follows() throws IOException {
        repository.put("stacks/again/compose.yaml", "name: shop\nservices: {a: {image: x}}\n");

        stacks("web1", Map.of(), "{}\n");

        assertThat(said)
                .singleElement()
                .asString()
                .endsWith("stack shop stands in stacks/again and in stacks/shop; the first is taken, give the other"
                        + " one another name");
    }

    @Test
    void a_clone_that_somebody_removed_is_brought_again_though_nothing_is_new() throws IOException {
        repository.commit("first");
        var root = Root.open(directory.resolve("root"), directory.resolve("run"));
        var settings =
                new AgentSettings.Repository(repository.directory().toString(), Optional.of("main"), Optional.empty());
        try (var follower = follower(settings, root, "web1", Map.of())) {
            follower.stacks().of(follower.look());
            try (var clones = Files.walk(root.state().resolve("git"))) {
                for (var file : clones.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
            Files.createDirectory(root.state().resolve("git"));

            assertThat(follower.stacks().of(follower.look()).active()).containsKeys("edge", "shop");
        }
    }

    private AgentSettings.Repository refusingMoves() {
        return new AgentSettings.Repository(
                repository.directory().toString(),
                Optional.of("main"),
                Optional.empty(),
                AgentSettings.ForcePush.REFUSE,
                false,
                RepositoryAccess.NONE,
                List.of());
    }

    @Test
    void a_refused_move_is_nothing_to_build_until_somebody_agrees_to_it() throws IOException {
        var first = repository.commit("first");
        var root = Root.open(directory.resolve("root"), directory.resolve("run"));
        var settings = refusingMoves();
        try (var follower = follower(settings, root, "web1", Map.of())) {
            follower.look();
            var branches = List.of("refs/heads/*");
            assertThat(follower.refs(branches)).extracting(RemoteRef::commit).containsExactly(first);
            var other = repository.put("a", "b").forcePush("refs/heads/main", "other");

            assertThat(follower.look().commit()).isEqualTo(first);
            assertThat(follower.look().commit()).as("the same answer").isEqualTo(first);
            assertThat(follower.refused().orElseThrow().to().commit()).isEqualTo(other);
            assertThat(follower.refs(branches)).extracting(RemoteRef::commit).containsExactly(first);
            assertThat(follower.ask(branches)).extracting(RemoteRef::commit).containsExactly(first);

            assertThat(follower.accept(first)).isFalse();
            assertThat(follower.accept(other)).isTrue();
            assertThat(follower.look().commit()).isEqualTo(other);
            assertThat(follower.refused()).isEmpty();
            assertThat(follower.refs(branches)).extracting(RemoteRef::commit).containsExactly(other);
        }
    }

    @Test
    void who_looks_once_agrees_before_anybody_has_looked_and_to_that_commit_alone() throws IOException {
        var first = repository.commit("first");
        var root = Root.open(directory.resolve("root"), directory.resolve("run"));
        var settings = refusingMoves();
        try (var follower = follower(settings, root, "web1", Map.of())) {
            follower.look();
        }
        var other = repository.put("a", "b").forcePush("refs/heads/main", "other");

        try (var follower = follower(settings, root, "web1", Map.of())) {
            follower.agree("0".repeat(40));
            assertThat(follower.look().commit()).isEqualTo(first);
            assertThat(follower.refused()).isPresent();
            assertThat(said).noneMatch(line -> line.contains("agreed"));
        }
        try (var follower = follower(settings, root, "web1", Map.of())) {
            follower.agree(other.substring(0, 7));
            assertThat(follower.look().commit()).isEqualTo(other);
            assertThat(follower.refused()).isEmpty();
            assertThat(said).anyMatch(line -> line.endsWith(", as somebody has agreed to"));
        }
        try (var follower = follower(settings, root, "web1", Map.of())) {
            assertThat(follower.look().commit()).as("from then on").isEqualTo(other);
        }
    }

    @Test
    void without_a_file_every_host_takes_all_and_its_own() throws IOException {
        repository.commit("first");

        assertThat(stacks("web1", Map.of(), Optional.empty()).active()).containsOnlyKeys("edge", "database", "shop");
        assertThat(stacks("web2", Map.of(), Optional.empty()).active()).containsOnlyKeys("database", "shop");
    }

    @Test
    void a_stack_has_the_name_that_its_files_give_it_also_while_a_value_of_the_host_is_missing() throws IOException {
        repository.put("stacks/web/compose.yaml", """
                name: frontend
                services: {a: {image: x, environment: {PASSWORD: "${PASSWORD:?}"}}}
                """);
        repository.commit("a value of the host");
        var before = stacks("web2", Map.of(), Optional.empty()).active();
        assertThat(before).containsOnlyKeys("database", "shop", "frontend");
        assertThat(loaded(Objects.requireNonNull(before.get("frontend")))).isInstanceOf(Loaded.Invalid.class);

        value("frontend", "PASSWORD=x\n");
        var after = stacks("web2", Map.of(), Optional.empty()).active();
        assertThat(loaded(Objects.requireNonNull(after.get("frontend"))))
                .isInstanceOfSatisfying(
                        Loaded.Valid.class,
                        valid -> assertThat(valid.project().name()).isEqualTo("frontend"));
    }

    @Test
    void values_of_the_host_do_not_give_a_stack_another_name_than_the_one_they_are_found_by() throws IOException {
        repository.put("stacks/web/compose.yaml", "name: ${NAME:-web}\nservices: {a: {image: x}}\n");
        repository.commit("a name of the host's");
        value("web", "NAME=other\n");

        var stacks = stacks("web2", Map.of(), Optional.empty()).active();

        assertThat(stacks).containsOnlyKeys("database", "shop", "web");
        assertThatThrownBy(() -> Objects.requireNonNull(stacks.get("web")).load())
                .hasMessageContaining("with the host's values for the stack web its files call it other");
    }

    private void value(String stack, String content) throws IOException {
        var file = Files.createDirectories(directory.resolve(stack)).resolve("env");
        Files.writeString(file, content);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    }

    @Test
    void what_the_host_keeps_for_a_stack_of_another_repository_gets_into_no_build_and_no_test() throws IOException {
        for (var stack : List.of("shop", "database")) {
            repository.put("stacks/" + stack + "/Dockerfile", "FROM scratch\n");
            repository.put(
                    "stacks/" + stack + "/compose.yaml",
                    "services: {a: {image: " + stack + ", build: {context: ., args: {A: \"${PASSWORD:-none}\"}}}}\n");
        }
        repository.commit("wants to know");
        value("shop", "PASSWORD=of the other one\n");
        var root = Root.open(directory.resolve("root"), directory.resolve("run"));
        var settings =
                new AgentSettings.Repository(repository.directory().toString(), Optional.of("main"), Optional.empty());
        for (var all : List.of(true, false)) {
            try (var follower = follower(settings, root, "web2", Map.of(), stack -> !all && stack.equals("shop"))) {
                var revision = follower.look();
                var commit = follower.targets().toBuild(revision.commit()).orElseThrow();

                assertThat(follower.targets().of(revision))
                        .extracting(BuildTarget::name)
                        .containsExactlyInAnyOrderElementsOf(
                                all ? List.of("database/a", "shop/a") : List.of("database/a"));
                assertThat(commit.stack("shop/a").isPresent()).isEqualTo(all);
                assertThat(commit.stack("database/a")).isPresent();
            }
        }
    }

    private static Loaded loaded(CommitSource source) throws IOException {
        return new ComposeLoader().load(source.load());
    }

    @Test
    void names_and_labels_place_stacks_and_the_hosts_own_directory_stays_its_own() throws IOException {
        var file = """
            hosts: {db1: {labels: {role: db}}}
            stacks:
              shop: {hosts: "web*"}
              database: {labels: {role: db}}
              edge: {hosts: nobody}
            """;

        assertThat(stacks("web1", Map.of(), file).active()).containsOnlyKeys("edge", "shop");
        assertThat(stacks("db1", Map.of("role", "ignored"), file).active()).containsOnlyKeys("database");
        assertThat(stacks("own", Map.of("role", "db"), file).active()).containsOnlyKeys("database");
        var none = stacks("db2", Map.of(), file);
        assertThat(none.isEmpty()).isTrue();
        assertThat(none.elsewhere()).isEqualTo(Set.of("shop", "database"));
    }

    @Test
    void order_is_kept_among_the_stacks_of_a_host() throws IOException {
        var file = "stacks: {edge: {after: [shop]}, shop: {after: [database]}, database: {hosts: [web1, db1]}}\n";

        var here = stacks("web1", Map.of(), file);
        assertThat(here.active().keySet()).containsExactly("database", "shop", "edge");
        assertThat(here.after())
                .isEqualTo(Map.of("database", List.of(), "shop", List.of("database"), "edge", List.of("shop")));

        assertThat(stacks("web2", Map.of(), file).after()).isEqualTo(Map.of("shop", List.of()));
    }

    @Test
    void what_is_suspended_is_known_and_left_alone() throws IOException {
        var stacks = stacks("web1", Map.of(), "stacks:\n  shop: {suspend: until Friday}\n");

        assertThat(stacks.active()).containsOnlyKeys("edge", "database");
        assertThat(stacks.has("shop")).isTrue();
        assertThat(stacks.suspended()).hasEntrySatisfying("shop", suspended -> {
            assertThat(suspended.at()).isEqualTo("lockstep.yaml:2:19");
            assertThat(suspended.why()).isEqualTo("stacks.shop.suspend: until Friday");
        });
        assertThat(stacks("web1", Map.of(), "hosts: {web1: {suspend: true}}").active())
                .isEmpty();
        assertThat(stacks("web2", Map.of(), "hosts: {web1: {suspend: true}}").active())
                .hasSize(2);
    }

    @Test
    void a_file_that_is_wrong_or_asks_for_more_refuses_the_commit_with_every_place() {
        assertThatThrownBy(() -> stacks("web1", Map.of(), "stacks: {shop: {host: web1}}\nsuspend: 3\n"))
                .isInstanceOf(RepositoryFile.RefusedException.class)
                .hasMessageContaining("lockstep.yaml:1:17: stacks.shop.host: unknown key. Did you mean \"hosts\"?")
                .hasMessageContaining("lockstep.yaml:2:10: suspend: must be true, false");
        assertThatThrownBy(() -> stacks("web1", Map.of(), """
            builds: {app: {image: example.com/app, when: {tags: ["> v"]}}}
            stacks: {shop: {policy: {privileged: false}}}
            policy: {images: {"*": {forbid-latest: true}}, devices: [/dev/kvm]}
            """))
                .isInstanceOf(RepositoryFile.RefusedException.class)
                .hasMessageContaining("lockstep.yaml:1:54: builds.app.when.tags[0]: \"> v\" is not a range of versions")
                .hasMessageNotContaining("policy");
        assertThatThrownBy(() -> stacks("web1", Map.of(), """
            policy: {images: {"*": {require-signed: "-----BEGIN PUBLIC KEY-----"}}}
            """))
                .isInstanceOf(RepositoryFile.RefusedException.class)
                .hasMessageContaining("lockstep.yaml:1:41: policy.images.*.require-signed: the key here is cut off");
    }

    @Test
    void values_of_the_host_that_cannot_be_read_concern_their_stack_alone() throws IOException {
        repository.commit("first");
        var variables = Files.createDirectory(directory.resolve("shop")).resolve("env");
        Files.writeString(variables, "A=1\n");
        Files.setPosixFilePermissions(variables, PosixFilePermissions.fromString("rw-r--r--"));

        var found = stacks("web2", Map.of(), Optional.empty()).active();

        assertThat(found).containsOnlyKeys("database", "shop");
        var shop = Objects.requireNonNull(found.get("shop"));
        assertThatThrownBy(shop::load)
                .hasMessageContaining("the host's variables cannot be read: " + variables + " is open to others");
        assertThat(Objects.requireNonNull(found.get("database")).load()).isNotNull();
    }

    @Test
    void only_a_commit_without_any_stack_says_that_all_are_gone() throws IOException {
        repository.commit("first");
        assertThatThrownBy(() -> stacks("web1", Map.of(), Optional.of("nowhere")))
                .isInstanceOf(CommitStacks.NoStacksException.class)
                .hasMessageContaining("has no compose file");
        repository.putLink("lockstep.yaml", "../../etc/lockstep.yaml").commit("a link out of it");
        assertThatThrownBy(() -> stacks("web1", Map.of(), Optional.empty()))
                .isInstanceOf(IOException.class)
                .isNotInstanceOf(CommitStacks.NoStacksException.class);
    }

    @Test
    void the_file_stands_in_the_directory_that_is_looked_in() throws IOException {
        repository
                .put("lockstep.yaml", "nonsense: {}\n")
                .put("sub/lockstep.yaml", "stacks: {one: {hosts: other}}\n")
                .put("sub/stacks/one/compose.yaml", "services: {a: {image: x}}\n")
                .put("sub/stacks/two/compose.yaml", "services: {a: {image: x}}\n")
                .commit("below");

        assertThat(stacks("web1", Map.of(), Optional.of("sub")).active()).containsOnlyKeys("two");
    }

    @Test
    void names_that_lead_nowhere_are_told_once() throws IOException {
        stacks("web1", Map.of(), "stacks: {shpo: {suspend: true}}\n");

        assertThat(said)
                .containsExactly("repository " + repository.directory()
                        + ": lockstep.yaml:1:10: stacks.shpo: the repository has no such stack. Did you mean"
                        + " \"shop\"?");
    }

    @Test
    void a_stack_that_another_host_has_under_its_own_name_is_no_mistake() throws IOException {
        repository.put("hosts/web2/x/compose.yaml", "name: mirror\nservices: {a: {image: x}}\n");
        stacks("web1", Map.of(), "stacks: {shop: {after: [mirror]}, x: {suspend: true}}\n");

        assertThat(said)
                .containsExactly("repository " + repository.directory()
                        + ": lockstep.yaml:1:35: stacks.x: the repository has no such stack");
    }
}
