package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.PlainSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ContainerStoreTest {
    private static final String NAME = "shop-web-1";

    @TempDir
    Path directory;

    private Root root;
    private ContainerStore store;

    @BeforeEach
    void open() throws IOException {
        root = Root.open(directory.resolve("state"), directory.resolve("run"));
        store = new ContainerStore(root);
    }

    private static ContainerRecord record(String id, String name) {
        return new ContainerRecord(
                id.repeat(64),
                PlainSpec.of("web", "web:1").withName(name),
                Optional.empty(),
                ContainerRecord.Phase.CREATED,
                Instant.EPOCH);
    }

    private ContainerRecord made(String id, Optional<String> replaces) throws IOException {
        var record = record(id, NAME);
        store.add(record, replaces);
        store.finish(record);
        return record;
    }

    /** Nobody needs an agent, or {@code system prune}, to call a container by its name after that. */
    @Test
    void a_rename_that_was_cut_off_keeps_nobody_from_the_name() throws IOException {
        var old = made("a", Optional.empty());
        var replacement = made("b", Optional.of(old.id()));
        var file = ContainerFiles.name(root, NAME);
        var before = Files.readString(file);
        var aside = record("a", "aside");
        store.rename(old, aside);
        Files.writeString(file, before); // as a kill leaves it before the last step

        assertThat(store.find(NAME)).hasValue(replacement);
        var next = made("c", Optional.of(replacement.id()));
        store.forget(next);

        // Going back: the name is free, whoever stands in its file.
        store.forget(replacement);
        Files.writeString(file, before);
        store.rename(aside, old);
        assertThat(store.find(NAME)).hasValue(old);
        assertThat(store.find("aside")).isEmpty();
    }

    @Test
    void a_removal_that_was_cut_off_leaves_the_name_to_the_heir() throws IOException {
        var old = made("a", Optional.empty());
        var replacement = made("b", Optional.of(old.id()));
        Files.delete(store.files(old.id()).record()); // as a kill leaves it before the last step

        assertThat(store.find(NAME)).hasValue(replacement);
        assertThat(store.freeNames()).containsExactly(NAME);
        assertThat(store.find(NAME)).hasValue(replacement);
    }
}
