package dev.lockstep.reconciler.review;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.lockstep.reconciler.git.GitSettings;
import dev.lockstep.reconciler.git.WorkTree;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.SourcePosition;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.eclipse.jgit.api.Git;
import org.eclipse.jgit.api.errors.GitAPIException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a range of commits means for hosts that are elsewhere. */
class ReviewTest {
    private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");

    private static final String SHOP = """
            services:
              web:
                image: nginx:1
                environment: {LEVEL: info}
                volumes: ["./conf:/conf:ro", "data:/data"]
                secrets: [key]
            secrets: {key: {file: key.txt}}
            volumes: {data: {}}
            """;

    @TempDir
    private Path directory;

    private Git git;

    @BeforeEach
    void repository() throws GitAPIException, IOException {
        git = Git.init()
                .setDirectory(directory.toFile())
                .setInitialBranch("main")
                .call();
        commit(Map.of(
                "lockstep.yaml", "hosts: {web1: {}, web2: {}}\nstacks: {shop: {hosts: [web1]}}\n",
                "stacks/shop/compose.yaml", SHOP,
                "stacks/shop/key.txt", "one",
                "stacks/shop/conf/a", "a",
                "stacks/db/compose.yaml", "services: {db: {image: 'pg:1', mem_limit: 64m}}",
                "hosts/web2/own/compose.yaml", "services: {x: {image: 'x:1'}}"));
    }

    @AfterEach
    void close() {
        git.close();
    }

    private void commit(Map<String, String> files) throws GitAPIException, IOException {
        for (var file : files.entrySet()) {
            var path = directory.resolve(file.getKey());
            Files.createDirectories(Objects.requireNonNull(path.getParent()));
            Files.writeString(path, file.getValue());
        }
        git.add().addFilepattern(".").call();
        git.commit()
                .setMessage("change")
                .setAuthor("Ann", "ann@example.com")
                .setCommitter("Ann", "ann@example.com")
                .setSign(false)
                .call();
    }

    private Review review(Optional<String> host, Reports reports) throws IOException {
        try (var tree = WorkTree.open(directory, GitSettings.defaults())) {
            return new Reviewer("shop.git", reports, NOW)
                    .review(
                            tree.open(tree.revision("HEAD~1")),
                            tree.open(tree.revision("HEAD")),
                            host,
                            commit -> tree.open(tree.revision(commit)));
        }
    }

    private Review review() throws IOException {
        return review(Optional.empty(), Reports.NONE);
    }

    private static String text(Review review) {
        return new ReviewText(false).print(review);
    }

    @Test
    void a_commit_that_no_stack_reads_changes_nothing() throws GitAPIException, IOException {
        commit(Map.of("README", "x"));

        assertThat(review().isEmpty()).isTrue();
        assertThat(text(review())).contains("web1, web2 have reported nothing").endsWith("""

                No changes on any host. 4 stacks stay as they are.
                """);
    }

    @Test
    void each_host_has_the_stacks_that_are_placed_there() throws GitAPIException, IOException {
        commit(Map.of("stacks/db/compose.yaml", "services: {db: {image: 'pg:1', mem_limit: 96m}}"));

        assertThat(review().plans()).extracting(Plan::host).containsExactly("web1", "web2");
        assertThat(review().plans()).extracting(Plan::stack).containsOnly("db");
        assertThat(text(review()))
                .contains("~ container db-db-1  (in place, it keeps running)")
                .endsWith("""

                In all: 2 stacks on 2 hosts change. 2 stacks stay as they are.
                """);
        assertThat(review(Optional.of("web2"), Reports.NONE).plans())
                .extracting(Plan::host)
                .containsExactly("web2");
    }

    @Test
    void files_that_containers_mount_count_and_no_registry_is_asked() throws GitAPIException, IOException {
        commit(Map.of("stacks/shop/conf/a", "b", "stacks/shop/key.txt", "two"));

        assertThat(text(review()))
                .contains("-/+ container shop-web-1", "volumes: shop:conf@", "secrets.key: at ", "content changed")
                .doesNotContain("two", "000000000000");
    }

