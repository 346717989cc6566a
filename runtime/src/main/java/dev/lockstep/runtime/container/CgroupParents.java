package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Cgroups;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Cgroups that a container asks to be below ({@code cgroup_parent}). One that the host's owner made is left as it is;
 * one that we made, and of which a file beside our runs tells, goes with the last container in it.
 */
record CgroupParents(Root root, Cgroups cgroups) {
    /** Makes it, with those above it, where it is missing. */
    void enter(ContainerSpec spec) throws IOException {
        var asked = spec.options().isolation().cgroupParent();
        if (asked.isEmpty()) {
            return;
        }
        for (var path = Path.of(asked.get());
                path.getNameCount() > 0;
                path = Objects.requireNonNull(path.getParent())) {
            if (!cgroups.at(path.toString()).exists()) {
                Files.createDirectories(directory());
                Files.writeString(mark(path.toString()), path.toString());
            }
        }
        cgroups.at(asked.get()).create();
    }

    /** Takes away what we made above that cgroup, as far as it is empty. */
    void leave(String cgroup) throws IOException {
        for (var path = Path.of(cgroup).getParent(); path != null && path.getNameCount() > 0; path = path.getParent()) {
            var mark = mark(path.toString());
            if (Files.notExists(mark) || !cgroups.at(path.toString()).remove()) {
                return;
            }
            Files.deleteIfExists(mark);
        }
    }

    private Path directory() {
        return root.run().resolve("cgroup-parents");
    }

    private Path mark(String path) {
        return directory().resolve(URLEncoder.encode(path, StandardCharsets.UTF_8));
    }
}
