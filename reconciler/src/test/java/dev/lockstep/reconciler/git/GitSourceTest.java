package dev.lockstep.reconciler.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lockstep.reconciler.git.GitException.Kind;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GitSourceTest {
    private static final FollowedRef MAIN = new FollowedRef("main");

    @TempDir
    Path directory;

    private Root root;
    private TestRepository origin;
    private GitSource source;

    @BeforeEach
    void open() throws IOException {
        root = Root.open(directory.resolve("state"), directory.resolve("run"));
        origin = TestRepository.create(directory.resolve("shop.git"));
        source = origin.open(root);
    }

    @AfterEach
    void close() {
        source.close();
        origin.close();
    }

    private static GitException failure(org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
        return catchThrowableOfType(GitException.class, call);
    }

    private Path cloneDirectory() throws IOException {
        try (var clones = Files.newDirectoryStream(root.state().resolve("git"), "[0-9a-f]*")) {
            for (var clone : clones) {
                if (!clone.toString().contains(".")) {
                    return clone;
                }
            }
        }
        throw new AssertionError("no clone");
    }

    @Test
    void a_branch_is_fetched_and_its_files_are_read_from_the_objects() throws IOException {
        var commit = origin.put("compose.yaml", "services: {}\n")
                .put("web/a.txt", "a")
                .commit("Start\n\nBody");

        var result = source.fetch(MAIN);

        assertThat(result.changed()).isTrue();
        assertThat(result.forced()).isFalse();
        assertThat(result.notes()).isEmpty();
        var revision = result.revision();
        assertThat(revision.commit()).isEqualTo(commit);
        assertThat(revision.ref()).isEqualTo("refs/heads/main");
        assertThat(revision.subject()).isEqualTo("Start");
        assertThat(revision.author()).isEqualTo("Ada");
        assertThat(revision.authored()).isEqualTo("2026-11-24T10:01:00Z");
        var tree = source.open(revision);
        assertThat(tree.read("compose.yaml"))
                .hasValue("services: {}\n".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertThat(tree.read("web")).isEmpty();
        assertThat(tree.read("nothing")).isEmpty();
        assertThat(tree.list("").toString()).contains("compose.yaml", "directory=true");
        assertThat(tree.nameOf("")).isEqualTo("shop");
    }

    @Test
    void the_tip_is_asked_without_a_clone_and_shows_a_new_commit() throws IOException {
        var first = origin.put("a", "1").commit("one");
        assertThat(source.tip(MAIN)).isEqualTo(new RemoteTip("refs/heads/main", first, Optional.empty()));
        assertThat(root.state().resolve("git")).isEmptyDirectory();

        var second = origin.put("a", "2").commit("two");
        assertThat(source.tip(MAIN).commit()).isEqualTo(second);
    }

    @Test
    void a_second_fetch_of_an_unchanged_branch_changes_nothing() throws IOException {
        origin.put("a", "1").commit("one");
        source.fetch(MAIN);
        assertThat(source.fetch(MAIN).changed()).isFalse();
        assertThat(source.fetched(MAIN)).isPresent();
    }

    @Test
    void a_lock_that_a_command_left_when_it_was_killed_is_in_the_way_once() throws IOException {
        origin.put("a", "1").commit("one");
        source.fetch(MAIN);
        var second = origin.put("a", "2").commit("two");
        var lock = cloneDirectory().resolve("refs/lockstep/pinned/shop.lock");
        Files.createDirectories(lock.getParent());
        Files.createFile(lock);
        var revision = source.fetch(MAIN).revision();

        assertThat(failure(() -> source.pin("shop", revision)).kind()).isEqualTo(GitException.Kind.LOCAL);
        source.pin("shop", revision);

        assertThat(source.pinned("shop").map(Revision::commit)).hasValue(second);
        assertThat(lock).doesNotExist();
    }

    @Test
    void what_was_fetched_is_there_when_the_remote_is_gone() throws IOException {
        var commit = origin.put("a", "1").commit("one");
        source.fetch(MAIN);
        source.close();
        Files.move(origin.directory(), directory.resolve("elsewhere"));

        assertThat(failure(() -> source.fetch(MAIN)).kind()).isEqualTo(Kind.NOT_A_REPOSITORY);
        try (var later = origin.open(root)) {
            var revision = later.fetched(MAIN).orElseThrow();
            assertThat(revision.commit()).isEqualTo(commit);
            assertThat(later.open(revision).read("a")).isPresent();
        }
    }

    @Test
    void a_force_push_is_followed_and_said_and_the_old_commit_stays_readable() throws IOException {
        var old = origin.put("a", "1").commit("one");
        source.fetch(MAIN);
        var replaced = origin.put("a", "2").forcePush("refs/heads/main", "other history");

        var result = source.fetch(MAIN);

        assertThat(result.forced()).isTrue();
        assertThat(result.previous()).hasValue(old);
        assertThat(result.revision().commit()).isEqualTo(replaced);
        assertThat(source.open(source.revision(old).orElseThrow()).read("a")).isPresent();
        assertThat(source.isAncestor(old, replaced)).isFalse();
    }

    @Test
    void an_annotated_tag_leads_to_its_commit_and_keeps_its_own_id() throws IOException {
        var commit = origin.put("a", "1").commit("one");
        var tag = origin.annotatedTag("v1", commit);

        assertThat(source.tip(new FollowedRef("v1")))
                .isEqualTo(new RemoteTip("refs/tags/v1", commit, Optional.of(tag)));
        var revision = source.fetch(new FollowedRef("v1")).revision();
        assertThat(revision.commit()).isEqualTo(commit);
        assertThat(revision.tag()).hasValue(tag);
    }

    @Test
    void a_moved_tag_is_followed() throws IOException {
        var first = origin.put("a", "1").commit("one");
        origin.set("refs/tags/live", first);
        var live = new FollowedRef("live");
        source.fetch(live);
        var second = origin.put("a", "2").commit("two");
        origin.set("refs/tags/live", second);

        assertThat(source.tip(live).commit()).isEqualTo(second);
        var result = source.fetch(live);
        assertThat(result.revision().commit()).isEqualTo(second);
        assertThat(result.previous()).hasValue(first);
        assertThat(result.forced()).isFalse();
    }

    @Test
    void a_branch_goes_before_a_tag_of_the_same_name_and_that_is_said() throws IOException {
        var first = origin.put("a", "1").commit("one");
        origin.set("refs/tags/main", first);
        var second = origin.put("a", "2").commit("two");

        var result = source.fetch(MAIN);

        assertThat(result.revision().commit()).isEqualTo(second);
        assertThat(result.notes()).singleElement().asString().contains("branch and a tag", "refs/tags/main");
        assertThat(source.fetch(new FollowedRef("refs/tags/main")).revision().commit())
                .isEqualTo(first);
    }

    @Test
    void a_tag_that_names_files_is_refused() throws IOException {
        origin.put("a", "1").commit("one");
        origin.set("refs/tags/odd", origin.id("refs/heads/main^{tree}").name());

        var failure = failure(() -> source.fetch(new FollowedRef("odd")));

        assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
        assertThat(failure).hasMessageContaining("refs/tags/odd names files and no commit");
    }

    @Test
    void a_deleted_branch_is_an_error_and_keeps_what_was_fetched() throws IOException {
        var commit = origin.put("a", "1").commit("one");
        origin.set("refs/heads/side", commit);
        var side = new FollowedRef("side");
        source.fetch(side);
        origin.delete("refs/heads/side");

        var failure = failure(() -> source.fetch(side));

        assertThat(failure.kind()).isEqualTo(Kind.NO_SUCH_REF);
        assertThat(failure).hasMessage("repository " + origin.directory() + " has no ref \"side\"; it has: main");
        assertThat(source.fetched(side).orElseThrow().commit()).isEqualTo(commit);
    }

    @Test
    void a_renamed_default_branch_says_what_there_is_instead() throws IOException {
        var commit = origin.put("a", "1").commit("one");
        source.fetch(MAIN);
        origin.set("refs/heads/trunk", commit);
        origin.delete("refs/heads/main");

        assertThat(failure(() -> source.tip(MAIN))).hasMessageContaining("has no ref \"main\"; it has: trunk");
    }

    @Test
    void a_branch_may_become_a_directory_of_branches() throws IOException {
        var commit = origin.put("a", "1").commit("one");
        origin.set("refs/heads/rel", commit);
        source.fetch(new FollowedRef("rel"));
        origin.delete("refs/heads/rel");
        origin.set("refs/heads/rel/1", commit);

        assertThat(source.fetch(new FollowedRef("rel/1")).revision().ref()).isEqualTo("refs/heads/rel/1");
        assertThat(source.fetched(new FollowedRef("rel"))).isPresent();
    }

    @Test
    void an_empty_repository_is_told_from_a_missing_branch() {
        var failure = failure(() -> source.fetch(MAIN));

        assertThat(failure.kind()).isEqualTo(Kind.EMPTY_REPOSITORY);
        assertThat(failure).hasMessage("repository " + origin.directory() + " is empty: push a first commit");
        assertThat(failure(() -> source.tip(MAIN)).kind()).isEqualTo(Kind.EMPTY_REPOSITORY);
    }

    @Test
    void a_pinned_commit_is_fetched_where_no_branch_points_at_it() throws IOException {
        var first = origin.put("a", "1").commit("one");
        origin.put("a", "2").commit("two");
        var pin = new FollowedRef(first);

        assertThat(source.tip(pin).commit()).isEqualTo(first);
        assertThat(source.fetch(pin).revision().commit()).isEqualTo(first);
        assertThat(source.open(source.fetched(pin).orElseThrow()).read("a")).hasValue(new byte[] {'1'});
    }

    @Test
    void a_commit_that_is_nowhere_is_an_error() throws IOException {
        origin.put("a", "1").commit("one");
        var failure = failure(() -> source.fetch(new FollowedRef("0123456789012345678901234567890123456789")));
        assertThat(failure.kind()).isEqualTo(Kind.NO_SUCH_REF);
        assertThat(failure).hasMessageContaining("has no commit 0123456789012345678901234567890123456789");
    }

    @Test
    void a_directory_without_a_repository_is_named() throws IOException {
        Files.createDirectory(directory.resolve("empty"));
        for (var name : List.of("empty", "missing")) {
            try (var other = new GitRepositories(root, GitSettings.defaults())
                    .open(Remote.parse(directory.resolve(name).toString()))) {
                var failure = failure(() -> other.tip(MAIN));
                assertThat(failure.kind()).isEqualTo(Kind.NOT_A_REPOSITORY);
                assertThat(failure).hasMessageContaining(name + " is not there, or is no Git repository");
            }
        }
    }

    @Test
    void a_repository_with_a_work_tree_is_followed_by_its_directory() throws IOException {
        var work = directory.resolve("work");
        try (var git = org.eclipse.jgit.api.Git.init()
                .setInitialBranch("main")
                .setDirectory(work.toFile())
                .call()) {
            Files.writeString(work.resolve("a"), "1");
            git.add().addFilepattern(".").call();
            git.commit().setMessage("one").setSign(false).call();
        } catch (org.eclipse.jgit.api.errors.GitAPIException e) {
            throw new IOException(e);
        }
        for (var url : List.of(work.toString(), work.toUri().toString().replace("file:/", "file:///"))) {
            try (var other =
                    new GitRepositories(root, GitSettings.defaults()).open(Remote.parse(url.replace("////", "///")))) {
                assertThat(other.fetch(MAIN).revision().subject()).isEqualTo("one");
            }
        }
    }

    @Test
    void a_repository_of_another_user_is_read() throws IOException {
        org.junit.jupiter.api.Assumptions.assumeTrue("root".equals(System.getProperty("user.name")));
        origin.put("a", "1").commit("one");
        try (var files = Files.walk(origin.directory())) {
            for (var file : files.toList()) {
                Files.setAttribute(file, "unix:uid", 12345);
            }
        }
        assertThat(source.fetch(MAIN).revision().subject()).isEqualTo("one");
    }

    @Test
    void stale_locks_and_unfinished_packs_are_removed_before_the_first_fetch() throws IOException {
        origin.put("a", "1").commit("one");
        source.fetch(MAIN);
        source.close();
        var clone = cloneDirectory();
        var left = List.of(
                "HEAD.lock", "config.lock", "packed-refs.lock", "objects/incoming_1.pack", "objects/pack/x.tmp");
        for (var name : left) {
            Files.writeString(clone.resolve(name), "");
        }
        try (var refs = Files.walk(clone.resolve("refs"))) {
            for (var ref : refs.filter(Files::isRegularFile).toList()) {
                Files.writeString(ref.resolveSibling(ref.getFileName() + ".lock"), "");
            }
        }
        var second = origin.put("a", "2").commit("two");

        try (var next = origin.open(root)) {
            var result = next.fetch(MAIN);
            assertThat(result.revision().commit()).isEqualTo(second);
            assertThat(result.notes()).singleElement().asString().contains("interrupted fetch");
        }
        assertThat(left).allSatisfy(name -> assertThat(clone.resolve(name)).doesNotExist());
    }

    private void damageFrame(String file) throws IOException {
        source.close();
        var damaged = cloneDirectory().resolve(file);
        Files.delete(damaged);
        if (file.equals("config")) {
            Files.writeString(damaged, "[[[\0");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"HEAD", "config"})
    void a_clone_that_cannot_be_opened_is_made_again_with_all_that_it_kept(String file) throws IOException {
        origin.put("a", "1").commit("one");
        var first = source.fetch(MAIN).revision();
        source.pin("shop", first);
        var second = origin.put("a", "2").forcePush("refs/heads/main", "other history");
        source.fetch(MAIN);
        damageFrame(file);

        var result = source.fetch(MAIN);

        assertThat(result.revision().commit()).isEqualTo(second);
        assertThat(result.notes()).anySatisfy(n -> assertThat(n).contains("was damaged and has been made again"));
        assertThat(source.open(result.revision()).read("a")).isPresent();
        assertThat(source.pinned("shop").map(Revision::commit)).hasValue(first.commit());
        assertThat(source.open(first).read("a")).isPresent();
    }

    @ParameterizedTest
    @ValueSource(strings = {"HEAD", "config"})
    void what_it_holds_is_read_all_the_same_while_the_remote_is_away(String file) throws IOException {
        origin.put("a", "1").commit("one");
        var revision = source.fetch(MAIN).revision();
        Files.move(origin.directory(), directory.resolve("elsewhere"));
        damageFrame(file);

        assertThat(source.fetched(MAIN)).hasValue(revision);
        assertThat(source.open(revision).read("a")).isPresent();
    }

    @Test
    void lost_objects_are_noticed_by_a_fetch_and_brought_again() throws IOException {
        origin.put("a", "1").commit("one");
        source.fetch(MAIN);
        source.close();
        deletePacks();

        var result = source.fetch(MAIN);

        assertThat(result.notes()).anySatisfy(n -> assertThat(n).contains("made again"));
        assertThat(source.open(result.revision()).read("a")).isPresent();
    }

    @Test
    void a_flipped_bit_in_a_file_is_noticed_by_reading_and_healed() throws IOException {
        var random = new java.util.Random(7);
        var big = new byte[100_000];
        random.nextBytes(big);
        origin.putBytes("big", big).commit("one");
        var revision = source.fetch(MAIN).revision();
        source.close();
        flipPack(50_000);

        assertThat(source.open(revision).read("big")).hasValue(big);
    }

    @Test
    void a_pinned_commit_outlives_a_force_push_and_a_new_clone() throws IOException {
        origin.put("compose.yaml", "services: {}\n").commit("one");
        var first = source.fetch(MAIN).revision();
        source.pin("shop", first);
        origin.put("other", "x").forcePush("refs/heads/main", "other history");
        source.fetch(MAIN);

        assertThat(source.pinned("shop").map(Revision::commit)).hasValue(first.commit());
        assertThat(source.open(source.pinned("shop").orElseThrow()).read("compose.yaml"))
                .isPresent();
        assertThat(source.pinned("other")).isEmpty();

        var second = source.fetch(MAIN).revision();
        source.pin("shop", second);
        assertThat(source.pinned("shop").map(Revision::commit)).hasValue(second.commit());
        // A clone that is damaged is made again; the pin of a commit that the remote still has goes over.
        source.close();
        deletePacks();
        assertThat(source.fetch(MAIN).notes()).anySatisfy(n -> assertThat(n).contains("made again"));
        assertThat(source.pinned("shop").map(Revision::commit)).hasValue(second.commit());

        source.unpin("shop");
        assertThat(source.pinned("shop")).isEmpty();
    }

    @Test
    void a_damaged_clone_is_kept_while_the_remote_is_away() throws IOException {
        origin.put("a", "1").put("b", "2").commit("one");
        var revision = source.fetch(MAIN).revision();
        source.close();
        deletePacks();
        var clone = cloneDirectory();
        Files.move(origin.directory(), directory.resolve("elsewhere"));

        var failure = failure(() -> source.open(revision));

        assertThat(failure).isNotNull();
        assertThat(clone).exists();
        Files.move(directory.resolve("elsewhere"), origin.directory());
        assertThat(source.open(source.fetch(MAIN).revision()).read("b")).isPresent();
    }

    @Test
    void a_new_clone_has_all_refs_that_are_followed_and_all_that_is_kept() throws IOException {
        origin.put("a", "old").commit("pinned later");
        var pinned = source.fetch(MAIN).revision();
        source.pin("shop", pinned);
        origin.set("refs/heads/history", pinned.commit());
        origin.put("a", "main").forcePush("refs/heads/main", "one");
        origin.put("a", "side").forcePush("refs/heads/side", "two");
        var tag = origin.put("a", "tag").forcePush("refs/heads/passing", "three");
        origin.set("refs/tags/v1", tag);
        var side = new FollowedRef("side");
        var mains = source.fetch(MAIN).revision();
        var sides = source.fetch(side).revision();
        source.bring(List.of(new RemoteRef("refs/tags/v1", tag, tag)));
        source.close();
        deletePacks();

        assertThat(source.fetch(MAIN).notes()).anySatisfy(n -> assertThat(n).contains("made again"));
        assertThat(source.open(mains).read("a")).hasValue("main".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertThat(source.open(sides).read("a")).hasValue("side".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertThat(source.fetched(side).map(Revision::commit)).hasValue(sides.commit());
        assertThat(source.open(source.pinned("shop").orElseThrow()).read("a"))
                .hasValue("old".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        assertThat(source.open(source.revision(tag).orElseThrow()).read("a"))
                .hasValue("tag".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        source.collect();
        assertThat(source.has(pinned)).as("a ref keeps it").isTrue();

        source.close();
        deletePacks();
        assertThat(source.fetch(side).notes()).anySatisfy(n -> assertThat(n).contains("made again"));
        assertThat(source.fetched(MAIN).map(Revision::commit)).hasValue(mains.commit());
    }

    @Test
    void what_is_kept_and_the_remote_has_no_longer_goes_over_from_the_damaged_clone() throws IOException {
        origin.put("a", "old").commit("pinned");
        var pinned = source.fetch(MAIN).revision();
        source.pin("shop", pinned);
        var gone = origin.put("a", "gone").forcePush("refs/heads/gone", "goes");
        var deleted = new FollowedRef("gone");
        source.fetch(deleted);
        Files.move(origin.directory(), directory.resolve("elsewhere"));
        try (var another = TestRepository.create(origin.directory())) {
            var random = new java.util.Random(7);
            var big = new byte[100_000];
            random.nextBytes(big);
            another.putBytes("big", big).commit("another history");
            var revision = source.fetch(MAIN).revision();
            source.close();
            flipPack(50_000);

            assertThat(source.open(revision).read("big")).hasValue(big);
            assertThat(source.open(source.pinned("shop").orElseThrow()).read("a"))
                    .isPresent();
            assertThat(source.fetched(deleted).map(Revision::commit)).hasValue(gone);
        }
    }

    @Test
    void a_commit_that_is_nowhere_is_not_a_reason_to_clone_at_each_look() throws IOException {
        origin.put("a", "old").commit("one");
        var old = source.open(source.fetch(MAIN).revision());
        Files.move(origin.directory(), directory.resolve("elsewhere"));
        try (var another = TestRepository.create(origin.directory())) {
            another.put("b", "new").commit("another history");
            source.fetch(MAIN);
            source.close();
            deletePacks();
            assertThat(failure(() -> old.read("a")).kind()).isEqualTo(Kind.DAMAGED);
            var clone = Files.getAttribute(cloneDirectory(), "unix:ino");

            assertThat(failure(() -> old.read("a")).kind()).isEqualTo(Kind.DAMAGED);
            assertThat(Files.getAttribute(cloneDirectory(), "unix:ino")).isEqualTo(clone);
        }
    }

    @Test
    void a_clone_that_was_removed_is_missed_and_brought_again() throws IOException {
        origin.put("a", "1").commit("one");
        var revision = source.fetch(MAIN).revision();
        assertThat(source.has(revision)).isTrue();
        removeClone();

        assertThat(source.has(revision)).isFalse();
        assertThat(source.fetch(MAIN).revision().commit()).isEqualTo(revision.commit());
        assertThat(source.has(revision)).isTrue();
        assertThat(source.open(revision).read("a")).isPresent();
    }

    private void removeClone() throws IOException {
        try (var files = Files.walk(cloneDirectory())) {
            for (var file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Test
    void a_clone_that_cannot_be_packed_is_read_all_the_same_and_a_damaged_one_is_made_again() throws IOException {
        origin.put("a", "1").commit("one");
        source.fetch(MAIN);
        origin.put("a", "2").commit("two");
        source.fetch(MAIN);
        origin.put("a", "3").commit("three");
        var revision = source.fetch(MAIN).revision();
        source.close();
        Files.writeString(cloneDirectory().resolve("config"), "[gc]\n\tautoPackLimit = 1\n", StandardOpenOption.APPEND);
        // As where nothing can be written: a directory stands where the file of packed refs is to be.
        var inTheWay = Files.createDirectories(cloneDirectory().resolve("packed-refs.lock/x"));

        var failure = failure(source::collect);
        assertThat(failure.kind()).isEqualTo(Kind.LOCAL);
        assertThat(failure).hasMessageContaining("cannot be packed");
        assertThat(source.open(revision).read("a")).isPresent();

        Files.delete(inTheWay);
        Files.delete(cloneDirectory().resolve("packed-refs.lock"));
        source.close();
        try (var packs = Files.list(cloneDirectory().resolve("objects/pack"))) {
            for (var pack : packs.filter(f -> f.toString().endsWith(".pack")).toList()) {
                Files.write(pack, new byte[0]);
            }
        }
        source.collect();
        assertThat(source.open(revision).read("a")).isPresent();
    }

    private void deletePacks() throws IOException {
        try (var objects = Files.walk(cloneDirectory().resolve("objects"))) {
            for (var file : objects.filter(Files::isRegularFile).toList()) {
                Files.delete(file);
            }
        }
    }

    private void flipPack(long at) throws IOException {
        try (var objects = Files.walk(cloneDirectory().resolve("objects"))) {
            for (var file : objects.filter(
                            f -> f.toString().endsWith(".pack") && f.toFile().length() > at)
                    .toList()) {
                file.toFile().setWritable(true);
                try (var pack = new RandomAccessFile(file.toFile(), "rw")) {
                    pack.seek(at);
                    var old = pack.read();
                    pack.seek(at);
                    pack.write(old ^ 0xff);
                }
            }
        }
    }

    @Test
    void many_packs_become_few_and_what_is_followed_or_pinned_stays() throws IOException {
        var old = origin.put("a", "1").commit("one");
        source.pin("shop", source.fetch(MAIN).revision());
        var other = origin.put("a", "2").forcePush("refs/heads/main", "two");
        source.fetch(MAIN);
        var newest = origin.put("a", "3").commit("three");
        source.fetch(MAIN);
        source.close();
        var few = packs();

        source.collect();
        assertThat(packs()).as("three are not many").isEqualTo(few).hasSize(3);
        Files.writeString(
                cloneDirectory().resolve("config"),
                "[gc]\n\tautoPackLimit = 1\n\tprunePackExpire = now\n",
                StandardOpenOption.APPEND);
        source.close();
        source.collect();

        assertThat(packs()).hasSizeLessThan(3);
        assertThat(source.open(source.pinned("shop").orElseThrow()).read("a")).hasValue(new byte[] {'1'});
        assertThat(source.revision(old)).isPresent();
        assertThat(source.isAncestor(other, newest)).isTrue();
        assertThat(source.fetch(MAIN).changed()).isFalse();
    }

    private List<String> packs() throws IOException {
        try (var files = Files.list(cloneDirectory().resolve("objects/pack"))) {
            return files.map(f -> f.getFileName().toString())
                    .filter(name -> name.endsWith(".pack"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void many_threads_fetch_one_remote_at_once() throws Exception {
        var commit = origin.put("a", "1").commit("one");
        try (var second = origin.open(root);
                var tasks = Executors.newVirtualThreadPerTaskExecutor()) {
            Callable<String> viaFirst = () -> source.fetch(MAIN).revision().commit();
            Callable<String> viaSecond = () -> second.fetch(MAIN).revision().commit();
            for (var done : tasks.invokeAll(List.of(viaFirst, viaSecond, viaFirst, viaSecond))) {
                assertThat(done.get()).isEqualTo(commit);
            }
        }
    }

    @Test
    void more_than_the_limits_allow_is_refused() throws IOException {
        for (var i = 0; i < 20; i++) {
            origin.put("dir/" + i, "x".repeat(100));
        }
        origin.commit("one");
        var few = new GitSettings.Limits(50, 50, 50, 10, 1 << 20);
        try (var limited = new GitRepositories(root, GitSettings.defaults().withLimits(few))
                .open(Remote.parse(origin.directory().toString()))) {
            assertThat(failure(() -> limited.fetch(MAIN))).hasMessageContaining("more than the 10 files");
        }
        var small = new GitSettings.Limits(50, 50, 50, 1000, 1 << 20);
        try (var limited = new GitRepositories(root, GitSettings.defaults().withLimits(small))
                .open(Remote.parse(origin.directory().toString()))) {
            var tree = limited.open(limited.fetch(MAIN).revision());
            assertThat(failure(() -> tree.read("dir/1"))).hasMessageContaining("dir/1 has 100 bytes; at most 50");
        }
    }

    @Test
    void settings_refuse_a_deadline_shorter_than_the_silence() {
        org.assertj.core.api.Assertions.assertThatIllegalArgumentException()
                .isThrownBy(() -> GitSettings.defaults()
                        .withTimeouts(Duration.ofSeconds(1), Duration.ofSeconds(10), Duration.ofSeconds(5)));
    }
}
