package dev.lockstep.reconciler.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.deploy.HostState;
import dev.lockstep.reconciler.deploy.PlanOptions;
import dev.lockstep.reconciler.git.GitRepositories;
import dev.lockstep.reconciler.git.GitSettings;
import dev.lockstep.reconciler.git.TestRepository;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.network.ObservedNetworks;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.spec.settings.AgentSettings;
import dev.lockstep.spec.settings.BuildsEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When the last comparison answers for another one, as far as files, settings and time are concerned. */
class SettledTest {
    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");
    private static final PlanOptions OPTIONS = PlanOptions.followed(Set.of(), NOW);
    private static final HostState HOST = new HostState(
            new Observed(List.of(), new ObservedNetworks(List.of(), Map.of()), List.of()),
            new HostState.Kept(List.of(), List.of()));

    private static Settled settled(CommitSource source, Optional<Instant> nextLook) {
        return new Settled(source, OPTIONS, HOST, nextLook, NOW);
    }

    @Test
    void the_same_stack_of_the_same_commit_is_not_loaded_again_until_the_time_is_over(@TempDir Path directory)
            throws IOException {
        try (var world = new World(directory)) {
            world.repository.put("stacks/shop/compose.yaml", "services: {web: {image: x}}\n");
            world.repository.commit("first");
            var first = world.look();
            var settled = settled(first, Optional.empty());

            assertThat(settled.answers(world.look(), OPTIONS, NOW)).isTrue();
            assertThat(settled.answers(first, OPTIONS, NOW.plus(Settled.LONGEST).minusNanos(1)))
                    .isTrue();
            assertThat(settled.answers(first, OPTIONS, NOW.minusNanos(1)))
                    .as("the clock was ahead, and has been set right")
                    .isFalse();
            assertThat(settled.answers(first, OPTIONS, NOW.plus(Settled.LONGEST)))
                    .isFalse();
            // Somebody started a container too often, or asked for tags to be looked up.
            assertThat(settled.answers(first, PlanOptions.followed(Set.of("id"), NOW), NOW))
                    .isFalse();
            assertThat(settled.answers(first, PlanOptions.followed(Set.of(), NOW.plusNanos(1)), NOW))
                    .isFalse();
        }
    }

    @Test
    void an_image_that_is_to_be_looked_up_ends_it(@TempDir Path directory) throws IOException {
        try (var world = new World(directory)) {
            world.repository.put("stacks/shop/compose.yaml", "services: {web: {image: x}}\n");
            world.repository.commit("first");
            var source = world.look();
            var due = NOW.plus(Duration.ofMinutes(1));

            assertThat(settled(source, Optional.of(due)).answers(source, OPTIONS, due.minusNanos(1)))
                    .isTrue();
            assertThat(settled(source, Optional.of(due)).answers(source, OPTIONS, due))
                    .isFalse();
        }
    }

    @Test
    void another_commit_and_another_value_of_the_host_are_another_question(@TempDir Path directory) throws IOException {
        try (var world = new World(directory)) {
            world.repository.put("stacks/shop/compose.yaml", "services: {web: {image: x}}\n");
            world.repository.commit("first");
            var settled = settled(world.look(), Optional.empty());

            var own = Files.createDirectories(
                    directory.resolve("shop"),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            Files.createFile(
                    own.resolve("env"),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(own.resolve("env"), "LEVEL=debug\n");
            assertThat(settled.answers(world.look(), OPTIONS, NOW)).isFalse();
            Files.delete(own.resolve("env"));
            assertThat(settled.answers(world.look(), OPTIONS, NOW)).isTrue();

            world.repository.put("lockstep.yaml", "policy: {images: {\"*\": {forbid-latest: true}}}\n");
            world.repository.commit("stricter");
            assertThat(settled.answers(world.look(), OPTIONS, NOW)).isFalse();
        }
    }

    /** A repository with the stack {@code shop}, and who follows it. */
    private static final class World implements AutoCloseable {
        private final TestRepository repository;
        private final Follower follower;

        World(Path directory) throws IOException {
            var root = Root.open(directory.resolve("root"), directory.resolve("run"));
            repository = TestRepository.create(directory.resolve("infra.git"));
            follower = new Follower(
                    new FollowedRepository(new AgentSettings.Repository(
                            repository.directory().toString(), Optional.of("main"), Optional.empty())),
                    new GitRepositories(root, GitSettings.defaults()),
                    new FollowingHost(root, "web1", Map.of(), new HostVariables(directory), BuildsEntry.DEFAULT),
                    _ -> false,
                    _ -> {});
        }

        CommitSource look() throws IOException {
            return Optional.ofNullable(
                            follower.stacks().of(follower.look()).active().get("shop"))
                    .orElseThrow();
        }

        @Override
        public void close() {
            follower.close();
            repository.close();
        }
    }
}
