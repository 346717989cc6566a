package dev.lockstep.spec.settings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.spec.settings.AgentSettings.ForeignFirewall;
import dev.lockstep.spec.settings.AgentSettings.Read;
import dev.lockstep.spec.settings.AgentSettings.Repository;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.SourcePosition;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AgentSettingsTest {
    private static Read read(String text) {
        return AgentSettings.read("agent.yaml", text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void a_file_with_everything_is_read() {
        assertThat(read("""
                host: alpha
                labels: {zone: eu-1, disks: 2}
                repositories:
                  - {url: https://git.example.org/ops.git, ref: refs/heads/main, path: ./servers/}
                  - url: /srv/git/other
                interval: 5m
                drift-interval: 30s
                foreign-firewall: leave
                registries:
                  index.docker.io: {mirrors: ['mirror.example:5000', harbor.example/hub]}
                  '[::1]:5000': {insecure: true}
                  plain.example:
                images:
                  registries: [registry.example.com, index.docker.io]
                """))
                .isEqualTo(new Read.Valid(new AgentSettings(
                        Optional.of("alpha"),
                        Map.of("zone", "eu-1", "disks", "2"),
                        List.of(
                                new Repository(
                                        "https://git.example.org/ops.git",
                                        Optional.of("refs/heads/main"),
                                        Optional.of("servers")),
                                new Repository("/srv/git/other", Optional.empty(), Optional.empty())),
                        Duration.ofMinutes(5),
                        Duration.ofSeconds(30),
                        ForeignFirewall.LEAVE,
                        Map.of(
                                "docker.io",
                                new RegistryEntry(
                                        Optional.empty(), List.of("mirror.example:5000", "harbor.example/hub")),
                                "[::1]:5000",
                                new RegistryEntry(Optional.of(true), List.of()),
                                "plain.example",
                                new RegistryEntry(Optional.empty(), List.of())),
                        new ImagePolicy(
                                Optional.of(new ImagePolicy.Registries(
                                        List.of("registry.example.com", "docker.io"),
                                        new SourcePosition("agent.yaml", 14, 3, List.of()))),
                                List.of()))));
    }

    @Test
    void an_empty_file_is_all_defaults() {
        assertThat(read("")).isEqualTo(new Read.Valid(AgentSettings.defaults()));
        assertThat(read("# nothing\n")).isEqualTo(new Read.Valid(AgentSettings.defaults()));
    }

    @Test
    void all_mistakes_are_told_at_once_with_their_places() {
        assertThat(read("""
                hosts: alpha
                repositories:
                  - {ref: main}
                  - {url: x, path: ../up}
                  - {url: y, brnach: z}
                interval: 60
                drift-interval: 1ms
                foreign-firewall: maybe
                """))
                .isInstanceOfSatisfying(
                        Read.Invalid.class,
                        invalid -> assertThat(invalid.errors())
                                .extracting(Problem::toString)
                                .containsExactly(
                                        "agent.yaml:1:1: hosts: unknown key. Did you mean \"host\"?",
                                        "agent.yaml:3:5: repositories[0]: has no url",
                                        "agent.yaml:4:20: repositories[1].path: \"../up\" must be a directory inside of the"
                                                + " repository",
                                        "agent.yaml:5:14: repositories[2].brnach: unknown key",
                                        "agent.yaml:6:11: interval: must be text, and YAML takes 60 for a number. Write it in"
                                                + " quotes: \"60\"",
                                        "agent.yaml:7:17: drift-interval: must be at least 1s, not 1ms",
                                        "agent.yaml:8:19: foreign-firewall: must be accept or leave, not \"maybe\""));
    }

    @Test
    void mistakes_about_registries_are_told_with_their_places() {
        assertThat(read("""
                registries:
                  https://a: {}
                  a.example: {insecure: maybe, mirrors: [a.example, b, b, "http://c"]}
                  docker.io: {}
                  index.docker.io: {mirors: [x]}
                """))
                .isInstanceOfSatisfying(
                        Read.Invalid.class,
                        invalid -> assertThat(invalid.errors())
                                .extracting(Problem::toString)
                                .containsExactly(
                                        "agent.yaml:2:3: registries: \"https://a\" is not a registry. Write HOST or"
                                                + " HOST:PORT, as images name it",
                                        "agent.yaml:3:25: registries.a.example.insecure: must be true or false, not \"maybe\"",
                                        "agent.yaml:3:42: registries.a.example.mirrors[0]: is the registry itself, which"
                                                + " is asked last anyway",
                                        "agent.yaml:3:56: registries.a.example.mirrors[2]: is there twice",
                                        "agent.yaml:3:59: registries.a.example.mirrors[3]: \"http://c\" must be"
                                                + " HOST[:PORT][/PATH] without \"://\". Where the mirror has no"
                                                + " certificate, write insecure: true for its host",
                                        "agent.yaml:5:3: registries.index.docker.io: is the same registry as docker.io",
                                        "agent.yaml:5:21: registries.index.docker.io.mirors: unknown key. Did you mean"
                                                + " \"mirrors\"?"));
    }
}
