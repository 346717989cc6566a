package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.archive.TarReader;
import dev.lockstep.runtime.copy.Copying;
import dev.lockstep.runtime.linux.MountTable;
import dev.lockstep.runtime.testing.TestImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A container's root file system as a whole. What is expected is what docker 26.1.5 says of the same commands. */
class FileChangesIT {
    @TempDir
    private Path directory;

    private Lab lab;

    @BeforeEach
    void open() throws IOException {
        lab = new Lab(directory, TestImage.busybox("test/busybox:1").file("opt/old", "x"));
    }

    @AfterEach
    void close() throws IOException {
        lab.close();
    }

    private static final String SCRIPT = "echo x > /new; rm /etc/group; echo y >> /etc/passwd; mkdir -p /d/e;"
            + " touch /d/e/f; chmod 700 /tmp; rm /bin/cat; ln -s x /link; echo v > /data/v; echo t > /tm/t;"
            + " rm -r /opt; mkdir /opt; touch /opt/n; touch '/back\\slash'; chown 0 /bin/busybox;"
            + " touch /gone; rm /gone";

    private Wish wish() {
        return lab.wish("writer")
                .mount(new MountSpec.Anonymous("/data", false))
                .mount(new MountSpec.Tmpfs("/tm", Optional.empty(), Optional.empty(), false))
                .shell(SCRIPT + "; echo ready; sleep 600");
    }

    private List<String> changes(String id) throws IOException {
        return lab.containers.changes(id).stream()
                .map(change -> change.kind().letter() + " " + change.path())
                .toList();
    }

    private List<String> exported(String id) throws IOException {
        var out = new ByteArrayOutputStream();
        try (var tree = lab.containers.rootFileSystem(id)) {
            Copying.archiveContent(tree.root(), out);
        }
        var names = new ArrayList<String>();
        var tar = new TarReader(new ByteArrayInputStream(out.toByteArray()));
        for (var entry = tar.next(); entry.isPresent(); entry = tar.next()) {
            names.add(entry.get().name().toString().replaceFirst("/$", ""));
        }
        return names;
    }

    @Test
    void changes_and_the_whole_are_told_of_a_container_that_runs_and_of_one_that_does_not() throws IOException {
        var id = lab.created(wish());
        assertThat(changes(id)).as("nothing was done yet").isEmpty();
        lab.containers.start(id);
        lab.awaitLog(id, "ready");
        var expected = List.of(
                "A /back\\slash",
                "C /bin",
                "D /bin/cat",
                "A /d",
                "A /d/e",
                "A /d/e/f",
                "A /data",
                "C /etc",
                "D /etc/group",
                "C /etc/passwd",
                "A /link",
                "A /new",
                "C /opt",
                "A /opt/n",
                "D /opt/old",
                "A /tm",
                "C /tmp");
        assertThat(changes(id)).containsExactlyElementsOf(expected);
        assertThat(exported(id))
                .contains("new", "d/e/f", "data", "tm", "opt/n", "etc/passwd")
                .doesNotContain("data/v", "tm/t", "etc/group", "bin/cat", "opt/old");
        lab.containers.kill(id, "KILL");
        lab.containers.await(id);
        assertThat(changes(id)).containsExactlyElementsOf(expected);
        assertThat(exported(id)).contains("new").doesNotContain("data/v");
        assertThat(MountTable.below(directory).stream().map(Path::toString)).noneMatch(m -> m.contains("looking"));
    }
}
