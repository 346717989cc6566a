package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.linux.ProcessSpawner;
import dev.lockstep.runtime.oci.OciRuntime;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConmonIT {
    /** It converts its arguments from the letters of its locale, and refuses what has others. */
    @Test
    void takes_places_with_other_letters_than_ascii() throws IOException {
        var nothing = new ProcessSpawner.Stream.Nothing();
        var conmon = ProcessSpawner.spawn(new ProcessSpawner.Command(
                List.of("/usr/bin/conmon", "-b", "/srv/prüfung", "--version"),
                OciRuntime.ENVIRONMENT,
                nothing,
                nothing,
                nothing,
                List.of()));

        assertThat(ProcessSpawner.reap(conmon)).isZero();
    }
}
