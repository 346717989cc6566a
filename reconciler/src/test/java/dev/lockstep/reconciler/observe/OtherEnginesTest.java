package dev.lockstep.reconciler.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Names of containers in files as Docker 26.1 and Podman 5.4 leave them. */
class OtherEnginesTest {
    private static final Set<String> NAMES = Set.of("shop-web-1", "shop-db-1", "shop-tmp-1");
    private static final String DOCKER = """
            {"StreamConfig":{},"State":{"Running":false},"ID":"3bbf933eb20319eb4b00a82dda340c3c33d44127f23b66306ba\
            85c4886363454","Path":"/bin/busybox","LogPath":"","Name":"/%s","Driver":"vfs"}""";
    private static final String PODMAN = """
            [{"id":"f4887bb9717e5a3cc8f8de247e8a5e130abb789fb029ab96fc9620b6cded41b6","names":["%s"],"metadata":"{}"}]""";

    @TempDir
    private Path host;

    private void write(String path, String text) throws IOException {
        var file = host.resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    private Map<String, String> named() {
        return new OtherEngines(host).named(NAMES);
    }

    @Test
    void containers_of_docker_and_podman_are_found_at_their_usual_places() throws IOException {
        write("var/lib/docker/containers/3bbf/config.v2.json", DOCKER.formatted("shop-web-1"));
        write("var/lib/docker/containers/4bbf/config.v2.json", DOCKER.formatted("other"));
        write("var/lib/containers/storage/overlay-containers/containers.json", PODMAN.formatted("shop-db-1"));
        write("var/lib/containers/storage/overlay-containers/volatile-containers.json", PODMAN.formatted("shop-tmp-1"));

        assertThat(named())
                .containsExactlyInAnyOrderEntriesOf(Map.of(
                        "shop-web-1", "Docker (3bbf933eb203)",
                        "shop-db-1", "Podman (f4887bb9717e)",
                        "shop-tmp-1", "Podman (f4887bb9717e)"));
        assertThat(new OtherEngines(host).named(Set.of("shop-web-2"))).isEmpty();
    }

    @Test
    void they_are_found_where_the_engines_settings_put_them() throws IOException {
        write("etc/docker/daemon.json", "{\"data-root\": \"/srv/docker\", \"debug\": true}");
        write("srv/docker/containers/3bbf/config.v2.json", DOCKER.formatted("shop-web-1"));
        write(
                "etc/containers/storage.conf",
                "[storage]\n# graphroot = \"/none\"\ndriver = \"vfs\"\n  graphroot = \"/srv/pod\"\n");
        write("srv/pod/vfs-containers/containers.json", PODMAN.formatted("shop-db-1"));
        write("var/lib/docker/containers/4bbf/config.v2.json", DOCKER.formatted("shop-tmp-1"));

        assertThat(named()).containsOnlyKeys("shop-web-1", "shop-db-1");
    }

    @Test
    void what_cannot_be_read_is_as_if_it_were_not_there() throws IOException {
        assertThat(named()).isEmpty();
        write("etc/docker/daemon.json", "{");
        write("var/lib/docker/containers/3bbf/config.v2.json", "{\"Name\": \"/shop-web-1");
        write("var/lib/docker/containers/4bbf/config.v2.json", "");
        write("var/lib/docker/containers/5bbf", "a file");
        write("var/lib/docker/containers/6bbf/config.v2.json", DOCKER.formatted("shop-web-1"));
        write("var/lib/containers/storage/overlay-containers/containers.json", "{\"names\": 3}");

        assertThat(named()).containsOnlyKeys("shop-web-1");
    }
}
