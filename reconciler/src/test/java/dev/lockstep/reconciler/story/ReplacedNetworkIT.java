package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A network that is made anew under the containers that are on it. */
class ReplacedNetworkIT {
    @TempDir
    Path directory;

    private Host host;
    private Path project;
    private int port;

    @BeforeEach
    void aHost() throws IOException {
        host = new Host(directory);
        port = Host.freePort();
        project = Files.createDirectories(directory.resolve("p"));
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        try {
            run(0, "down", "-y");
            run(0, "network", "prune", "-f");
            assertThat(run(0, "network", "ls", "-q")).isEmpty();
        } finally {
            host.close();
        }
    }

    private String run(int code, String... words) throws IOException {
        var said = host.lockstepIn(project, words);
        assertThat(said.code()).as("%s: %s", Arrays.toString(words), said.all()).isEqualTo(code);
        return said.all().strip();
    }

    private void files(String subnet, String address) throws IOException {
        Files.writeString(project.resolve("compose.yaml"), """
                services:
                  web:
                    image: web:1
                    command: ["sh", "-c", "echo served > /tmp/index.html; exec httpd -f -p 8080 -h /tmp"]
                    ports: ["127.0.0.1:%s:8080"]
                    stop_grace_period: 0s
                  db:
                    image: web:1
                    command: ["sleep", "1000"]
                    networks: {default: {ipv4_address: %s}}
                    stop_grace_period: 0s
                networks:
                  default: {ipam: {config: [{subnet: %s}]}}
                """.formatted(port, address, subnet));
    }

    private String in(String container, String script) throws IOException {
        return run(0, "container", "exec", container, "sh", "-c", script);
    }

    private String pids() throws IOException {
        return run(0, "inspect", "-f", "{{.Id}} {{.State.Pid}}", "p-web-1", "p-db-1");
    }

    @Test
    void ports_names_and_files_follow_and_processes_stay() throws IOException {
        files("10.213.50.0/24", "10.213.50.20");
        run(0, "apply", "-y");
        var pids = pids();

        files("10.213.51.0/24", "10.213.51.2");
        run(0, "apply", "-y");

        assertThat(pids()).isEqualTo(pids);
        assertThat(host.get("http://127.0.0.1:" + port)).isEqualTo("served");
        assertThat(in("p-web-1", "cat /etc/resolv.conf")).contains("nameserver 10.213.51.1");
        assertThat(in("p-web-1", "cat /etc/hosts")).contains("10.213.51.").doesNotContain("10.213.50.");
        assertThat(in("p-db-1", "ip -4 addr show eth0")).contains("inet 10.213.51.2/24");
        assertThat(run(0, "inspect", "-f", "{{json .NetworkSettings.Networks}}", "p-web-1"))
                .contains("10.213.51.")
                .doesNotContain("10.213.50.");
        await().untilAsserted(() -> assertThat(in("p-db-1", "wget -qO- http://web:8080/ 2>&1; true"))
                .isEqualTo("served"));
        assertThat(run(0, "plan", "--detailed-exitcode")).contains("No changes.");
    }

    @Test
    void what_the_host_cannot_have_is_a_problem_of_the_plan_and_takes_nobody_off() throws IOException {
        run(0, "network", "create", "--subnet", "10.213.52.0/24", "other");
        files("10.213.50.0/24", "10.213.50.20");
        run(0, "apply", "-y");
        // Its own old subnet is not in the way of a wider one.
        files("10.213.50.0/23", "10.213.50.20");
        run(0, "apply", "-y");

        files("10.213.52.0/25", "10.213.52.20");
        assertThat(run(1, "apply", "-y"))
                .contains("networks.default: subnet 10.213.52.0/25 overlaps network other (10.213.52.0/24)");

        assertThat(host.get("http://127.0.0.1:" + port)).isEqualTo("served");
        assertThat(in("p-db-1", "ip -4 addr show eth0")).contains("inet 10.213.50.20/23");
    }
}