    @Test
    void a_stack_that_changes_hosts_is_told_with_what_stays_behind() throws GitAPIException, IOException {
        commit(Map.of("lockstep.yaml", "hosts: {web1: {}, web2: {}}\nstacks: {shop: {hosts: [web2]}}\n"));

        for (var host : new String[] {"web1", "web2"}) {
            assertThat(text(review(Optional.of(host), Reports.NONE)))
                    .contains("Warning: stack shop moves from web1 to web2; its volumes stay where they are, and it"
                            + " begins with empty ones: shop_data.");
        }
        assertThat(new ReviewMarkdown().print(review())).contains("**Warning:** `stack shop moves from web1 to web2;");
        var json = new JsonMapper().readTree(new ReviewJson().print(review(), NOW));
        assertThat(json.path("moves").path(0).toString())
                .isEqualTo("{\"stack\":\"shop\",\"from\":[\"web1\"],\"to\":[\"web2\"],\"volumes\":[\"shop_data\"]}");
        assertThat(json.path("plans")).hasSize(2);
        try (var schema = Plan.class.getResourceAsStream("review.schema.json")) {
            assertThat(SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
                            .getSchema(new String(schema.readAllBytes(), StandardCharsets.UTF_8), InputFormat.JSON)
                            .validate(json))
                    .isEmpty();
        }
    }

    @Test
    void a_host_that_has_reported_is_compared_with_what_it_runs() throws GitAPIException, IOException {
        var first = Objects.requireNonNull(git.getRepository().resolve("HEAD")).name();
        commit(Map.of("stacks/db/compose.yaml", "services: {db: {image: 'pg:1', mem_limit: 96m}}"));
        commit(Map.of("stacks/db/compose.yaml", "services: {db: {image: 'pg:1', mem_limit: 128m}}"));
        var reports = new Reports(Map.of("web2", report(Map.of("db", first, "own", first), "rolled-back")));

        assertThat(text(review(Optional.empty(), reports)))
                .contains(
                        "host web2 is as it reported 5 minutes ago: db %1$s (rolled-back), own %1$s (rolled-back)"
                                .formatted(first.substring(0, 7)),
                        "web1 has reported nothing",
                        "mem_limit: 64 MiB → 128 MiB",
                        "mem_limit: 96 MiB → 128 MiB");
    }

    private static Reports.Report report(Map<String, String> applied, String state) {
        var stacks = new HashMap<String, Reports.Stack>();
        applied.forEach((stack, commit) -> stacks.put(
                stack, new Reports.Stack(Optional.of(commit), Optional.of(state).filter(s -> !s.isEmpty()))));
        return new Reports.Report(NOW.minusSeconds(300), stacks);
    }

    @Test
    void without_an_older_commit_only_hosts_that_have_reported_are_planned() throws GitAPIException, IOException {
        var first = Objects.requireNonNull(git.getRepository().resolve("HEAD")).name();
        commit(Map.of("stacks/db/compose.yaml", "services: {db: {image: 'pg:1', mem_limit: 96m}}"));
        var lost = "0123456789".repeat(4);
        var reports = new Reports(Map.of("web2", report(Map.of("db", first, "own", lost, "left", first), "")));
        try (var tree = WorkTree.open(directory, GitSettings.defaults())) {
            var review = new Reviewer("shop.git", reports, NOW)
                    .review(
                            tree.open(tree.revision("HEAD")),
                            Optional.empty(),
                            commit -> tree.open(tree.revision(commit)));

            assertThat(text(review))
                    .contains(
                            "mem_limit: 64 MiB → 96 MiB",
                            "web1 has reported nothing: not planned; BASE..HEAD compares",
                            "host web2 runs stack own of commit 0123456, which is not in this clone ('git fetch'"
                                    + " brings it): shown as if it did not run",
                            "host web2 runs stack left of commit " + first.substring(0, 7)
                                    + ", which does not have it here")
                    .doesNotContain("stack shop");
        }
    }

