package dev.lockstep.reconciler.git;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.lockstep.reconciler.git.GitException.Kind;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Path;
import org.eclipse.jgit.lib.FileMode;
import org.eclipse.jgit.lib.ObjectId;
import org.eclipse.jgit.lib.TreeFormatter;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommitTreeTest {
    @TempDir
    Path directory;

    private TestRepository origin;
    private GitSource source;

    @BeforeEach
    void open() throws IOException {
        origin = TestRepository.create(directory.resolve("shop.git"));
        source = origin.open(Root.open(directory.resolve("state"), directory.resolve("run")));
    }

    @AfterEach
    void close() {
        source.close();
        origin.close();
    }

    private CommitTree tree() throws IOException {
        origin.commit("one");
        return origin.fetchMain(source);
    }

    @Test
    void links_inside_the_commit_are_followed_by_reading_and_listing() throws IOException {
        origin.put("common/env", "A=1")
                .putLink("stacks/web/.env", "../../common/env")
                .putLink("alias", "stacks/web");
        var tree = tree();

        assertThat(tree.read("alias/.env")).hasValue("A=1".getBytes(UTF_8));
        assertThat(tree.resolve("alias/.env").orElseThrow().path()).isEqualTo("common/env");
        assertThat(tree.entry("alias").orElseThrow().mode()).isEqualTo(TreeEntry.Mode.SYMLINK);
        assertThat(tree.list(""))
                .extracting(e -> e.name() + e.directory())
                .containsExactly("aliastrue", "commontrue", "stackstrue");
        assertThat(tree.list("alias")).extracting(e -> e.name()).containsExactly(".env");
        assertThat(tree.list("nothing")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/etc/shadow", "../../../etc/shadow", "..", "/"})
    void a_link_out_of_the_commit_is_refused_whatever_it_names(String target) throws IOException {
        origin.putLink("web/.env", target.equals("..") ? "../.." : target);
        var tree = tree();

        var failure = catchThrowableOfType(GitException.class, () -> tree.read("web/.env"));

        assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
        assertThat(failure).hasMessageContaining("web/.env is a symbolic link that leaves the repository");
        assertThat(tree.list("web")).extracting(e -> e.directory()).containsExactly(false);
    }

    @Test
    void links_in_a_circle_are_refused() throws IOException {
        origin.putLink("a", "b").putLink("b", "a");
        var tree = tree();
        assertThat(catchThrowableOfType(GitException.class, () -> tree.read("a")))
                .hasMessageContaining("circles");
    }

    @Test
    void a_path_that_leaves_the_repository_is_refused() throws IOException {
        origin.put("a", "1");
        var tree = tree();
        for (var path : new String[] {"../a", "/etc/passwd", "x/../../a"}) {
            assertThat(catchThrowableOfType(GitException.class, () -> tree.read(path)))
                    .hasMessageContaining("leaves the repository");
        }
        assertThat(tree.read("./x/../a")).isPresent();
    }

    @Test
    void a_submodule_is_refused_when_it_is_read_and_listed_as_nothing() throws IOException {
        origin.put("a", "1").putSubmodule("lib");
        var tree = tree();
        assertThat(catchThrowableOfType(GitException.class, () -> tree.read("lib")))
                .hasMessageContaining("lib is a submodule");
        assertThat(tree.read("lib/file")).isEmpty();
        assertThat(tree.list("lib")).isEmpty();
    }

    @Test
    void modes_and_ids_are_those_of_git() throws IOException {
        origin.put("a", "hello\n").putExecutable("bin/run", "#!/bin/sh\n");
        var tree = tree();
        assertThat(tree.entry("a").orElseThrow().identity())
                .isEqualTo("100644-ce013625030ba8dba906f756967f9e9ca394464a");
        assertThat(tree.entry("bin/run").orElseThrow().mode()).isEqualTo(TreeEntry.Mode.EXECUTABLE);
        assertThat(tree.isExecutable("bin/run")).isTrue();
        assertThat(tree.isExecutable("a")).isFalse();
        assertThat(tree.isExecutable("nothing")).isFalse();
        assertThat(tree.entry("bin").orElseThrow().identity()).startsWith("040000-");
        assertThat(tree.entry("").orElseThrow().objectId())
                .isEqualTo(tree.revision().tree());
        assertThat(tree.walk(tree.entry("").orElseThrow()))
                .extracting(TreeEntry::path)
                .containsExactly("a", "bin/run");
    }

    @Test
    void bytes_are_as_committed() throws IOException {
        origin.put(".gitattributes", "* text=auto eol=crlf\n").put("a", "one\ntwo\r\n");
        assertThat(tree().read("a")).hasValue("one\ntwo\r\n".getBytes(UTF_8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", ".", ".git", ".GIT", "git~1", ".g\u200cit", "a/b"})
    void a_commit_with_a_name_that_no_repository_may_have_is_refused(String name) throws IOException {
        origin.put("a", "1").commit("good");
        ObjectId tree;
        try (var inserter = origin.repository().newObjectInserter()) {
            var formatter = new TreeFormatter();
            formatter.append(name.getBytes(UTF_8), FileMode.REGULAR_FILE, origin.id("refs/heads/main:a"));
            tree = inserter.insert(formatter);
            var commit = new org.eclipse.jgit.lib.CommitBuilder();
            commit.setTreeId(tree);
            var ident = new org.eclipse.jgit.lib.PersonIdent("x", "x@example.org");
            commit.setAuthor(ident);
            commit.setCommitter(ident);
            commit.setMessage("bad");
            var id = inserter.insert(commit);
            inserter.flush();
            origin.set("refs/heads/main", id.name());
        }
        var failure = catchThrowableOfType(GitException.class, () -> source.fetch(new FollowedRef("main")));
        assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
        assertThat(source.fetched(new FollowedRef("main"))).isEmpty();
    }
}
