package dev.lockstep.spec.settings;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.lockstep.spec.yaml.Problem;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ImagePolicyTest {
    private static ImagePolicy host(String yaml) {
        return switch (AgentSettings.read("agent.yaml", yaml.getBytes(StandardCharsets.UTF_8))) {
            case AgentSettings.Read.Valid(var settings, var unused) -> settings.images();
            case AgentSettings.Read.Invalid(var errors, var unused) -> throw new AssertionError(errors.toString());
        };
    }

    private static List<String> errors(String yaml) {
        return switch (AgentSettings.read("agent.yaml", yaml.getBytes(StandardCharsets.UTF_8))) {
            case AgentSettings.Read.Valid valid -> throw new AssertionError(valid.toString());
            case AgentSettings.Read.Invalid(var errors, var unused) ->
                errors.stream().map(Problem::toString).toList();
        };
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            docker.io/library/nginx               | docker.io/library/nginx
            docker.io/library/nginx-dev           | docker.io/library/*
            docker.io/team/nginx                  | docker.io/*
            ghcr.io/a/b                           | *
            registry.example.com/team/app         | registry.example.com/team/*
            registry.example.com/team/app/sidecar | registry.example.com/team/app/*
            registry.example.com/team/a/b/c       | registry.example.com/team/*
            registry.example.com/teams/app        | *.example.com/*
            registry.example.com/team             | *.example.com/*
            a.b.example.com/x                     | *.b.example.com/*
            example.com/x                         | *
            evilexample.com/x                     | *
            registry.example.com:5000/team/app    | *
            localhost/app                         | localhost/app
            Registry.Example.COM/team/app         | registry.example.com/team/*
            registry.example.com:443/team/app     | registry.example.com/team/*
            Registry-1.docker.io/library/nginx    | docker.io/library/nginx
            a.B.example.com:443/x                 | *.b.example.com/*
            """)
    void the_most_specific_rule_is_the_one(String image, String pattern) {
        var policy = host("""
                images:
                  rules:
                    "*": {}
                    docker.io/*: {}
                    docker.io/library/*: {}
                    docker.io/nginx: {}
                    registry.example.com/team/*: {}
                    registry.example.com/team/app/*: {}
                    "*.example.com/*": {}
                    "*.b.example.com/*": {}
                    localhost/app: {}
                """);
        var slash = image.indexOf('/');
        assertThat(policy.ruleFor(image.substring(0, slash), image.substring(slash + 1)))
                .get()
                .extracting(rule -> rule.pattern().text())
                .isEqualTo(pattern);
    }

    @Test
    void what_no_pattern_matches_has_no_rule() {
        var policy = host("images: {rules: {docker.io/library/*: {forbid-latest: true}}}");
        assertThat(policy.ruleFor("docker.io", "library/nginx")).isPresent();
        assertThat(policy.ruleFor("docker.io", "library")).isEmpty();
        assertThat(policy.ruleFor("ghcr.io", "library/nginx")).isEmpty();
    }

    @Test
    void the_list_of_registries_is_not_got_round_by_another_name() {
        var registries = host("images: {registries: [A.example, docker.io, 'b.example:5000']}")
                .registries()
                .orElseThrow();
        assertThat(List.of("a.example", "A.EXAMPLE:443", "docker.io", "index.docker.io", "b.example:5000"))
                .allMatch(registries::allow);
        assertThat(List.of("b.example", "xa.example", "a.example:80", "localhost"))
                .noneMatch(registries::allow);
        assertThat(host("images: {registries: []}").registries().orElseThrow().allow("docker.io"))
                .isFalse();
        assertThat(host("images: {rules: {}}").registries()).isEmpty();
    }

    @Test
    void a_rule_has_its_keys_and_its_place() {
        var policy = host("""
                images:
                  rules:
                    registry.example.com/team/*:
                      require-signed:
                        - keys/release.pub
                        - |
                          -----BEGIN PUBLIC KEY-----
                          AAAA
                          -----END PUBLIC KEY-----
                      same-repository: true
                    docker.io/library/nginx: {require-signed: /etc/lockstep/a.pub, local: allow}
                    "*": {forbid-latest: true, require-digest: true}
                """);
        var team = policy.rules().getFirst();
        assertThat(team.at()).hasToString("agent.yaml:3:5");
        assertThat(team.local()).isEqualTo(ImageRule.Local.REFUSE);
        assertThat(team.sameRepository()).isTrue();
        assertThat(team.signedBy())
                .satisfiesExactly(
                        file -> assertThat(file)
                                .isInstanceOfSatisfying(
                                        KeySource.File.class,
                                        f -> assertThat(f.path()).isEqualTo("keys/release.pub")),
                        inline -> assertThat(inline)
                                .isInstanceOfSatisfying(
                                        KeySource.Inline.class,
                                        i -> assertThat(i.pem()).contains("\nAAAA\n")));
        assertThat(policy.rules().get(1).local()).isEqualTo(ImageRule.Local.ALLOW);
        assertThat(policy.rules().get(1).signedBy()).hasSize(1);
        assertThat(policy.rules().get(2).local()).isEqualTo(ImageRule.Local.ALLOW);
        assertThat(policy.rules().get(2).requireDigest()).isTrue();
        assertThat(policy.rules().get(2).forbidLatest()).isTrue();
    }

    @Test
    void mistakes_are_told_with_their_places_and_what_to_write() {
        assertThat(errors("""
                images:
                  registry: [a]
                  registries: ["https://a"]
                  rules:
                    nginx: {}
                    team/app: {}
                    docker.io: {}
                    docker.io/library/nginx:1.27: {}
                    docker.io/nginx: {}
                    docker.io/library/nginx: {}
                    "*.example.com": {}
                    a.example/*/b: {}
                    a.example/x: {require-signed: [], local: maybe}
                    a.example/y: {same-repository: true, require-sign: x}
                """))
                .containsExactly(
                        "agent.yaml:2:3: images.registry: unknown key",
                        "agent.yaml:3:16: images.registries[0]: \"https://a\" is not a registry such as"
                                + " registry.example.com:5000",
                        "agent.yaml:5:5: images.rules.nginx: \"nginx\" is no pattern for images: it must begin with the"
                                + " registry: write \"docker.io/library/nginx\"",
                        "agent.yaml:6:5: images.rules.team/app: \"team/app\" is no pattern for images: it must begin with"
                                + " the registry: write \"docker.io/team/app\"",
                        "agent.yaml:7:5: images.rules.docker.io: \"docker.io\" is no pattern for images: everything of a"
                                + " registry is \"docker.io/*\"",
                        "agent.yaml:8:5: images.rules.docker.io/library/nginx:1.27: \"docker.io/library/nginx:1.27\" is no"
                                + " pattern for images: a rule is about a repository, without tag and digest",
                        "agent.yaml:10:5: images.rules.docker.io/library/nginx: is the same pattern as \"docker.io/nginx\""
                                + " above it",
                        "agent.yaml:11:5: images.rules.*.example.com: \"*.example.com\" is no pattern for images: the"
                                + " registries of a domain are written *.example.com/*",
                        "agent.yaml:12:5: images.rules.a.example/*/b: \"a.example/*/b\" is no pattern for images: * stands"
                                + " at the end, behind a slash",
                        "agent.yaml:13:35: images.rules.a.example/x.require-signed: names no key. Name those that may have"
                                + " signed, or remove it",
                        "agent.yaml:13:46: images.rules.a.example/x.local: must be allow or refuse, not \"maybe\"",
                        "agent.yaml:14:36: images.rules.a.example/y.same-repository: says which signatures count, and none"
                                + " is required. Write require-signed",
                        "agent.yaml:14:42: images.rules.a.example/y.require-sign: unknown key. Did you mean"
                                + " \"require-signed\"?");
    }

    @Test
    void a_repository_speaks_for_all_and_for_one_stack_and_names_no_files() {
        var read = RepositorySettings.read("lockstep.yaml", """
                stacks:
                  shop:
                    policy:
                      images: {registry.example.com/*: {require-digest: true}}
                policy:
                  registries: [registry.example.com]
                  images:
                    "*": {forbid-latest: true}
                """.getBytes(StandardCharsets.UTF_8));
        assertThat(read).isInstanceOfSatisfying(RepositorySettings.Read.Valid.class, valid -> {
            assertThat(valid.settings().imagePolicies("other")).singleElement().satisfies(policy -> {
                assertThat(policy.registries().orElseThrow().at()).hasToString("lockstep.yaml:6:3");
                assertThat(policy.rules().getFirst().at()).hasToString("lockstep.yaml:8:5");
            });
            assertThat(valid.settings().imagePolicies("shop")).hasSize(2);
            assertThat(RepositorySettings.NONE.imagePolicies("shop")).isEmpty();
        });
        assertThat(RepositorySettings.read(
                        "lockstep.yaml",
                        "policy: {images: {'*': {require-signed: keys/a.pub}}}".getBytes(StandardCharsets.UTF_8)))
                .isInstanceOfSatisfying(
                        RepositorySettings.Read.Invalid.class,
                        invalid -> assertThat(invalid.errors())
                                .singleElement()
                                .asString()
                                .isEqualTo(
                                        "lockstep.yaml:1:41: policy.images.*.require-signed: must be the public key itself,"
                                                + " from -----BEGIN PUBLIC KEY----- on: a repository names no files of hosts"));
    }

    @Test
    void a_pattern_of_no_words_is_refused() {
        assertThatIllegalArgumentException().isThrownBy(() -> ImagePattern.parse(""));
        assertThatIllegalArgumentException().isThrownBy(() -> ImagePattern.parse("/"));
        assertThatIllegalArgumentException().isThrownBy(() -> ImagePattern.parse("a.example/"));
        assertThatIllegalArgumentException().isThrownBy(() -> ImagePattern.parse("a.example//*"));
    }
}
