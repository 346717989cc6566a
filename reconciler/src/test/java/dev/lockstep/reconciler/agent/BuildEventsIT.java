package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.reconciler.builds.BuildOrder;
import dev.lockstep.reconciler.builds.BuildRecord;
import dev.lockstep.reconciler.builds.BuildRecord.State;
import dev.lockstep.reconciler.builds.BuildRecords;
import dev.lockstep.reconciler.builds.BuildSink;
import dev.lockstep.reconciler.builds.Occasion;
import dev.lockstep.reconciler.git.GitException;
import dev.lockstep.reconciler.git.GitRepositories;
import dev.lockstep.reconciler.git.GitSettings;
import dev.lockstep.reconciler.git.RemoteRef;
import dev.lockstep.reconciler.git.TestRepository;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.spec.settings.AgentSettings;
import dev.lockstep.spec.settings.BuildsEntry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What pushes to a real repository order; the builds themselves are records that are written at once. */
class BuildEventsIT {
    private static final String APP = "builds: {app: {image: shop, context: app, when: {tags: ['v*']}}}\n";

    @TempDir
    private Path directory;

    private final List<String> said = new ArrayList<>();
    private final List<String> ordered = new ArrayList<>();
    private TestRepository repository;
    private Root root;
    private Follower follower;
    private BuildEvents events;
    /** Whether there are records of what is built: they may have been pruned. */
    private boolean remembers = true;

    private int changes;
    private long builds;
    private State outcome = State.SUCCEEDED;

    @BeforeEach
    void aRepositoryThatIsBuilt() throws IOException {
        repository = TestRepository.create(directory.resolve("shop.git"));
        repository
                .put("app/Dockerfile", "FROM scratch\nCOPY f /f\n")
                .put("app/f", "1")
                .put("lockstep.yaml", APP);
        repository.commit("first");
        root = Root.open(directory.resolve("root"), directory.resolve("run"));
        open();
    }

    private void open() throws IOException {
        follower = new Follower(
                new FollowedRepository(new AgentSettings.Repository(
                        repository.directory().toString(), Optional.of("main"), Optional.empty())),
                new GitRepositories(root, GitSettings.defaults()),
                new FollowingHost(root, "web1", Map.of(), new HostVariables(directory), BuildsEntry.DEFAULT),
                _ -> false,
                said::add);
        events = new BuildEvents(follower, root, new Builder(), said::add);
    }

    @AfterEach
    void close() {
        follower.close();
        repository.close();
    }

    /** Builds whatever is ordered. */
    private final class Builder implements BuildSink {
        private final BuildRecords records = new BuildRecords(root);

        @Override
        public void submit(String url, List<BuildOrder> orders) throws IOException {
            for (var order : remembers ? orders.reversed() : List.<BuildOrder>of()) {
                write(url, order.target().name(), order.occasion(), order.inputs(), outcome, "");
            }
            orders.forEach(order -> ordered.add(order.target().name() + " "
                    + RemoteRef.shortened(order.occasion().ref()) + " "
                    + order.occasion().commit().substring(0, 7)));
        }

        @Override
        public void refuse(String url, List<Refusal> refusals) throws IOException {
            for (var refusal : refusals) {
                write(url, refusal.target(), refusal.occasion(), "", State.REFUSED, refusal.problem());
                ordered.add("refused " + refusal.target() + " "
                        + RemoteRef.shortened(refusal.occasion().ref()) + ": " + refusal.problem());
            }
        }

        private void write(String url, String target, Occasion occasion, String inputs, State state, String problem)
                throws IOException {
            records.write(new BuildRecord(
                    ++builds,
                    url,
                    target,
                    "shop",
                    List.of(),
                    occasion,
                    "",
                    inputs,
                    state,
                    Optional.of(new Digest("0".repeat(64))),
                    false,
                    problem,
                    Instant.EPOCH,
                    Optional.empty(),
                    Optional.empty(),
                    0));
        }
    }

    private List<String> look() throws IOException {
        ordered.clear();
        events.look(follower.look());
        return List.copyOf(ordered);
    }

    private String git(String... words) throws IOException, InterruptedException {
        var command = new ArrayList<>(
                List.of("git", "--git-dir", repository.directory().toString()));
        command.addAll(List.of(words));
        var builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("GIT_CONFIG_GLOBAL", "/dev/null");
        for (var who : List.of("AUTHOR", "COMMITTER")) {
            builder.environment().put("GIT_" + who + "_NAME", "Ann");
            builder.environment().put("GIT_" + who + "_EMAIL", "ann@example.com");
        }
        var process = builder.start();
        process.getOutputStream().close();
        var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertThat(process.waitFor()).as("%s: %s", command, text).isZero();
        return text;
    }

