package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same Compose file under Docker and under Lockstep: what a container sees of itself. What Docker shows was written
 * down by {@code docker/record} among the test's resources; each difference is listed here with its reason.
 */
class BesideDockerIT {
    private static final Path RECORDED = resources();

    /** In every service. {@code -} is Docker's, {@code +} ours. */
    private static final Map<String, String> EVERYWHERE = Map.ofEntries(
            Map.entry("- hosts: fe00::0\tip6-localnet", "the same address"),
            Map.entry("+ hosts: fe00::\tip6-localnet", "the same address, written in short"),
            Map.entry("- hosts: ff00::0\tip6-mcastprefix", "the same address"),
            Map.entry("+ hosts: ff00::\tip6-mcastprefix", "the same address, written in short"),
            Map.entry("- hidden: /proc/interrupts file", "newer than Docker 26: hidden, for it tells of the host"),
            Map.entry("+ hidden: /proc/interrupts device", "hidden as the others are"),
            Map.entry("+ mount: /proc/interrupts rw,nosuid tmpfs tmpfs rw,size=65536k,mode=755", "that which hides it"),
            Map.entry("- devices: c 10:200 rwm", "tun: runc allows it unasked, we take it back"),
            Map.entry("- resolv: nameserver 127.0.0.11", "Docker's server is inside of the container"),
            Map.entry("+ resolv: nameserver ADDRESS", "ours is at the gateway of the network"),
            Map.entry("- sysctl: net/ipv6/conf/all/disable_ipv6 0", "Docker leaves link-local addresses on"),
            Map.entry("+ sysctl: net/ipv6/conf/all/disable_ipv6 1", "no IPv6 on a network that has none"));

    private static final Map<String, Map<String, String>> OF_SERVICE = Map.of();

    @TempDir
    Path directory;

    private static Path resources() {
        try {
            return Path.of(Objects.requireNonNull(BesideDockerIT.class.getResource("/docker/compose.yaml"))
                            .toURI())
                    .getParent();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void containers_see_what_they_see_under_docker_but_for_what_is_listed() throws Exception {
        var project = Files.createDirectories(directory.resolve("beside"));
        for (var file : List.of("compose.yaml", "inside.sh")) {
            Files.copy(RECORDED.resolve(file), project.resolve(file));
        }
        try (var host = new Host(directory)) {
            var applied = host.lockstepIn(project, "apply", "-y");
            assertThat(applied.code()).as(applied.all()).isZero();
            var differences = new ArrayList<String>();
            var services = services();
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> printed(host, project).values().stream()
                                    .filter(lines -> lines.contains("end"))
                                    .count()
                            == services.size());
            var printed = printed(host, project);
            for (var service : services) {
                var docker = Files.readAllLines(RECORDED.resolve(service + ".txt"));
                var ours = printed.get(service);
                assumeTrue(
                        facts(docker).equals(facts(ours)),
                        () -> "recorded on another kind of host; docker/record does it on this one: " + facts(ours));
                var listed = OF_SERVICE.getOrDefault(service, Map.of());
                for (var difference : differences(docker, ours)) {
                    if (!EVERYWHERE.containsKey(difference) && !listed.containsKey(difference)) {
                        differences.add(service + " " + difference);
                    }
                }
            }
            assertThat(differences).isEmpty();
        }
    }

    @Test
    void a_container_of_docker_with_the_same_name_is_told_in_the_plan_and_left_alone() throws Exception {
        var project = Files.createDirectories(directory.resolve("shop"));
        Files.writeString(
                project.resolve("compose.yaml"),
                "services: {web: {image: 'web:1', command: sleep 1000, stop_grace_period: 0s}}");
        try (var host = new Host(directory)) {
            // Its files are put there in a mount namespace: this machine may have a Docker of its own.
            var command = new ArrayList<>(List.of(
                    "unshare",
                    "-m",
                    "--propagation",
                    "private",
                    "sh",
                    "-c",
                    "mount -t tmpfs none /var/lib && mkdir -p /var/lib/docker/containers/3bbf"
                            + " && echo '{\"ID\": \"3bbf933eb20319eb\", \"Name\": \"/shop-web-1\"}'"
                            + " > /var/lib/docker/containers/3bbf/config.v2.json && exec \"$@\"",
                    "sh"));
            command.addAll(host.command("plan"));
            var planned = host.run(project, command);

            assertThat(planned.code()).as(planned.all()).isZero();
            assertThat(planned.out())
                    .contains("container name shop-web-1 is also that of a container of Docker (3bbf933eb203)");
            assertThat(host.lockstepIn(project, "plan").out()).doesNotContain("3bbf933eb203");
        }
    }

    private static List<String> services() throws IOException {
        try (var files = Files.list(RECORDED)) {
            return files.map(f -> f.getFileName().toString())
                    .filter(name -> name.endsWith(".txt"))
                    .map(name -> name.substring(0, name.length() - ".txt".length()))
                    .sorted()
                    .toList();
        }
    }

    /** Lines by service. */
    private static Map<String, List<String>> printed(Host host, Path project) throws IOException {
        return host.lockstepIn(project, "logs", "--no-color")
                .out()
                .lines()
                .map(line -> line.replace("\r", "").split("-1 *\\| ", 2))
                .filter(words -> words.length == 2)
                .collect(Collectors.groupingBy(
                        words -> words[0], Collectors.mapping(words -> words[1], Collectors.toList())));
    }

    private static List<String> facts(List<String> lines) {
        return lines.stream().filter(line -> line.startsWith("host: ")).toList();
    }

    private static List<String> differences(List<String> docker, List<String> ours) {
        var differences = new ArrayList<String>();
        var missing = new ArrayList<>(docker);
        ours.forEach(missing::remove);
        missing.forEach(line -> differences.add("- " + line));
        var more = new ArrayList<>(ours);
        docker.forEach(more::remove);
        more.forEach(line -> differences.add("+ " + line));
        return differences;
    }
}
