package dev.lockstep.runtime.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.image.ImageReference;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndpointTest {
    @ParameterizedTest
    @CsvSource({
        "nginx,                        https://registry-1.docker.io/v2/library/nginx/manifests/1",
        "registry.example/a/b,         https://registry.example/v2/a/b/manifests/1",
        "registry.example:5000/a,      https://registry.example:5000/v2/a/manifests/1",
        "localhost:5000/a,             http://localhost:5000/v2/a/manifests/1",
        "127.0.0.1:5000/a,             http://127.0.0.1:5000/v2/a/manifests/1",
        "127.255.1.9/a,                http://127.255.1.9/v2/a/manifests/1",
        "[::1]:5000/a,                 http://[::1]:5000/v2/a/manifests/1",
        "[::2]:5000/a,                 https://[::2]:5000/v2/a/manifests/1",
        "localhost.example/a,          https://localhost.example/v2/a/manifests/1",
        "127.0.0.1.example:80/a,       https://127.0.0.1.example:80/v2/a/manifests/1"
    })
    void only_this_machine_is_spoken_to_in_plain_text(String reference, String uri) throws Exception {
        var name = ImageReference.parse(reference);
        try (var connections = new Connections(RegistrySettings.anonymous())) {
            assertThat(Endpoint.repository(
                                    name.host(), connections.base(name.host()), name.repository(), List.of("pull"))
                            .manifest("1"))
                    .hasToString(uri);
        }
    }
}
