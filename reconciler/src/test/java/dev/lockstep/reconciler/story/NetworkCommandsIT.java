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

/** What an operator does with networks, by hand, while a stack uses them. Docker 26.1.5's answers are beside ours. */
class NetworkCommandsIT {
    private static final String SERVE = "echo $0 > /tmp/index.html; exec httpd -f -p 8080 -h /tmp";

    @TempDir
    Path directory;

    private Host host;
    private Path project;
    private int port;

    @BeforeEach
    void aStack() throws IOException {
        host = new Host(directory);
        port = Host.freePort();
        project = Files.createDirectories(directory.resolve("p"));
        Files.writeString(project.resolve("compose.yaml"), """
                services:
                  web:
                    image: web:1
                    command: ["sh", "-c", "%1$s", "web"]
                    ports: ["127.0.0.1:%2$d:8080", "127.0.0.2:%2$d:8080"]
                    stop_grace_period: 0s
                """.formatted(SERVE.replace("$", "$$"), port));
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        for (var id : host.lockstep("container", "ls", "-aq").out().lines().toList()) {
            host.lockstep("container", "rm", "-f", id);
        }
        var said = host.lockstep("network", "prune", "-f");
        try {
            assertThat(said.code()).as(said.all()).isZero();
            assertThat(host.lockstep("network", "ls", "-q").out()).isEmpty();
        } finally {
            host.close();
        }
    }

    private Host.Said run(int code, String... words) throws IOException {
        var said = host.lockstepIn(project, words);
        assertThat(said.code()).as("%s: %s", Arrays.toString(words), said.all()).isEqualTo(code);
        return said;
    }

    private void loose(String name, String network) throws IOException {
        run(0, "container", "run", "-d", "--name", name, "--network", network, "web:1", "sh", "-c", SERVE, name);
    }

    private String in(String container, String script) throws IOException {
        return run(0, "container", "exec", container, "sh", "-c", script).out().strip();
    }

    private String pid(String container) throws IOException {
        return run(0, "inspect", "-f", "{{.State.Pid}}", container).out();
    }

    private String published() throws IOException {
        return run(0, "container", "port", "p-web-1").out();
    }

    /** A name is told to the name server by signal, which it reads when it gets to it. */
    private void awaitPage(String container, String name) {
        await().untilAsserted(() -> assertThat(in(container, "wget -qO- http://" + name + ":8080/ 2>&1; true"))
                .isNotEmpty()
                .doesNotContain("wget:"));
    }

