package dev.lockstep.reconciler.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.model.Project;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What stands in for what a repository builds. */
class StackBuildsTest {
    @Test
    void with_other_states_images_of_other_repositories_are_still_theirs() throws IOException {
        var builds = new StackBuilds() {
            @Override
            public Map<ImageReference, BuildState> of(Project project) {
                throw new AssertionError("the others are asked");
            }

            @Override
            public ImageOwners.Makers makers() {
                return (_, _) -> Optional.of("https://git.example/theirs.git");
            }
        };
        assertThat(builds.saying(StackBuilds.NONE)
                        .makers()
                        .other(ImageReference.parse("shop"), Digest.parse("sha256:" + "0".repeat(64))))
                .contains("https://git.example/theirs.git");
    }
}