    @Test
    void what_a_stack_calls_external_is_there_and_stays() throws GitAPIException, IOException {
        var without = "services: {db: {image: 'pg:1'}}";
        var with = """
                services: {db: {image: 'pg:1', networks: [default, proxy], volumes: ['kept:/kept']}}
                networks: {default: {}, proxy: {external: true}}
                volumes: {kept: {external: true}}
                """;
        commit(Map.of("stacks/db/compose.yaml", without));
        commit(Map.of("stacks/db/compose.yaml", with));
        assertThat(text(review()))
                .contains("-/+ container db-db-1", "networks.proxy: proxy")
                .doesNotContain("Error", "network proxy");

        commit(Map.of("stacks/db/compose.yaml", without));
        assertThat(text(review())).contains("-/+ container db-db-1").doesNotContain("network proxy", "volume kept  ");
    }

    @Test
    void what_is_wrong_in_the_newer_commit_is_told_at_its_place() throws GitAPIException, IOException {
        commit(Map.of("stacks/db/compose.yaml", "services: {db: {imag: 'pg:1'}}"));

        assertThat(review().problems().toString()).contains("stacks/db/compose.yaml:1:17");
    }

    @Test
    void a_repository_that_names_no_host_is_for_every_one() throws GitAPIException, IOException {
        git.rm().addFilepattern("lockstep.yaml").addFilepattern("hosts").call();
        commit(Map.of("x", ""));
        commit(Map.of("stacks/db/compose.yaml", "services: {db: {image: 'pg:1', mem_limit: 96m}}"));

        assertThat(text(review())).contains("Host (every host), stack db");
    }

    @Test
    void a_comment_that_is_too_long_loses_whole_stacks_and_keeps_its_last_line() throws GitAPIException, IOException {
        var files = new HashMap<String, String>();
        for (var stack = 0; stack < 40; stack++) {
            files.put(
                    "stacks/s" + stack + "/compose.yaml",
                    "services: {'a" + stack + "': {image: 'x', labels: {k: '" + "ä".repeat(300) + "'}}}");
        }
        commit(files);
        commit(Map.of("other", ""));
        files.replaceAll((_, text) -> text.replace("'x'", "'y', user: '<b>'"));
        commit(files);
        var text = new ReviewMarkdown(20_000).print(review());

        assertThat(text.getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(20_000);
        assertThat(text)
                .containsPattern("… and \\d+ more stacks with \\d+ actions; `lockstep diff` shows all\n")
                .endsWith("\n**In all: 80 stacks on 2 hosts change. 4 stacks stay as they are.**\n");
        assertThat(text.split("### Lockstep", -1)).hasSizeGreaterThan(10);
    }

    @Test
    void what_is_wrong_is_in_a_comment_however_many_hosts_have_reported() {
        var wrong = new Problem(new SourcePosition("compose.yaml", 1, 1), "services.web", "is wrong");
        var move = new Move("shop", Set.of("web1"), Set.of("web2"), List.of("shop_data"));
        var text = new ReviewMarkdown(20_000)
                .print(new Review(
                        "a",
                        "b",
                        List.of(),
                        0,
                        List.of(move),
                        Collections.nCopies(100, "host web1 is as it reported " + "x".repeat(300)),
                        List.of(wrong)));

        assertThat(text.getBytes(StandardCharsets.UTF_8)).hasSizeLessThanOrEqualTo(20_000);
        assertThat(text)
                .contains("**Warning:** `stack shop moves", "**Error:** `compose.yaml:1:1: services.web: is wrong`")
                .containsSubsequence("host web1 is as it reported", "… and more\n\n**");
    }
}
