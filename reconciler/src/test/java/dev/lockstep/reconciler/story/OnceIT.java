package dev.lockstep.reconciler.story;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code agent --once} ends when everything is done, with nothing left under way. */
class OnceIT {
    @TempDir
    Path directory;

    @Test
    void it_says_nothing_of_its_own_end() throws Exception {
        try (var host = new Host(directory);
                var shop = new Repository(directory.resolve("shop"))) {
            for (var look = 0; look < 5; look++) {
                // Each makes networks and takes others away, which the agent hears of while it ends.
                shop.commit("Look " + look, Map.of("compose.yaml", """
                        name: shop
                        services:
                          web:
                            image: web:1
                            command: sleep 100000
                            stop_grace_period: 0s
                            networks: [a%1$d, b%1$d, c%1$d]
                        networks: {a%1$d: , b%1$d: , c%1$d: }
                        """.formatted(look)));
                var once = host.lockstep(
                        "agent", "--once", "--repository", shop.directory().toString());
                assertThat(once.code()).as(once.all()).isZero();
                assertThat(once.all()).doesNotContain("closed", "cannot be put back", "WARN");
            }
        }
    }
}