    @Test
    void networks_are_made_listed_shown_and_removed_with_dockers_words() throws IOException {
        var id = run(
                        0,
                        "network",
                        "create",
                        "--label",
                        "a=b",
                        "--label",
                        "c",
                        "--subnet",
                        "10.213.40.0/24",
                        "--gateway",
                        "10.213.40.9",
                        "--ip-range",
                        "10.213.40.64/26",
                        "--attachable",
                        "-o",
                        "com.docker.network.bridge.enable_icc=false",
                        "shop")
                .out();
        assertThat(id).matches("[0-9a-f]{64}\n");
        var begin = id.substring(0, 12);
        run(0, "network", "create", "--internal", "other");

        // network with name shop already exists
        assertThat(run(1, "network", "create", "shop").err()).contains("network shop exists already");
        assertThat(run(1, "network", "create", "host").err()).contains("\"host\" is no name for a network");
        assertThat(run(1, "network", "create", "-d", "nosuch", "x").err())
                .contains("there is no network driver \"nosuch\"");
        assertThat(run(1, "network", "create", "--subnet", "10.213.40.128/25", "x")
                        .err())
                .contains("overlaps network shop (10.213.40.0/24)");
        assertThat(run(1, "network", "create", "-o", "com.docker.network.bridge.enable_ic=1", "x")
                        .err())
                .contains("Did you mean \"com.docker.network.bridge.enable_icc\"?");

        assertThat(run(0, "network", "ls").out())
                .matches("NETWORK ID     NAME      DRIVER    SCOPE\n[0-9a-f]{12}   other     bridge    local\n" + begin
                        + "   shop      bridge    local\n");
        assertThat(run(0, "network", "ls", "--no-trunc", "-q", "-f", "label=a=b", "-f", "label=c")
                        .out())
                .isEqualTo(id);
        assertThat(run(
                                0,
                                "network",
                                "ls",
                                "-f",
                                "dangling=1",
                                "-f",
                                "name=^sh",
                                "--format",
                                "{{.Name}} {{.ID}} {{.Driver}} {{.Scope}} {{.IPv6}} {{.Internal}} {{.Labels}} {{.Label \"a\"}}")
                        .out())
                .isEqualTo("shop " + begin + " bridge local false false a=b,c= b\n");
        assertThat(run(0, "network", "ls", "-f", "type=builtin", "-q").out()).isEmpty();
        assertThat(run(1, "network", "ls", "-f", "nosuch=1").err()).contains("--filter takes name=PATTERN");

        assertThat(run(
                                0,
                                "network",
                                "inspect",
                                "-f",
                                "{{json .IPAM.Config}} {{json .Labels}} {{json .Options}}"
                                        + " {{.Attachable}} {{.Internal}} {{json .Containers}}",
                                begin)
                        .out())
                .isEqualTo(
                        "[{\"Subnet\":\"10.213.40.0/24\",\"IPRange\":\"10.213.40.64/26\",\"Gateway\":\"10.213.40.9\"}]"
                                + " {\"a\":\"b\",\"c\":\"\"} {\"com.docker.network.bridge.enable_icc\":\"false\"} true false {}\n");
        // Error response from daemon: network nosuch not found; exit code 1, the others are shown
        assertThat(run(1, "network", "inspect", "nosuch", "shop", "--format", "{{.Name}}")
                        .all())
                .isEqualTo("shop\nlockstep: network nosuch not found\n");
        assertThat(run(1, "network", "rm", "nosuch", "other").all())
                .isEqualTo("other\nlockstep: network nosuch not found\n");
        assertThat(run(0, "network", "rm", "-f", "nosuch").all()).isEmpty();
        assertThat(run(0, "network", "prune", "-f", "--filter", "label!=a").out())
                .isEmpty();
        assertThat(run(0, "network", "prune", "-f", "--filter", "label=a").out())
                .isEqualTo("Deleted Networks:\nshop\n\n");
        assertThat(run(0, "network", "prune", "-f").out()).isEmpty();
    }

    @Test
    void a_running_container_of_a_stack_is_connected_and_disconnected_and_the_plan_shows_it() throws IOException {
        run(0, "network", "create", "--subnet", "10.213.41.0/24", "extra");
        loose("neighbour", "extra");
        run(0, "apply", "-y");
        var pid = pid("p-web-1");
        assertThat(host.get("http://127.0.0.1:" + port)).isEqualTo("web");

        run(0, "network", "connect", "--alias", "shop", "--ip", "10.213.41.77", "extra", "p-web-1");
        awaitPage("neighbour", "shop");
        awaitPage("p-web-1", "neighbour");
        assertThat(in("p-web-1", "ip -4 addr show eth1")).contains("inet 10.213.41.77/24");
        assertThat(in("p-web-1", "ip route")).contains("default via").contains("dev eth0");
        assertThat(in("p-web-1", "cat /etc/hosts")).contains("10.213.41.77");
        assertThat(run(0, "network", "inspect", "-f", "{{json .Containers}}", "extra")
                        .out())
                .contains("\"Name\":\"p-web-1\"", "\"IPv4Address\":\"10.213.41.77/24\"", "\"Name\":\"neighbour\"");
        // endpoint with name web already exists in network other
        assertThat(run(1, "network", "connect", "extra", "p-web-1").err())
                .contains("container p-web-1 is on network extra already");
        // network shop id … has active endpoints
        assertThat(run(1, "network", "rm", "extra").err()).contains("network extra is in use by neighbour, p-web-1");
        assertThat(run(0, "network", "prune", "-f").out()).isEmpty();
        assertThat(run(1, "network", "connect", "--ip", "10.213.41.1", "extra", "neighbour")
                        .err())
                .contains("neighbour is on network extra already");

        var plan = run(0, "plan").out();
        assertThat(plan).contains("networks.extra").contains("connected by hand");

        // The way out goes with its network, and comes by the next one; so do published ports.
        run(0, "network", "disconnect", "p_default", "p-web-1");
        assertThat(in("p-web-1", "ip route"))
                .contains("default via 10.213.41.1 dev eth1")
                .doesNotContain("eth0");
        assertThat(host.get("http://127.0.0.1:" + port)).isEqualTo("web");
        assertThat(run(0, "inspect", "-f", "{{json .NetworkSettings.Ports}}", "p-web-1")
                        .out())
                .isEqualToIgnoringNewLines("{\"8080/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"" + port
                        + "\"},{\"HostIp\":\"127.0.0.2\",\"HostPort\":\"" + port + "\"}]}");
        assertThat(run(0, "plan").out()).contains("networks.p_default").contains("networks.extra");

        run(0, "apply", "-y");
        assertThat(in("p-web-1", "ip route")).contains("dev eth0").doesNotContain("10.213.41");
        assertThat(host.get("http://127.0.0.1:" + port)).isEqualTo("web");
        assertThat(pid("p-web-1")).isEqualTo(pid);
        assertThat(run(0, "plan", "--detailed-exitcode").out()).isNotEmpty();
        assertThat(run(1, "network", "disconnect", "extra", "p-web-1").err())
                .contains("container p-web-1 is not on network extra");
    }

