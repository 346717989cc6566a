package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.log.Journal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a plan says of things that a service asks of its host and that are not there: no image is needed to tell. */
class HostProblemsIT {
    @TempDir
    private Path directory;

    private String plan(String services) throws IOException {
        return Console.planOf(directory, "services:\n" + services.indent(2));
    }

    private String planOf(String attributes) throws IOException {
        return plan("web:\n" + ("image: registry.invalid/app:1\n" + attributes).indent(2));
    }

    @Test
    void what_this_host_has_not_is_a_problem_where_it_is_written() throws IOException {
        var said = planOf("""
                runtime: nothing-here
                cpuset: 0,4090
                devices: [/dev/nothing-here, "nothing.here/gpu=0"]
                sysctls: {fs.mqueue.nothing_here: 1}
                network_mode: container:nobody
                pid: container:nobody
                volumes_from: ["container:nobody"]
                security_opt: ["apparmor=nothing-here"]
                """);

        assertThat(said)
                .contains("Error: compose.yaml:4:14: services.web.runtime: The container runtime nothing-here is not on"
                        + " this host. Install it, or remove runtime from the service")
                .containsPattern("Error: compose.yaml:5:13: services.web.cpuset: this host has the processors [0-9,-]+,"
                        + " and not 4090")
                .contains("Error: compose.yaml:6:5: services.web.devices: the host has no device /dev/nothing-here")
                .contains("Error: compose.yaml:7:5: services.web.sysctls: this kernel has no sysctl"
                        + " fs.mqueue.nothing_here")
                .contains("Error: compose.yaml:8:19: services.web.network_mode: there is no container nobody to share"
                        + " with")
                .contains("Error: compose.yaml:9:10: services.web.pid: ")
                .contains("services.web.volumes_from: there is no container nobody to share with")
                .containsPattern("services.web.security_opt: the .*AppArmor");
        assertThat(planOf("ipc: container:nobody")).contains("Error: compose.yaml:4:10: services.web.ipc: there is no");
        assertThat(directory.resolve("root")).doesNotExist();
    }

    @Test
    void a_gpu_is_missed_where_it_is_asked_for() throws IOException {
        assertThat(planOf("gpus: all")).containsPattern("Error: compose.yaml:4:\\d+: services.web.gpus: .*nvidia-ctk");
    }

    @Test
    void a_journal_is_missed_where_there_is_none() throws IOException {
        var missed = "services.web.logging: this host has no journal for its output: " + Journal.SOCKET;
        if (Files.exists(Journal.SOCKET)) {
            assertThat(planOf("logging: {driver: journald}")).doesNotContain("Error: ");
        } else {
            assertThat(planOf("logging: {driver: journald}")).contains(missed);
        }
    }

    @Test
    void what_comes_with_the_plan_is_there_by_then() throws IOException {
        var said = plan("""
                web: {image: "registry.invalid/app:1", container_name: front}
                log: {image: "registry.invalid/app:1", network_mode: "container:front", pid: "service:web"}
                """);

        assertThat(said).doesNotContain("to share with");
    }

    @Test
    void what_this_host_has_is_none() throws IOException {
        assertThat(planOf("""
                cpuset: "0"
                devices: [/dev/null]
                sysctls: {net.ipv4.ip_forward: 1, kernel.shmmax: 1000000}
                """)).doesNotContain("Error: ");
    }
}