    /** A commit that changes the application. */
    private String change(String ref) throws IOException {
        repository.put("app/f", "change " + ++changes);
        return repository.commit(ref, "change").substring(0, 7);
    }

    @Test
    void tags_of_both_kinds_are_built_at_their_commits_also_off_the_branch() throws Exception {
        assertThat(look()).isEmpty();
        var light = change("refs/heads/main");
        git("tag", "v1.0", "main");
        var aside = change("refs/heads/aside");
        git("tag", "-a", "-m", "release", "v1.1", "aside");
        git("update-ref", "-d", "refs/heads/aside");
        git("tag", "-a", "-m", "of a tag", "v1.2", "v1.1");
        git("tag", "other", "main");

        assertThat(look()).containsExactly("app v1.2 " + aside, "app v1.1 " + aside, "app v1.0 " + light);
        assertThat(look()).isEmpty();
        // Their objects are here: the remote may go.
        assertThat(follower.targets().toBuild(git("rev-parse", "v1.1^{commit}")))
                .isPresent();
        assertThat(said).isEmpty();
    }

    @Test
    void an_agent_that_starts_again_goes_on_where_it_was_and_builds_no_history() throws Exception {
        git("tag", "v1.0", "main");
        var second = change("refs/heads/main");
        git("tag", "v1.9", "main");
        git("tag", "v1.10", "main");
        assertThat(look()).as("the first time").containsExactly("app v1.10 " + second);
        follower.close();

        var third = change("refs/heads/main");
        git("tag", "v1.2", "main");
        open();
        assertThat(look()).containsExactly("app v1.2 " + third);
    }

    @Test
    void five_hundred_tags_of_one_push_are_all_found() throws Exception {
        assertThat(look()).isEmpty();
        remembers = false;
        var commands = new StringBuilder();
        var head = git("rev-parse", "main");
        for (var i = 0; i < 500; i++) {
            commands.append("create refs/tags/v1.")
                    .append(i)
                    .append(' ')
                    .append(head)
                    .append('\n');
        }
        var file = Files.writeString(directory.resolve("commands"), commands);
        var process = new ProcessBuilder(
                        "git", "--git-dir", repository.directory().toString(), "update-ref", "--stdin")
                .redirectInput(file.toFile())
                .start();
        assertThat(process.waitFor()).isZero();

        assertThat(look()).hasSize(500).startsWith("app v1.499 " + head.substring(0, 7));
        assertThat(look()).isEmpty();
    }

    @Test
    void a_tag_that_moved_is_refused_and_one_that_came_back_is_known() throws Exception {
        assertThat(look()).isEmpty();
        git("tag", "v1", "main");
        var first = git("rev-parse", "--short=7", "main");
        assertThat(look()).containsExactly("app v1 " + first);

        var second = change("refs/heads/main");
        git("tag", "-f", "-a", "-m", "moved", "v1", "main");
        assertThat(look())
                .containsExactly(
                        "refused app v1: tag v1 was moved from " + first + " to " + second + ", and what it named"
                                + " may be in use. Make a new tag, or write moved: allow below when: of builds.app");
        assertThat(look()).isEmpty();

        git("tag", "-d", "v1");
        assertThat(look()).isEmpty();
        git("tag", "-a", "-m", "again, by another tag", "v1", first);
        assertThat(look()).isEmpty();
    }

    @Test
    void a_moved_tags_commit_is_brought_when_somebody_wants_it_as_long_as_the_tag_is_there() throws Exception {
        assertThat(look()).isEmpty();
        git("tag", "v1", "main");
        assertThat(look()).hasSize(1);
        change("refs/heads/aside");
        git("tag", "-f", "v1", "aside");
        git("update-ref", "-d", "refs/heads/aside");
        var moved = new Occasion(Occasion.Kind.TAG, "refs/tags/v1", git("rev-parse", "v1"));
        assertThat(look()).singleElement().asString().startsWith("refused app v1: tag v1 was moved from ");
        assertThat(follower.targets().toBuild(moved.commit())).isEmpty();

        change("refs/heads/aside");
        var further = git("rev-parse", "aside");
        follower.bring(new Occasion(Occasion.Kind.TAG, "refs/tags/v1", further));
        assertThat(follower.targets().toBuild(further))
                .as("the tag is elsewhere")
                .isEmpty();
        follower.bring(moved);
        assertThat(follower.targets().toBuild(moved.commit())).isPresent();
    }

