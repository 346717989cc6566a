package dev.lockstep.reconciler.agent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.deploy.StackBuilds;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.settings.AgentSettings;
import dev.lockstep.spec.settings.HostPolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a host no longer allows is not made again by keeping an earlier revision, nor by going back to it. */
class TightenedPolicyIT {
    @TempDir
    Path directory;

    private FollowedStack shop;
    private StackBuilds builds;

    @BeforeEach
    void aStackThatHasMoreRightsThanOthers() throws IOException, InterruptedException {
        shop = new FollowedStack(directory);
        var image = new StackBuilds.BuildState.Built(shop.image("app"), 1, false);
        builds = _ -> Map.of(ImageReference.parse("app:1"), image);
        var allowed = shop.reconciliation(policy("policy: {capabilities: [NET_ADMIN]}"));
        assertThat(FollowedStack.run(allowed, commit("First", "sleep 1001", "cap_add: [NET_ADMIN]")))
                .isEqualTo(Outcome.CONVERGED);
    }

    @AfterEach
    void close() throws IOException {
        shop.close();
    }

    private static HostPolicy policy(String settings) {
        var read = AgentSettings.read("agent.yaml", settings.getBytes(UTF_8));
        assertThat(read).isInstanceOf(AgentSettings.Read.Valid.class);
        return ((AgentSettings.Read.Valid) read).settings().policy();
    }

    private CommitSource commit(String subject, String program, String more) throws IOException {
        var file = FollowedStack.app(program, "deploy: {update_config: {monitor: 300ms}}", more);
        return shop.commit(subject, file, builds);
    }

    private void theContainerIsGone() throws IOException {
        shop.engine().containers().remove(shop.container().id(), true, true);
    }

    @Test
    void while_a_newer_commit_is_refused() throws Exception {
        var refused = shop.commit("Refused", "services: {app: {imag: x}}", StackBuilds.NONE);
        theContainerIsGone();
        var closed = shop.reconciliation(policy("interval: 1m"));
        for (var look = 0; look < 2; look++) {
            assertThat(FollowedStack.run(closed, refused)).isEqualTo(Outcome.REFUSED);
            assertThat(shop.engine().containers().observe()).hasSize(0);
        }

        // What the host allows again is kept again.
        var allowed = shop.reconciliation(policy("policy: {capabilities: [NET_ADMIN]}"));
        assertThat(FollowedStack.run(allowed, refused)).isEqualTo(Outcome.REFUSED);
        assertThat(shop.container().isRunning()).isTrue();
    }

    @Test
    void what_is_ordered_holds_as_of_today_on_the_way_back() throws Exception {
        var more = "policy: {capabilities: [NET_ADMIN], pids-limit: 200, no-new-privileges: true}";
        assertThat(FollowedStack.run(
                        shop.reconciliation(policy(more)), commit("Limited", "sleep 1002", "cap_add: [NET_ADMIN]")))
                .isEqualTo(Outcome.CONVERGED);
        assertThat(shop.container().record().spec().resources().pids()).contains(200L);

        // Fewer than the stack had then is no more than it asks for: it asked for none.
        var today = shop.reconciliation(policy("policy: {capabilities: [NET_ADMIN], pids-limit: 100}"));
        assertThat(FollowedStack.run(today, commit("Bad", "exit 3", ""))).isEqualTo(Outcome.ROLLED_BACK);
        var spec = shop.container().record().spec();
        assertThat(spec.command().orElseThrow()).contains("sleep 1002");
        assertThat(spec.resources().pids()).contains(100L);
        assertThat(spec.options().isolation().security().noNewPrivileges()).isEmpty();
    }

    @Test
    void but_then_the_way_back_is_gone_to_its_end_also_where_drift_is_only_reported() throws Exception {
        var second = commit("Second", "exit 3", "\nx-lockstep: {drift: report}");
        assertThat(FollowedStack.run(shop.reconciliation(policy("interval: 1m")), second))
                .isEqualTo(Outcome.DEGRADED);

        var allowed = shop.reconciliation(policy("policy: {capabilities: [NET_ADMIN]}"));
        assertThat(FollowedStack.run(allowed, second)).isEqualTo(Outcome.ROLLED_BACK);

        assertThat(shop.container().isRunning()).isTrue();
        assertThat(shop.container().record().spec().command().orElseThrow()).contains("sleep 1001");
        // From then on what changes on the host is left as the files want it.
        shop.engine().containers().stop(shop.container().id(), Optional.empty());
        assertThat(FollowedStack.run(allowed, second)).isEqualTo(Outcome.DEGRADED);
        assertThat(shop.container().isRunning()).isFalse();
    }

    @Test
    void what_failed_for_what_was_ordered_is_tried_again_when_that_is_ordered_no_more() throws Exception {
        var allowed = "capabilities: [NET_ADMIN]";
        var commit = commit("Second", "grep -q NoNewPrivs:.0 /proc/self/status || exit 3; exec sleep 1002", "");
        var ordered = policy("policy: {%s, no-new-privileges: true}".formatted(allowed));
        for (var look = 0; look < 2; look++) {
            assertThat(FollowedStack.run(shop.reconciliation(ordered), commit)).isEqualTo(Outcome.ROLLED_BACK);
        }

        var today = shop.reconciliation(policy("policy: {%s}".formatted(allowed)));
        assertThat(FollowedStack.run(today, commit)).isEqualTo(Outcome.CONVERGED);

        assertThat(shop.container().record().spec().command().orElseThrow().getLast())
                .endsWith("sleep 1002");
    }

    @Test
    void nor_after_one_that_is_not_well() throws Exception {
        var second = commit("Second", "exit 3", "");
        var closed = shop.reconciliation(policy("interval: 1m"));
        for (var look = 0; look < 2; look++) {
            assertThat(FollowedStack.run(closed, second)).isEqualTo(Outcome.DEGRADED);
            // What was replaced is still there, and stays stopped.
            assertThat(shop.engine().containers().observe().stream()
                            .filter(container -> container.life().wanted())
                            .map(container -> container
                                    .record()
                                    .spec()
                                    .options()
                                    .isolation()
                                    .capAdd())
                            .toList())
                    .isEqualTo(List.of(List.of()));
        }
        assertThat(shop.problems())
                .anySatisfy(problem -> assertThat(problem)
                        .contains(
                                "compose.yaml:9:",
                                "asks for the capability NET_ADMIN. This host does not allow it: closed by default"));
    }
}
