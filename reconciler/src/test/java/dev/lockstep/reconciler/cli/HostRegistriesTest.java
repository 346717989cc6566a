package dev.lockstep.reconciler.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.registry.RegistryHosts;
import dev.lockstep.spec.settings.AgentSettings;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class HostRegistriesTest {
    @Test
    void accounts_of_docker_are_where_docker_looks_for_them() {
        assertThat(HostRegistries.dockerConfig(Map.of("DOCKER_CONFIG", "/cfg", "HOME", "/home/me")))
                .isEqualTo(Path.of("/cfg/config.json"));
        assertThat(HostRegistries.dockerConfig(Map.of("DOCKER_CONFIG", "", "HOME", "/home/me")))
                .isEqualTo(Path.of("/home/me/.docker/config.json"));
        assertThat(HostRegistries.dockerConfig(Map.of()))
                .isEqualTo(Path.of(System.getProperty("user.home"), ".docker/config.json"));
    }

    @Test
    void what_the_owner_says_about_registries_is_what_the_client_does() {
        var read = AgentSettings.read(
                "agent.yaml",
                "registries: {docker.io: {mirrors: [m.example:5000/hub, n]}, a:5000: {insecure: true}}"
                        .getBytes(UTF_8));

        assertThat(read)
                .isInstanceOfSatisfying(
                        AgentSettings.Read.Valid.class,
                        valid -> assertThat(HostRegistries.rules(valid.settings()))
                                .isEqualTo(Map.of(
                                        "docker.io",
                                        new RegistryHosts.Rule(
                                                Optional.empty(),
                                                List.of(
                                                        new RegistryHosts.Mirror("m.example:5000", "hub"),
                                                        new RegistryHosts.Mirror("n", ""))),
                                        "a:5000",
                                        new RegistryHosts.Rule(Optional.of(true), List.of()))));
    }
}