    @Test
    void ports_go_with_the_last_network_that_leads_in_and_come_back_with_it() throws IOException {
        Files.writeString(project.resolve("compose.yaml"), """
                services:
                  web:
                    image: web:1
                    command: ["sh", "-c", "%1$s", "web"]
                    ports: ["127.0.0.1:%2$d:8080"]
                    networks: [front, back]
                    stop_grace_period: 0s
                networks: {front: {}, back: {internal: true}}
                """.formatted(SERVE.replace("$", "$$"), port));
        var url = "http://127.0.0.1:" + port;
        run(0, "apply", "-y");
        assertThat(host.get(url)).isEqualTo("web");
        var pid = pid("p-web-1");

        run(0, "network", "disconnect", "p_front", "p-web-1");
        assertThat(published()).isEmpty();
        run(0, "network", "connect", "p_front", "p-web-1");
        assertThat(host.get(url)).isEqualTo("web");
        assertThat(published()).contains(String.valueOf(port));

        run(0, "network", "disconnect", "p_front", "p-web-1");
        run(0, "apply", "-y");
        assertThat(host.get(url)).isEqualTo("web");
        assertThat(pid("p-web-1")).isEqualTo(pid);
        assertThat(run(0, "plan", "--detailed-exitcode").out()).contains("No changes.");
    }

    @Test
    void the_last_network_goes_and_comes_back_and_who_has_none_gets_one() throws IOException {
        run(0, "network", "create", "only");
        loose("served", "only");
        run(0, "container", "run", "-d", "--name", "hermit", "--network", "none", "web:1", "sleep", "1000");
        var pid = pid("served");

        run(0, "network", "disconnect", "only", "served");
        assertThat(in("served", "ip -o link | wc -l")).isEqualTo("1");
        assertThat(run(0, "network", "inspect", "-f", "{{json .Containers}}", "only")
                        .out())
                .isEqualTo("{}\n");
        run(0, "network", "connect", "only", "served");
        run(0, "network", "connect", "--link", "served:database", "only", "hermit");
        awaitPage("hermit", "served");
        awaitPage("hermit", "database");
        assertThat(pid("served")).isEqualTo(pid);

        // Of a stopped one it is written down, and so when it starts.
        run(0, "container", "stop", "-t", "0", "served");
        run(0, "network", "disconnect", "only", "served");
        assertThat(run(1, "network", "connect", "--ip", "10.1.2.3", "only", "served")
                        .err())
                .contains("network only has no configured subnet");
        run(0, "network", "connect", "--alias", "again", "only", "served");
        assertThat(run(1, "network", "rm", "only").err()).contains("in use by hermit, served");
        run(0, "container", "start", "served");
        awaitPage("hermit", "again");
        awaitPage("hermit", "database");

        assertThat(run(1, "network", "connect", "nosuch", "served").err()).contains("network nosuch not found");
        assertThat(run(1, "network", "connect", "only", "nosuch").err()).contains("No such container: nosuch");
    }

