package dev.lockstep.spec.repository;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.check.Finding;
import dev.lockstep.spec.load.DirectoryTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RepositoryCheckTest {
    private static final String NOT_ACTED_ON =
            "this version of the agent does not act on it, and does not pass over it."
                    + " Take it out, or follow with a version that does";

    @TempDir
    private Path root;

    private void file(String path, String text) throws IOException {
        var file = root.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private RepositoryReport check() throws IOException {
        return RepositoryCheck.check(DirectoryTree.confined(root), "", "infra", UnaryOperator.identity());
    }

    private List<String> findings() throws IOException {
        return check().findings().stream()
                .map(finding -> finding.severity() + " " + finding.rule().id() + " " + finding.problem())
                .toList();
    }

    @Test
    void what_no_agent_acts_on_is_an_error_at_its_place() throws IOException {
        file("stacks/shop/compose.yaml", "services: {a: {image: 'x:1'}}");
        file("lockstep.yaml", """
                windows:
                  night: {opens: "0 0 2 * * ?", duration: 4h, zone: Europe/Berlin}
                builds:
                  api: {context: api, image: "registry.example/api", when: {branches: [main]}}
                policy:
                  privileged: false
                stacks:
                  shop: {policy: {privileged: false}}
                """);
        assertThat(findings())
                .containsExactly(
                        "ERROR settings lockstep.yaml:2:3: windows.night: " + NOT_ACTED_ON,
                        "ERROR settings lockstep.yaml:4:3: builds.api: " + NOT_ACTED_ON,
                        "ERROR settings lockstep.yaml:6:15: policy.privileged: " + NOT_ACTED_ON,
                        "ERROR settings lockstep.yaml:8:31: stacks.shop.policy.privileged: " + NOT_ACTED_ON);
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
