package dev.lockstep.spec.repository;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.check.Finding;
import dev.lockstep.spec.load.DirectoryTree;
import dev.lockstep.spec.settings.AgentSettings;
import dev.lockstep.spec.settings.HostRules;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RepositoryCheckTest {
    @TempDir
    private Path root;

    private void file(String path, String text) throws IOException {
        var file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private RepositoryReport check() throws IOException {
        return check(Optional.empty());
    }

    private RepositoryReport check(Optional<ImagePolicy> host) throws IOException {
        return RepositoryCheck.check(
                DirectoryTree.confined(root), "", "infra", UnaryOperator.identity(), host, HostRules.NONE);
    }

    private List<String> findings() throws IOException {
        return findings(Optional.empty());
    }

    private List<String> findings(Optional<ImagePolicy> host) throws IOException {
        return check(host).findings().stream()
                .map(finding -> finding.severity() + " " + finding.rule().id() + " " + finding.problem())
                .toList();
    }

    @Test
    void a_build_that_nothing_can_name_is_an_error_at_its_place() throws IOException {
        file("stacks/shop/compose.yaml", "services: {a: {image: 'x:1'}}");
        file("lockstep.yaml", """
                builds:
                  api: {context: api, image: registry.example/api, tags: "{version}", when: {branches: [main]}}
                """);
        assertThat(findings())
                .containsExactly("ERROR settings lockstep.yaml:2:58: builds.api.tags: none of them can be filled in"
                        + " for a branch that is pushed. Add {branch} or {sha7}");
    }

    @Test
    void a_stack_is_held_to_what_its_repository_lets_it_ask_for() throws IOException {
        file("stacks/shop/compose.yaml", "services: {a: {image: 'x:1', cap_add: [SYS_TIME, NET_ADMIN]}}");
        file("lockstep.yaml", "policy: {capabilities: [SYS_TIME]}\n");
        assertThat(findings())
                .filteredOn(finding -> finding.startsWith("ERROR"))
                .containsExactly("ERROR policy stacks/shop/compose.yaml:1:50: services.a.cap_add[1]: asks for the"
                        + " capability NET_ADMIN. The repository's lockstep.yaml does not allow it: it is not in"
                        + " policy.capabilities at lockstep.yaml:1:10");
    }

    @Test
    void what_agents_act_on_is_no_finding() throws IOException {
        file("stacks/shop/compose.yaml", "services: {a: {image: 'x:1'}}");
        file("stacks/base/compose.yaml", "services: {a: {image: 'x:1'}}");
        file("lockstep.yaml", """
                hosts: {web1: {labels: {role: web}}}
                stacks:
                  shop: {labels: {role: web}, after: [base]}
                """);
        assertThat(findings()).isEmpty();
        assertThat(check().stacks())
                .extracting(stack -> stack.name() + " " + stack.hosts())
                .containsExactly("base [web1]", "shop [web1]");
    }

    @Test
    void every_stack_of_every_host_is_checked_and_every_problem_told_once() throws IOException {
        file("stacks/one/compose.yaml", "services: {a: {image: 'x:1', ports: ['80:80']}}");
        file("stacks/two/compose.yaml", "services: {a: {image: 'x:1', ports: ['80:80'], prots: []}}");
        file("hosts/web1/three/compose.yaml", "services: {a: {image: 'x:1', ports: ['80:80']}}");
        file("hosts/web2/four/compose.yaml", "services: {a: {image: 'x:1', env_file: ../../../../secret}}");
        file("lockstep.yaml", "stacks: {gone: {}}\nhots: {}");
        assertThat(findings())
                .allSatisfy(finding -> assertThat(finding).containsPattern("(?:lockstep|compose)\\.yaml:\\d+:\\d+: "))
                .anySatisfy(finding -> assertThat(finding).contains("two/compose.yaml", "services.a.prots"))
                .anySatisfy(finding -> assertThat(finding).contains("three/compose.yaml", "80"))
                .anySatisfy(finding -> assertThat(finding).contains("four/compose.yaml", "outside of this project"))
                .anySatisfy(finding -> assertThat(finding).contains("lockstep.yaml:2:1: hots"))
                .doesNotHaveDuplicates();
    }

    private static final String KEY = "\"-----BEGIN PUBLIC KEY-----\\n%s\\n-----END PUBLIC KEY-----\"";

    private static Optional<ImagePolicy> host(String yaml) {
        return AgentSettings.read("agent.yaml", yaml.getBytes(StandardCharsets.UTF_8))
                        instanceof AgentSettings.Read.Valid(var settings, var unused)
                ? Optional.of(settings.images())
                : Optional.empty();
    }

    @Test
    void what_would_let_more_images_run_than_the_policy_above_is_told_with_both_places() throws IOException {
        file("stacks/shop/compose.yaml", "services: {a: {image: 'x:1'}}");
        file("lockstep.yaml", """
                policy:
                  registries: [docker.io, ghcr.io]
                  images:
                    "*": {forbid-latest: true, require-digest: true}
                    registry.example.com/*:
                      require-signed: %s
                stacks:
                  shop:
                    policy:
                      registries: [docker.io, quay.io]
                      images:
                        docker.io/nginx: {}
                        docker.io/*: {forbid-latest: false, require-digest: true, local: refuse}
                        ghcr.io/a/b: {require-digest: true}
                        registry.example.com/team/*: {local: allow, require-digest: true}
                """.formatted(KEY.formatted("AAAA")));
        assertThat(findings(host("""
                        images:
                          registries: [docker.io]
                          rules:
                            docker.io/library/*: {local: refuse}
                        """)))
                .containsExactly(
                        "WARNING settings lockstep.yaml:2:27: policy.registries[1]: the host does not allow ghcr.io"
                                + " (registries at agent.yaml:2:3), so no image comes from there. Take it out here,"
                                + " or allow it there",
                        "WARNING settings lockstep.yaml:10:31: stacks.shop.policy.registries[1]: the host does not"
                                + " allow quay.io (registries at agent.yaml:2:3), so no image comes from there."
                                + " Take it out here, or allow it there",
                        "WARNING settings lockstep.yaml:10:31: stacks.shop.policy.registries[1]: the repository's"
                                + " policy does not allow quay.io (registries at lockstep.yaml:2:3), so no image"
                                + " comes from there. Take it out here, or allow it there",
                        "WARNING settings lockstep.yaml:12:9: stacks.shop.policy.images.docker.io/nginx: is no"
                                + " exception: the host wants local: refuse of these images (rule"
                                + " \"docker.io/library/*\" at agent.yaml:4:5). Take it out here, or make the exception"
                                + " there",
                        "WARNING settings lockstep.yaml:12:9: stacks.shop.policy.images.docker.io/nginx: is no"
                                + " exception: the repository's policy wants require-digest, forbid-latest of these"
                                + " images (rule \"*\" at lockstep.yaml:4:5). Take it out here, or make the exception"
                                + " there",
                        "WARNING settings lockstep.yaml:13:38: stacks.shop.policy.images.docker.io/*.forbid-latest:"
                                + " takes nothing away: the repository's policy wants forbid-latest of these images"
                                + " (rule \"*\" at lockstep.yaml:4:5). Take it out here, or change it there",
                        "WARNING settings lockstep.yaml:15:46: stacks.shop.policy.images.registry.example.com/team/*"
                                + ".local: takes nothing away: the repository's policy wants local: refuse of these images"
                                + " (rule \"registry.example.com/*\" at lockstep.yaml:5:5). Take it out here, or change"
                                + " it there");
    }

    @Test
    void keys_that_no_image_can_be_signed_by_alone_are_told() throws IOException {
        file("stacks/shop/compose.yaml", "services: {a: {image: 'x:1'}}");
        file("lockstep.yaml", """
                policy:
                  images:
                    "*":
                      require-signed: %s
                """.formatted(KEY.formatted("AAAA")));
        var hosts = "images:\n  rules:\n    '*':\n      require-signed: ";
        assertThat(findings(host(hosts + KEY.formatted("BBBB") + "\n")))
                .containsExactly(
                        "WARNING settings lockstep.yaml:4:23: policy.images.*.require-signed: names none of the"
                                + " keys that the host believes (rule \"*\" at agent.yaml:3:5): an image must be signed by one"
                                + " of each");
        assertThat(findings(host(hosts + KEY.formatted("AAAA") + "\n"))).isEmpty();
        assertThat(findings(host(hosts + "keys/a.pub\n"))).isEmpty();
    }

    @Test
    void keys_of_image_rules_that_there_are_not_are_told_with_their_place() throws IOException {
        file("stacks/shop/compose.yaml", "services: {a: {image: 'x:1'}}");
        file("lockstep.yaml", """
                policy:
                  images:
                    "*": {forbid-lates: true}
                    nginx: {}
                stacks:
                  shop: {policy: {images: {docker.io/a/*: {require-signed: release.pub}}, registrys: []}}
                """);
        assertThat(findings())
                .satisfiesExactly(
                        f -> assertThat(f)
                                .contains(
                                        "lockstep.yaml:3:11: policy.images.*.forbid-lates: unknown key",
                                        "\"forbid-latest\"?"),
                        f -> assertThat(f)
                                .contains(
                                        "lockstep.yaml:4:5: policy.images.nginx", "write \"docker.io/library/nginx\""),
                        f -> assertThat(f).contains("lockstep.yaml:6:60", "must be the public key itself"),
                        f -> assertThat(f).contains("lockstep.yaml:6:75", "registrys", "\"registries\"?"));
    }

    @Test
    void a_directory_without_any_stack_is_an_error() throws IOException {
        file("lockstep.yaml", "hosts: {}");
        assertThat(check().findings())
                .extracting(Finding::problem)
                .singleElement()
                .asString()
                .contains("has no compose file");
    }
}
