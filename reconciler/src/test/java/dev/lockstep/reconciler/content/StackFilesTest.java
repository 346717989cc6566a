package dev.lockstep.reconciler.content;

import static dev.lockstep.reconciler.content.FileChange.Kind.LEAVE;
import static dev.lockstep.reconciler.content.FileChange.Kind.MAKE_DIRECTORY;
import static dev.lockstep.reconciler.content.FileChange.Kind.MISSING;
import static dev.lockstep.reconciler.content.FileChange.Kind.OBSTRUCTED;
import static dev.lockstep.reconciler.content.FileChange.Kind.REMOVE;
import static dev.lockstep.reconciler.content.FileChange.Kind.REMOVE_AND_KEEP;
import static dev.lockstep.reconciler.content.FileChange.Kind.UPDATE;
import static dev.lockstep.reconciler.content.FileChange.Kind.UPDATE_AND_KEEP;
import static dev.lockstep.reconciler.content.FileChange.Kind.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.reconciler.git.CommitTree;
import dev.lockstep.reconciler.git.GitSource;
import dev.lockstep.reconciler.git.TestRepository;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StackFilesTest {
    @TempDir
    Path directory;

    private Root root;
    private TestRepository origin;
    private GitSource source;
    private StackFiles stack;
    private Path files;
    private Instant now = Instant.parse("2026-11-24T12:00:00Z");

    @BeforeEach
    void open() throws IOException {
        root = Root.open(directory.resolve("state"), directory.resolve("run"));
        origin = TestRepository.create(directory.resolve("shop.git"));
        source = origin.open(root);
        stack = new StackFiles(root, "web", () -> now);
        files = root.state().resolve("stacks/web/files");
    }

    @AfterEach
    void close() {
        source.close();
        origin.close();
    }

    private CommitTree commit() throws IOException {
        origin.commit("next");
        now = now.plusSeconds(60);
        return origin.fetchMain(source);
    }

    private static List<MountSource.StackFile> sources(CommitTree tree, String... writable) throws IOException {
        var mounts = Arrays.stream(writable)
                .map(w -> new BindMount("service web", w, false, true))
                .toList();
        var sources = new ArrayList<MountSource.StackFile>();
        for (var found : MountSources.classify(tree, "", mounts).values()) {
            sources.add((MountSource.StackFile) found);
        }
        return sources;
    }

    /** Installs, and checks that preparing said the same and changed nothing. */
    private List<FileChange> install(CommitTree tree, String... writable) throws IOException {
        var before = listing();
        var prepared = stack.prepare(tree, sources(tree, writable));
        assertThat(listing()).isEqualTo(before);
        var done = stack.install(tree, sources(tree, writable));
        assertThat(done).isEqualTo(prepared);
        assertThat(stack.install(tree, sources(tree, writable)))
                .allSatisfy(c -> assertThat(c.kind()).isIn(LEAVE, OBSTRUCTED, MISSING));
        return done;
    }

    private List<String> listing() throws IOException {
        var stacks = root.state().resolve("stacks");
        if (Files.notExists(stacks)) {
            return List.of();
        }
        try (var walk = Files.walk(stacks)) {
            return walk.map(p -> p + " " + p.toFile().lastModified()).sorted().toList();
        }
    }

    private List<String> kept() throws IOException {
        var kept = root.state().resolve("stacks/web/kept");
        try (var walk = Files.walk(kept)) {
            return walk.filter(Files::isRegularFile)
                    .map(p -> kept.relativize(p).toString())
                    .sorted()
                    .toList();
        }
    }

    private static FileChange change(FileChange.Kind kind, String path) {
        return new FileChange(kind, path);
    }

    @Test
    void data_beside_tracked_files_is_untouched_by_ten_revisions_and_a_return() throws IOException {
        origin.put("data/schema.sql", "v0").put("data/sub/conf", "c0");
        var first = commit();
        install(first, "./data");
        Files.writeString(files.resolve("data/rows"), "precious");
        Files.createDirectories(files.resolve("data/sub/own"));
        Files.writeString(files.resolve("data/sub/own/file"), "mine");
        for (var i = 1; i <= 10; i++) {
            origin.put("data/schema.sql", "v" + i);
            if (i == 5) {
                origin.remove("data/sub");
            }
            install(commit(), "./data");
            assertThat(files.resolve("data/schema.sql")).hasContent("v" + i);
        }
        assertThat(files.resolve("data/sub/conf")).doesNotExist();

        assertThat(install(first, "./data"))
                .containsExactly(change(UPDATE, "data/schema.sql"), change(WRITE, "data/sub/conf"));

        assertThat(files.resolve("data/schema.sql")).hasContent("v0");
        assertThat(files.resolve("data/rows")).hasContent("precious");
        assertThat(files.resolve("data/sub/own/file")).hasContent("mine");
        assertThat(kept()).isEmpty();
    }

    @Test
    void an_untracked_source_is_made_as_a_directory_unless_that_is_forbidden() throws IOException {
        origin.put("x", "1");
        var tree = commit();
        assertThat(install(tree, "./data/db")).containsExactly(change(MAKE_DIRECTORY, "data/db"));
        assertThat(Files.getPosixFilePermissions(files.resolve("data/db")))
                .isEqualTo(PosixFilePermissions.fromString("rwxr-xr-x"));

        var strict = MountSources.classify(tree, "", List.of(new BindMount("service web", "other", false, false)))
                .values();
        assertThat(stack.install(
                        tree,
                        strict.stream().map(MountSource.StackFile.class::cast).toList()))
                .containsExactly(change(MISSING, "other"));
        assertThat(files.resolve("other")).doesNotExist();
    }

    @Test
    void a_file_changed_on_the_host_stays_until_the_commit_changes_it_and_is_kept_then() throws IOException {
        origin.put("app/a.ini", "git 1").put("app/b.ini", "git 1");
        install(commit(), "app");
        Files.writeString(files.resolve("app/a.ini"), "host");

        origin.put("app/b.ini", "git 2");
        assertThat(install(commit(), "app")).containsExactly(change(LEAVE, "app/a.ini"), change(UPDATE, "app/b.ini"));
        assertThat(files.resolve("app/a.ini")).hasContent("host");

        origin.put("app/a.ini", "git 3");
        assertThat(install(commit(), "app")).containsExactly(change(UPDATE_AND_KEEP, "app/a.ini"));
        assertThat(files.resolve("app/a.ini")).hasContent("git 3");
        assertThat(kept()).containsExactly("app/a.ini.20261124T120300000Z");
        assertThat(root.state().resolve("stacks/web/kept").resolve(kept().getFirst()))
                .hasContent("host");
    }

    @Test
    void a_file_removed_on_the_host_comes_back_when_the_commit_changes_it() throws IOException {
        origin.put("app/a.ini", "1").put("app/b", "1");
        install(commit(), "app");
        Files.delete(files.resolve("app/a.ini"));
        assertThat(install(commit(), "app")).containsExactly(change(LEAVE, "app/a.ini"));
        origin.put("app/a.ini", "2");
        assertThat(install(commit(), "app")).containsExactly(change(WRITE, "app/a.ini"));
    }

    @Test
    void a_file_removed_in_git_goes_and_a_changed_one_is_kept() throws IOException {
        origin.put("app/a", "1").put("app/b", "1").put("app/c", "1");
        install(commit(), "app");
        Files.writeString(files.resolve("app/b"), "host");
        origin.remove("app/a").remove("app/b");

        assertThat(install(commit(), "app"))
                .containsExactlyInAnyOrder(change(REMOVE, "app/a"), change(REMOVE_AND_KEEP, "app/b"));

        assertThat(files.resolve("app/b")).doesNotExist();
        assertThat(kept()).singleElement().asString().startsWith("app/b.");
    }

    @Test
    void a_user_file_that_git_begins_to_track_is_kept_and_an_equal_one_is_adopted() throws IOException {
        origin.put("app/a", "1");
        install(commit(), "app");
        Files.writeString(files.resolve("app/new"), "mine");
        Files.writeString(files.resolve("app/same"), "same");
        origin.put("app/new", "git").put("app/same", "same");

        assertThat(install(commit(), "app")).containsExactly(change(UPDATE_AND_KEEP, "app/new"));

        assertThat(kept()).hasSize(1);
        origin.put("app/same", "next");
        assertThat(install(commit(), "app")).containsExactly(change(UPDATE, "app/same"));
    }

    @Test
    void a_file_may_become_a_directory_and_a_directory_a_file() throws IOException {
        origin.put("app/x", "file").put("app/y/a", "1").put("app/y/b/c", "2");
        install(commit(), "app");
        origin.remove("app/x").put("app/x/inner", "now a directory").remove("app/y");
        install(commit(), "app");
        assertThat(files.resolve("app/x/inner")).hasContent("now a directory");

        origin.remove("app/x").put("app/x", "file again").put("app/y", "file");
        Files.createDirectories(files.resolve("app/y/empty/too"));
        assertThat(install(commit(), "app"))
                .containsExactly(change(REMOVE, "app/x/inner"), change(WRITE, "app/x"), change(WRITE, "app/y"));

        assertThat(files.resolve("app/x")).hasContent("file again");
        assertThat(files.resolve("app/y")).hasContent("file");
    }

    @Test
    void data_in_the_way_of_a_tracked_file_is_never_touched() throws IOException {
        origin.put("app/a", "1");
        install(commit(), "app");
        Files.createDirectory(files.resolve("app/x"));
        Files.writeString(files.resolve("app/x/data"), "mine");
        Files.writeString(files.resolve("app/y"), "mine");
        origin.put("app/x", "git").put("app/y/z", "git");

        assertThat(install(commit(), "app"))
                .containsExactly(change(OBSTRUCTED, "app/x"), change(OBSTRUCTED, "app/y/z"));

        assertThat(files.resolve("app/x/data")).hasContent("mine");
        assertThat(files.resolve("app/y")).hasContent("mine");
    }

    @Test
    void a_link_that_a_container_put_in_place_of_a_directory_is_not_followed() throws IOException {
        var victim = Files.createDirectory(directory.resolve("etc"));
        Files.writeString(victim.resolve("passwd"), "root");
        origin.put("data/conf/passwd", "1").put("data/top", "1");
        install(commit(), "data");
        Files.delete(files.resolve("data/conf/passwd"));
        Files.delete(files.resolve("data/conf"));
        Files.createSymbolicLink(files.resolve("data/conf"), victim);
        origin.put("data/conf/passwd", "evil");

        assertThat(install(commit(), "data")).containsExactly(change(OBSTRUCTED, "data/conf/passwd"));

        assertThat(victim.resolve("passwd")).hasContent("root");
        origin.remove("data/conf");
        install(commit(), "data");
        assertThat(victim.resolve("passwd")).hasContent("root");
    }

    @Test
    void a_link_in_place_of_the_mounted_directory_itself_or_of_a_file_is_not_followed() throws IOException {
        var victim = Files.createDirectory(directory.resolve("etc"));
        Files.writeString(victim.resolve("passwd"), "root");
        origin.put("data/passwd", "1").put("one/file", "1");
        install(commit(), "data/passwd", "one");
        Files.delete(files.resolve("data/passwd"));
        Files.createSymbolicLink(files.resolve("data/passwd"), victim.resolve("passwd"));
        Files.delete(files.resolve("one/file"));
        Files.delete(files.resolve("one"));
        Files.createSymbolicLink(files.resolve("one"), victim);
        origin.put("data/passwd", "git").put("one/file", "2");

        assertThat(install(commit(), "data/passwd", "one"))
                .contains(change(UPDATE_AND_KEEP, "data/passwd"), change(OBSTRUCTED, "one/file"));

        assertThat(files.resolve("data/passwd")).isRegularFile().hasContent("git");
        assertThat(victim.resolve("passwd")).hasContent("root");
        assertThat(victim.resolve("file")).doesNotExist();
    }

    @Test
    void a_fifo_in_place_of_a_tracked_file_does_not_stop_us() throws Exception {
        origin.put("data/a", "1");
        install(commit(), "data");
        Files.delete(files.resolve("data/a"));
        assertThat(new ProcessBuilder("mkfifo", files.resolve("data/a").toString())
                        .start()
                        .waitFor())
                .isZero();
        origin.put("data/a", "2");
        assertThat(install(commit(), "data")).containsExactly(change(OBSTRUCTED, "data/a"));
    }

    @Test
    void a_single_file_is_replaced_whole_with_gits_mode() throws IOException {
        origin.put("nginx.conf", "1");
        install(commit(), "nginx.conf");
        var inode = Files.getAttribute(files.resolve("nginx.conf"), "unix:ino");
        origin.remove("nginx.conf").putExecutable("nginx.conf", "1");

        assertThat(install(commit(), "nginx.conf")).containsExactly(change(UPDATE, "nginx.conf"));

        assertThat(Files.getAttribute(files.resolve("nginx.conf"), "unix:ino")).isNotEqualTo(inode);
        assertThat(Files.getPosixFilePermissions(files.resolve("nginx.conf")))
                .isEqualTo(PosixFilePermissions.fromString("rwxr-xr-x"));
        assertThat(stack.locate(sources(origin.fetchMain(source), "nginx.conf").getFirst()))
                .isEqualTo(files.resolve("nginx.conf"));
    }

    @Test
    void tracked_links_inside_are_written_and_links_outside_refused() throws IOException {
        origin.put("app/a", "1").putLink("app/link", "a");
        install(commit(), "app");
        assertThat(Files.readSymbolicLink(files.resolve("app/link"))).hasToString("a");
        origin.putLink("app/link", "/etc/passwd");
        var tree = commit();
        assertThatThrownBy(() -> stack.prepare(tree, sources(tree, "app")))
                .hasMessageContaining("app/link is a symbolic link to /etc/passwd");
    }

    @Test
    void the_whole_directory_of_the_stack_may_be_mounted() throws IOException {
        origin.put("compose.yaml", "1").put("data/a", "1");
        assertThat(install(commit(), ".", "./data"))
                .extracting(FileChange::asText)
                .containsExactly("+ data made as a directory", "+ compose.yaml written", "+ data/a written");
    }

    @Test
    void a_crash_between_file_and_record_is_finished_by_the_next_install() throws IOException {
        origin.put("app/a", "1");
        install(commit(), "app");
        var record = root.state().resolve("stacks/web/files.json");
        var before = Files.readAllBytes(record);
        origin.put("app/a", "2");
        var tree = commit();
        install(tree, "app");
        Files.write(record, before);

        assertThat(install(tree, "app")).isEmpty();
        origin.put("app/a", "3");
        assertThat(install(commit(), "app")).containsExactly(change(UPDATE, "app/a"));
    }

    @Test
    void what_a_killed_process_was_writing_goes_with_the_next_install() throws IOException {
        origin.put("app/a", "1");
        install(commit(), "app");
        var staging = root.state().resolve("stacks/web/staging");
        Files.writeString(staging.resolve("1f"), "half");
        Files.createSymbolicLink(staging.resolve("2e"), files.resolve("app/a"));
        origin.put("app/a", "2");
        stack.install(commit(), sources(origin.fetchMain(source), "app"));

        assertThat(staging).isEmptyDirectory();
        assertThat(files.resolve("app/a")).hasContent("2");
    }

    @Test
    void deleting_takes_everything_and_only_of_this_stack() throws IOException {
        origin.put("app/a", "1");
        install(commit(), "app");
        var other = Files.createDirectories(root.state().resolve("stacks/other/files"));
        stack.delete();
        assertThat(files).doesNotExist();
        assertThat(other).exists();
        assertThat(install(origin.fetchMain(source), "app"))
                .containsExactly(change(MAKE_DIRECTORY, "app"), change(WRITE, "app/a"));
    }

    @Test
    void a_name_that_is_no_stack_is_refused() {
        assertThatThrownBy(() -> new StackFiles(root, "../x", () -> now)).isInstanceOf(IllegalArgumentException.class);
    }
}
