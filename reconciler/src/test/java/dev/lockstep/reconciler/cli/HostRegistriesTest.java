package dev.lockstep.reconciler.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.registry.Proxies;
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
    void proxies_of_the_environment_hold_where_there_are_some_and_else_the_owners() throws Exception {
        var read = AgentSettings.read(
                "agent.yaml", "proxy: {https: 'me:SECRET@a:1', no-proxy: [10.0.0.0/8]}".getBytes(UTF_8));
        var settings = ((AgentSettings.Read.Valid) read).settings();

        assertThat(HostRegistries.proxies(settings, Map.of()))
                .isEqualTo(Proxies.of(Map.of("https_proxy", "me:SECRET@a:1", "no_proxy", "10.0.0.0/8")));
        assertThat(HostRegistries.proxies(settings, Map.of("NO_PROXY", "x")))
                .isEqualTo(HostRegistries.proxies(settings, Map.of()));
        assertThat(HostRegistries.proxies(settings, Map.of("http_proxy", "b:2")))
                .isEqualTo(Proxies.of(Map.of("http_proxy", "b:2")));
        assertThat(HostRegistries.proxies(AgentSettings.defaults(), Map.of()).isEmpty())
                .isTrue();
        assertThat(HostRegistries.of(settings, Map.of()).proxies())
                .isEqualTo(HostRegistries.proxies(settings, Map.of()));
        assertThat(settings.toString()).doesNotContain("SECRET");
        assertThatThrownBy(() -> HostRegistries.proxies(settings, Map.of("https_proxy", "socks5://me:SECRET@p")))
                .hasMessageStartingWith("the environment variable HTTPS_PROXY must be http://")
                .hasMessageNotContaining("SECRET");
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