    @Test
    void a_tag_of_files_or_of_a_directory_is_refused_in_one_sentence() throws Exception {
        assertThat(look()).isEmpty();
        git("tag", "v1", "main:app/f");
        git("tag", "-a", "-m", "a tree", "v2", "main:app");
        git("tag", "v3", "main");

        assertThat(look())
                .satisfiesExactlyInAnyOrder(
                        one -> assertThat(one)
                                .isEqualTo("refused app v1: repository " + repository.directory()
                                        + ": refs/tags/v1 names files and no commit; follow a commit"),
                        two -> assertThat(two).contains("refs/tags/v2 names files and no commit"),
                        three -> assertThat(three).startsWith("app v3 "));
        assertThat(look()).isEmpty();
    }

    @Test
    void what_forks_propose_is_not_built_nor_fetched() throws Exception {
        repository
                .put("lockstep.yaml", "builds: {app: {image: shop, when: {tags: ['**'], branches: ['**']}}}\n")
                .commit("all");
        assertThat(look()).hasSize(1);
        var foreign = change("refs/heads/theirs");
        var commit = git("rev-parse", "theirs");
        git("update-ref", "-d", "refs/heads/theirs");
        for (var ref : List.of("refs/pull/7/head", "refs/merge-requests/7/head", "refs/changes/07/7/1")) {
            git("update-ref", ref, commit);
        }

        assertThat(look()).isEmpty();
        assertThat(follower.targets().toBuild(commit)).as(foreign).isEmpty();
    }

    @Test
    void a_commit_whose_file_is_wrong_or_has_no_such_build_is_refused() throws Exception {
        assertThat(look()).isEmpty();
        repository.put("lockstep.yaml", "builds: {app: {image: shop}}\n").commit("refs/heads/wrong", "wrong");
        git("tag", "v1", "wrong");
        repository.put("lockstep.yaml", "builds: {}\n").commit("refs/heads/none", "none");
        git("tag", "v2", "none");

        assertThat(look())
                .satisfiesExactlyInAnyOrder(
                        one -> assertThat(one)
                                .startsWith("refused app v1: commit ")
                                .contains("lockstep.yaml:1:10: builds.app: has nothing that starts it"),
                        two -> assertThat(two)
                                .startsWith("refused app v2: commit ")
                                .contains(" of v2 has no build app for this host"));
    }

    @Test
    void a_push_that_changes_nothing_below_the_paths_starts_nothing() throws Exception {
        repository
                .put(
                        "lockstep.yaml",
                        "builds: {app: {image: shop, context: app, when: {branches: main, paths: ['app/*.c', lib]}}}\n")
                .put("app/a.c", "1")
                .put("lib/x/y", "1")
                .commit("paths");
        assertThat(look()).as("the first time").hasSize(1);

        repository.put("app/f", "2").commit("elsewhere");
        assertThat(look()).isEmpty();
        repository.put("lib/x/y", "2").commit("below");
        assertThat(look()).hasSize(1);
        outcome = State.FAILED;
        repository.put("app/a.c", "2").commit("breaks it");
        assertThat(look()).hasSize(1);
        repository.put("README", "x").commit("elsewhere, and what is broken is still not built");
        assertThat(look()).hasSize(1);
    }

    @Test
    void without_builds_the_sections_of_services_are_built_when_what_goes_in_changes() throws Exception {
        repository
                .remove("lockstep.yaml")
                .put("compose.yaml", "name: shop\nservices: {web: {build: ., image: 'shop:1.0'}, db: {image: x}}\n")
                .put("Dockerfile", "FROM scratch\nCOPY app /\n")
                .put(".dockerignore", "*.yaml\ndoc\n!doc/keep\n")
                .commit("sections");
        assertThat(look()).singleElement().asString().startsWith("shop/web main ");

        repository.put("compose.yaml", "name: shop\nservices: {web: {build: ., image: 'shop:1.1'}, db: {image: x}}\n");
        repository.put("doc/x", "1").commit("only what is ignored");
        assertThat(look()).isEmpty();
        repository.put("doc/keep", "1").commit("taken back");
        assertThat(look()).hasSize(1);
        var last = change("refs/heads/main");
        git("tag", "v1.1", "main");
        assertThat(look()).containsExactly("shop/web v1.1 " + last, "shop/web main " + last);
    }

