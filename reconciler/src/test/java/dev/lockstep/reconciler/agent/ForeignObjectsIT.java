package dev.lockstep.reconciler.agent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.deploy.StackBuilds;
import dev.lockstep.reconciler.history.Outcome;
import dev.lockstep.runtime.container.MountSpec;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.volume.VolumeSpec;
import dev.lockstep.spec.settings.AgentSettings;
import dev.lockstep.spec.settings.HostPolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Volumes of others are not had by not saying that they are others'. */
class ForeignObjectsIT {
    private static final String OTHERS = "https://git.example.com/other.git";

    @TempDir
    Path directory;

    private FollowedStack shop;
    private StackBuilds builds;

    @BeforeEach
    void open() throws IOException {
        shop = new FollowedStack(directory);
        var image = new StackBuilds.BuildState.Built(shop.image("app"), 1, false);
        builds = _ -> Map.of(ImageReference.parse("app:1"), image);
    }

    @AfterEach
    void close() throws IOException {
        for (var volume : shop.engine().volumes().list()) {
            if (!volume.spec().owner().repository().equals(Optional.of(shop.repository()))) {
                for (var container : shop.engine().containers().observe()) {
                    shop.engine().containers().remove(container.id(), true, true);
                }
                shop.engine().volumes().remove(volume.spec().name());
            }
        }
        shop.close();
    }

    private Owner owner(String stack, String repository) {
        return new Owner("test", stack, Optional.of(repository).filter(url -> !url.isEmpty()));
    }

    private void volume(Owner owner, String name) throws IOException {
        shop.engine().volumes().create(new VolumeSpec(name, owner, Map.of("made", "before")));
    }

    private CommitSource wantsVolume(String volume) throws IOException {
        return shop.commit("Volume", """
                services:
                  app:
                    image: app:1
                    command: sleep 1001
                    init: true
                    network_mode: none
                    stop_grace_period: 1s
                    deploy: {update_config: {monitor: 300ms}}
                    volumes: ["d:/d"]
                volumes: {d: %s}
                """.formatted(volume), builds);
    }

    private Outcome run(String policy, CommitSource commit) throws IOException, InterruptedException {
        var read = (AgentSettings.Read.Valid) AgentSettings.read("agent.yaml", policy.getBytes(UTF_8));
        HostPolicy host = read.settings().policy();
        return FollowedStack.run(shop.reconciliation(host), commit);
    }

    @Test
    void neither_the_volume_of_another_stack() throws Exception {
        volume(owner("blog", OTHERS), "blog_data");
        var commit = wantsVolume("{name: blog_data}");

        assertThat(run("", commit)).isEqualTo(Outcome.REFUSED);
        assertThat(shop.problems())
                .containsExactly(
                        "stacks/shop/compose.yaml:10:11: volumes.d: asks for the volume blog_data, which is not"
                                + " its own. This host does not allow it: closed by default. To allow it, write external:"
                                + " [volume:blog_data] below policy.stacks.shop in /etc/lockstep/agent.yaml");
        assertThat(shop.engine().containers().observe()).hasSize(0);

        assertThat(run("policy: {external: ['volume:blog_*']}", commit)).isEqualTo(Outcome.CONVERGED);
        assertThat(shop.container().record().spec().mounts())
                .singleElement()
                .isInstanceOfSatisfying(
                        MountSpec.Volume.class,
                        mount -> assertThat(mount.name()).isEqualTo("blog_data"));
    }

    @ParameterizedTest
    @ValueSource(strings = {OTHERS, ""})
    void nor_one_that_a_stack_of_this_name_left_which_came_from_elsewhere(String repository) throws Exception {
        volume(owner("shop", repository), "shop_d");
        var commit = wantsVolume("{labels: {made: now}}");

        // What root's own hand made is a repository's that follows it.
        assertThat(run("", commit)).isEqualTo(repository.isEmpty() ? Outcome.CONVERGED : Outcome.REFUSED);

        assertThat(run("policy: {external: ['volume:shop_d']}", commit)).isEqualTo(Outcome.CONVERGED);
        // Even where its use is allowed, it is changed by its owner alone.
        assertThat(shop.engine().volumes().list().getFirst().spec().labels())
                .containsEntry("made", repository.isEmpty() ? "now" : "before");
    }

    @Test
    void nor_one_that_was_made_by_hand_but_one_of_a_stack_of_the_same_repository() throws Exception {
        volume(owner("", ""), "by-hand");
        assertThat(run("", wantsVolume("{name: by-hand}"))).isEqualTo(Outcome.REFUSED);

        volume(owner("blog", shop.repository()), "blog_data");
        assertThat(run("", wantsVolume("{name: blog_data}"))).isEqualTo(Outcome.CONVERGED);
    }
}