    @Test
    void an_address_that_a_later_service_asks_for_is_kept_for_it_and_one_that_is_taken_is_told_by_the_plan()
            throws IOException {
        var file = """
                services:
                  app: {image: "web:1", command: sleep 100000, stop_grace_period: 0s, networks: [lan]}
                  db:
                    image: web:1
                    command: sleep 100000
                    stop_grace_period: 0s
                    depends_on: [app]
                    networks: {lan: {ipv4_address: 10.213.43.2}}
                networks:
                  lan: {ipam: {config: [{subnet: 10.213.43.0/24}]}}
                """;
        Files.writeString(project.resolve("compose.yaml"), file);
        run(0, "apply", "-y");
        assertThat(in("p-db-1", "ip -4 addr show eth0")).contains("inet 10.213.43.2/24");
        assertThat(in("p-app-1", "ip -4 addr show eth0")).contains("inet 10.213.43.3/24");
        assertThat(run(0, "plan").out()).contains("No changes.");

        Files.writeString(project.resolve("compose.yaml"), file.replace("43.2}", "43.3}"));
        assertThat(run(1, "plan").all())
                .contains("services.db.networks.lan.ipv4_address: address 10.213.43.3 of network p_lan belongs to app 1"
                        + " of stack p; ask for another one, or remove the container that has it");
        Files.writeString(project.resolve("compose.yaml"), file.replace("43.2}", "43.9}"));
        run(0, "apply", "-y");
        assertThat(in("p-db-1", "ip -4 addr show eth0")).contains("inet 10.213.43.9/24");
        // The one gives it up, so the other may ask for it.
        Files.writeString(
                project.resolve("compose.yaml"),
                file.replace("43.2}", "43.3}").replace("[lan]", "{lan: {ipv4_address: 10.213.43.9}}"));
        run(0, "apply", "-y");
        assertThat(in("p-db-1", "ip -4 addr show eth0")).contains("inet 10.213.43.3/24");
        assertThat(in("p-app-1", "ip -4 addr show eth0")).contains("inet 10.213.43.9/24");
        assertThat(run(0, "plan").out()).contains("No changes.");
        Files.writeString(project.resolve("compose.yaml"), file);
        run(0, "down");
    }

    @Test
    void ports_and_addresses_change_places_in_one_apply_while_all_run() throws IOException {
        var other = Host.freePort();
        var file = """
                services:
                  a:
                    image: web:1
                    command: sleep 100000
                    stop_grace_period: 0s
                    ports: ["127.0.0.1:%1$d:80"]
                    networks: {lan: {ipv4_address: 10.213.44.%3$d, mac_address: "02:00:5e:10:00:0%3$d"}}
                  b:
                    image: web:1
                    command: sleep 100000
                    stop_grace_period: 0s
                    ports: ["127.0.0.1:%2$d:80"]
                    networks: {lan: {ipv4_address: 10.213.44.%4$d, mac_address: "02:00:5e:10:00:0%4$d"}}
                networks:
                  lan: {ipam: {config: [{subnet: 10.213.44.0/24}]}}
                """;
        Files.writeString(project.resolve("compose.yaml"), file.formatted(port, other, 5, 6));
        run(0, "apply", "-y");
        var pids = pid("p-a-1") + pid("p-b-1");

        Files.writeString(project.resolve("compose.yaml"), file.formatted(other, port, 6, 5));
        run(0, "apply", "-y");

        assertThat(pid("p-a-1") + pid("p-b-1")).isEqualTo(pids);
        assertThat(in("p-a-1", "ip addr show eth0")).contains("inet 10.213.44.6/24", "ether 02:00:5e:10:00:06");
        assertThat(in("p-b-1", "ip addr show eth0")).contains("inet 10.213.44.5/24", "ether 02:00:5e:10:00:05");
        assertThat(run(0, "container", "port", "p-a-1").out()).contains("127.0.0.1:" + other);
        assertThat(run(0, "container", "port", "p-b-1").out()).contains("127.0.0.1:" + port);
        assertThat(run(0, "plan").out()).contains("No changes.");
        run(0, "down");
    }

    @Test
    void a_bridge_s_name_that_cannot_be_had_is_told_before_anything_is_made() throws IOException {
        var bridge = "lt" + port;
        run(0, "network", "create", "-o", "com.docker.network.bridge.name=" + bridge, "other");
        var file = """
                services: {app: {image: "web:1", command: sleep 100000, networks: [lan]}}
                networks: {lan: {driver_opts: {com.docker.network.bridge.name: %s}}}
                """;
        Files.writeString(project.resolve("compose.yaml"), file.formatted(bridge));
        assertThat(run(1, "plan").all())
                .contains("networks.lan: it wants the bridge " + bridge + ", which is that of network other");

        var sentence = "a bridge cannot be called \"all\": the kernel has all, default and lo in every network"
                + " namespace. Choose another name";
        Files.writeString(project.resolve("compose.yaml"), file.formatted("all"));
        assertThat(run(1, "plan").all()).contains("compose.yaml:2:", "networks.lan: ", sentence);
        assertThat(run(1, "network", "create", "-o", "com.docker.network.bridge.name=all", "third")
                        .err())
                .contains(sentence);
    }
}