    @Test
    void what_a_stack_wants_is_built_at_the_newest_tag_that_gives_it() throws Exception {
        repository.put("lockstep.yaml", """
                        builds:
                          app: {image: shop, context: app, tags: ["{version}", "{major}.{minor}"], when: {tags: "v*"}}
                        """).put("compose.yaml", "name: shop\nservices: {web: {image: 'shop:1.0'}}\n");
        repository.commit("app");
        git("tag", "v1.0.0", "main");
        var newest = change("refs/heads/main");
        git("tag", "v1.0.1", "main");
        change("refs/heads/main");
        git("tag", "v2.0.0", "main");
        assertThat(look()).singleElement().asString().startsWith("app v2.0.0");
        ordered.clear();

        var source = Objects.requireNonNull(
                follower.stacks().of(follower.look()).active().get("shop"));
        var one = ImageReference.parse("shop:1.0");
        var none = ImageReference.parse("shop:7");
        assertThat(events.order(source, Set.of(one))).isEmpty();
        assertThat(ordered).containsExactly("app v1.0.1 " + newest);
        assertThat(events.order(source, Set.of(none)))
                .containsEntry(
                        none,
                        "is what builds.app makes, and no tag or branch of the repository gives it that tag. Push one"
                                + " that does");
        assertThat(look()).isEmpty();
    }

    @Test
    void a_tag_whose_files_cannot_be_read_keeps_no_other_image_of_a_stack_from_being_built() throws Exception {
        repository
                .put("lockstep.yaml", """
                        builds:
                          app: {image: shop, context: app, tags: ["{version}"], when: {tags: "v*"}}
                        """)
                .put("compose.yaml", "name: shop\nservices: {web: {image: 'shop:1.0.0'}}\n");
        repository.commit("app");
        git("tag", "v1.0.0", "main");
        var fine = git("rev-parse", "--short=7", "main");
        repository
                .putSubmodule("app/.dockerignore")
                .commit("refs/heads/aside", "a submodule that names what is ignored");
        git("tag", "v1.0.1", "aside");
        repository
                .remove("app/.dockerignore")
                .put("app/.dockerignore", "!\n")
                .commit("refs/heads/aside", "one that is none");
        git("tag", "v1.0.2", "aside");
        repository.remove("app/.dockerignore");
        change("refs/heads/main");
        git("tag", "v2.0.0", "main");
        assertThat(look()).hasSize(1);
        ordered.clear();
        var source = Objects.requireNonNull(
                follower.stacks().of(follower.look()).active().get("shop"));
        var good = ImageReference.parse("shop:1.0.0");
        var bad = ImageReference.parse("shop:1.0.1");
        var none = ImageReference.parse("shop:1.0.2");

        assertThat(events.order(source, Set.of(good, bad, none)))
                .containsOnlyKeys(bad, none)
                .containsEntry(none, "is not built: app/.dockerignore:1: illegal exclusion pattern: \"!\"")
                .hasEntrySatisfying(
                        bad,
                        why -> assertThat(why)
                                .startsWith("is not built: ")
                                .contains("app/.dockerignore is a submodule"));
        assertThat(ordered).containsExactly("app v1.0.0 " + fine);
    }

    @Test
    void an_image_with_a_new_name_is_not_built_at_a_tag_that_gives_it_the_old_one() throws Exception {
        git("tag", "v1.1", "main");
        var old = git("rev-parse", "--short=7", "main");
        repository
                .put("lockstep.yaml", APP.replace("shop", "ghcr.io/me/shop"))
                .put("compose.yaml", "name: shop\nservices: {web: {image: 'ghcr.io/me/shop:v1.1'}}\n")
                .commit("another name");
        assertThat(look()).containsExactly("app v1.1 " + old);
        ordered.clear();
        var source = Objects.requireNonNull(
                follower.stacks().of(follower.look()).active().get("shop"));
        var image = ImageReference.parse("ghcr.io/me/shop:v1.1");

        assertThat(events.order(source, Set.of(image)))
                .containsEntry(
                        image,
                        "is what builds.app makes now, and no tag or branch builds it yet: commit " + old
                                + " of v1.1 builds app as shop. Push one whose files say the new name");
        assertThat(ordered).isEmpty();

        var renamed = change("refs/heads/main");
        git("tag", "v1.2", "main");
        assertThat(events.order(source, Set.of(ImageReference.parse("ghcr.io/me/shop:v1.2"))))
                .isEmpty();
        assertThat(ordered).containsExactly("app v1.2 " + renamed);
    }

