package dev.lockstep.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.linux.ElementChanges.Family;
import java.io.IOException;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Against the kernel's own nftables, in a network namespace that each test has for itself; libnftables reads it. */
class NftablesSetsIT {
    private static final byte[] NOTHING = {};
    private static final byte[] ONE = {10, 0, 0, 1};
    private static final byte[] TWO = {10, 0, 0, 2};
    private static final byte[] THREE = {10, 0, 0, 3};

    @TempDir
    Path directory;

    private NetworkNamespaces namespaces;
    private Path pin;
    private NftablesSets sets;
    private Nftables nftables;

    @BeforeEach
    void makeATable() throws IOException {
        namespaces = NetworkNamespaces.ofThisProcess();
        pin = directory.resolve("host");
        namespaces.create(pin);
        sets = namespaces.inside(pin, NftablesSets::open);
        nftables = namespaces.inside(pin, Nftables::open);
        nftables.run("""
                {"nftables":[{"add":{"table":{"family":"inet","name":"box"}}},
                {"add":{"set":{"family":"inet","table":"box","name":"plain","type":"ipv4_addr"}}},
                {"add":{"map":{"family":"inet","table":"box","name":"ports","type":["inet_proto","inet_service"],
                "map":["ipv4_addr","inet_service"]}}}]}""");
    }

    @AfterEach
    void takeItAway() throws IOException {
        nftables.close();
        sets.close();
        namespaces.delete(pin);
        namespaces.close();
    }

    @Test
    void elements_are_what_libnftables_reads_and_go_again() throws IOException {
        sets.change(new ElementChanges(Family.INET, "box")
                .add("plain", ONE, NOTHING)
                .add("ports", new byte[] {17, 0, 0, 0, 0x14, (byte) 0xe9, 0, 0}, new byte[] {10, 0, 0, 1, 0, 53, 0, 0
                }));
        assertThat(list("set", "plain")).contains("\"elem\": [\"10.0.0.1\"]");
        assertThat(list("map", "ports"))
                .contains("\"elem\": [[{\"concat\": [17, 5353]}, {\"concat\": [\"10.0.0.1\", 53]}]]");

        sets.change(new ElementChanges(Family.INET, "box")
                .delete("plain", ONE)
                .add("plain", TWO, NOTHING)
                .add("plain", TWO, NOTHING));
        assertThat(list("set", "plain")).contains("\"elem\": [\"10.0.0.2\"]");
    }

    @Test
    void a_transaction_of_which_one_change_cannot_be_made_changes_nothing_and_names_the_set() throws IOException {
        sets.change(new ElementChanges(Family.INET, "box")
                .add("plain", ONE, NOTHING)
                .add("ports", new byte[8], new byte[8]));
        var before = list("set", "plain") + list("map", "ports");
        // The first, one in the middle and the last.
        refused(new ElementChanges(Family.INET, "box").delete("plain", THREE).add("plain", TWO, NOTHING), "plain");
        refused(
                new ElementChanges(Family.INET, "box")
                        .delete("plain", ONE)
                        .add("ports", new byte[8], new byte[] {10, 0, 0, 9, 0, 1, 0, 0})
                        .add("plain", TWO, NOTHING),
                "ports");
        refused(new ElementChanges(Family.INET, "box").delete("plain", ONE).add("strange", TWO, NOTHING), "strange");
        refused(
                new ElementChanges(Family.INET, "box").delete("plain", ONE).add("plain", new byte[8], NOTHING),
                "plain");
        refused(new ElementChanges(Family.BRIDGE, "box").add("plain", TWO, NOTHING), "plain");
        assertThat(list("set", "plain") + list("map", "ports")).isEqualTo(before);

        // And the socket has nothing left of what was refused.
        sets.change(new ElementChanges(Family.INET, "box").delete("plain", ONE).add("plain", TWO, NOTHING));
        assertThat(list("set", "plain")).contains("\"elem\": [\"10.0.0.2\"]");
    }

    @Test
    void more_than_a_socket_takes_by_itself_is_one_transaction_all_the_same() throws IOException {
        var count = 30_000;
        sets.change(many(count));
        assertThat(Pattern.compile("\"concat\": \\[6, ")
                        .matcher(list("map", "ports"))
                        .results()
                        .count())
                .isEqualTo(count);
        var before = list("map", "ports");

        var twice = new ElementChanges(Family.INET, "box");
        for (var i = 1; i <= count; i++) {
            twice.delete("ports", key(i));
        }
        refused(twice.delete("ports", key(1)), "ports");
        assertThat(list("map", "ports")).isEqualTo(before);
    }

    @Test
    void a_namespace_without_the_table_says_so() throws IOException {
        nftables.run("{\"nftables\":[{\"delete\":{\"table\":{\"family\":\"inet\",\"name\":\"box\"}}}]}");
        assertThatThrownBy(() -> sets.change(many(3)))
                .isInstanceOf(NftablesException.class)
                .hasMessage("nftables: table box: elements of ports: ENOENT (no such file or directory)");
    }

    private void refused(ElementChanges changes, String set) {
        assertThatThrownBy(() -> sets.change(changes))
                .isInstanceOf(NftablesException.class)
                .hasMessageStartingWith("nftables: table box: elements of " + set + ": ");
    }

    private static ElementChanges many(int count) {
        var changes = new ElementChanges(Family.INET, "box");
        for (var i = 1; i <= count; i++) {
            changes.add("ports", key(i), new byte[] {10, 0, 0, 1, 0, 80, 0, 0});
        }
        return changes;
    }

    private static byte[] key(int port) {
        return new byte[] {6, 0, 0, 0, (byte) (port >>> 8), (byte) port, 0, 0};
    }

    private String list(String what, String name) throws IOException {
        return nftables.run("{\"nftables\":[{\"list\":{\"" + what
                + "\":{\"family\":\"inet\",\"table\":\"box\",\"name\":\"" + name + "\"}}}]}");
    }
}