    @Test
    void a_tag_that_was_moved_since_the_last_look_is_built_for_no_stack() throws Exception {
        repository.put("lockstep.yaml", """
                        builds:
                          app: {image: shop, context: app, tags: ["{version}", "{major}.{minor}"], when: {tags: "v*"}}
                        """).put("compose.yaml", "name: shop\nservices: {web: {image: 'shop:1.0'}}\n");
        repository.commit("app");
        git("tag", "v1.0.0", "main");
        var first = git("rev-parse", "--short=7", "main");
        var second = change("refs/heads/main");
        git("tag", "v2.0.0", "main");
        assertThat(look()).singleElement().asString().startsWith("app v2.0.0");
        ordered.clear();
        var source = Objects.requireNonNull(
                follower.stacks().of(follower.look()).active().get("shop"));
        var one = ImageReference.parse("shop:1.0");

        git("tag", "-f", "v1.0.0", "main");
        assertThat(events.order(source, Set.of(one)))
                .containsEntry(one, "is not built: tag v1.0.0 was moved from " + first + " to " + second);
        assertThat(ordered).isEmpty();
    }

    @Test
    void a_remote_that_is_gone_before_its_commits_are_here_loses_no_tag() throws Exception {
        assertThat(look()).isEmpty();
        var aside = change("refs/heads/aside");
        git("tag", "v1", "aside");
        var revision = follower.look();
        var away = directory.resolve("away");
        Files.move(repository.directory(), away);
        assertThatThrownBy(() -> events.look(revision)).isInstanceOf(GitException.class);
        Files.move(away, repository.directory());

        assertThat(look()).containsExactly("app v1 " + aside);
    }

    @Test
    void a_branch_whose_files_cannot_be_read_keeps_no_other_from_being_built() throws Exception {
        repository
                .put("lockstep.yaml", "builds: {app: {image: shop, context: app, when: {branches: ['**']}}}\n")
                .commit("all branches");
        assertThat(look()).hasSize(1);

        repository.remove("app/Dockerfile").putSubmodule("app/Dockerfile").commit("refs/heads/gitlink", "a submodule");
        var gitlink = git("rev-parse", "--short=7", "gitlink");
        repository
                .put("app/Dockerfile", "FROM scratch\nCOPY f /f\n")
                .putSubmodule("app/.dockerignore")
                .commit("refs/heads/ignored", "a submodule that names what is ignored");
        repository.remove("app/.dockerignore");
        var fine = change("refs/heads/fine");

        assertThat(look())
                .satisfiesExactlyInAnyOrder(
                        // It is the build that says why.
                        one -> assertThat(one).isEqualTo("app gitlink " + gitlink),
                        two -> assertThat(two)
                                .startsWith("refused app ignored: ")
                                .contains("app/.dockerignore is a submodule"),
                        three -> assertThat(three).isEqualTo("app fine " + fine));
        assertThat(look()).isEmpty();
    }

    @Test
    void a_tag_without_stacks_or_with_a_wrong_ignore_file_keeps_no_other_from_being_built() throws Exception {
        repository.remove("lockstep.yaml").commit("older than all stacks");
        git("tag", "v0.1", "main");
        repository
                .put("compose.yaml", "name: shop\nservices: {web: {build: app, image: 'shop:1.0'}}\n")
                .commit("a stack");
        var first = git("rev-parse", "--short=7", "main");
        assertThat(look()).as("the first time").containsExactly("shop/web main " + first);
        assertThat(said)
                .singleElement()
                .asString()
                .endsWith(" of v0.1 has no build shop/web for this host; it is built where its own files say how");

        git("tag", "v0.2", "v0.1");
        repository.put("app/.dockerignore", "!\n").commit("refs/heads/wrong", "wrong");
        git("tag", "v1.0", "wrong");
        repository.remove("app/.dockerignore");
        var fine = change("refs/heads/main");
        git("tag", "v1.1", "main");

        assertThat(look())
                .satisfiesExactlyInAnyOrder(
                        one -> assertThat(one)
                                .startsWith("refused shop/web v0.2: commit ")
                                .contains(" of v0.2 has no build shop/web for this host"),
                        two -> assertThat(two)
                                .isEqualTo("refused shop/web v1.0: app/.dockerignore:1: illegal exclusion pattern:"
                                        + " \"!\""),
                        three -> assertThat(three).isEqualTo("shop/web v1.1 " + fine),
                        four -> assertThat(four).isEqualTo("shop/web main " + fine));
        assertThat(look()).isEmpty();
    }
}
