package dev.lockstep.runtime.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NetworkNamespacesIT {
    private static final byte[] LOCALHOST = {127, 0, 0, 1};

    @TempDir
    Path directory;

    @Test
    void actions_run_inside_and_nobody_else_moves() throws IOException {
        try (var namespaces = NetworkNamespaces.ofThisProcess()) {
            var pin = directory.resolve("one");
            namespaces.create(pin);
            try {
                var outside = own();
                var inside = namespaces.inside(pin, () -> own());
                assertThat(inside).isNotEqualTo(outside);
                assertThat(own()).isEqualTo(outside);
                for (var i = 0; i < 10; i++) {
                    assertThat(namespaces.home(NetworkNamespacesIT::own)).isEqualTo(outside);
                }
                assertThat(namespaces.inside(pin, () -> namespaces.inside(pin, () -> own())))
                        .isEqualTo(inside);
            } finally {
                namespaces.delete(pin);
            }
            assertThat(pin).doesNotExist();
            namespaces.delete(pin);
        }
    }

    @Test
    void an_action_that_fails_leaves_the_thread_at_home_and_its_exception_arrives() throws IOException {
        try (var namespaces = NetworkNamespaces.ofThisProcess()) {
            var pin = directory.resolve("one");
            namespaces.create(pin);
            try {
                var outside = own();
                assertThatThrownBy(() -> namespaces.inside(pin, () -> {
                            throw new IOException("inside");
                        }))
                        .isInstanceOf(IOException.class)
                        .hasMessage("inside");
                assertThat(namespaces.home(NetworkNamespacesIT::own)).isEqualTo(outside);
            } finally {
                namespaces.delete(pin);
            }
        }
    }

    @Test
    void what_is_done_aside_is_done_once_by_whoever_is_free() throws IOException {
        try (var namespaces = NetworkNamespaces.ofThisProcess()) {
            var times = new AtomicInteger();
            // More than there are threads: none of those that wait may wait for ever.
            var sum = namespaces.home(() -> {
                var first = namespaces.aside(times::incrementAndGet);
                var second = namespaces.aside(
                        () -> namespaces.aside(times::incrementAndGet).await());
                var third = namespaces.aside(times::incrementAndGet);
                return first.await() + second.await() + third.await();
            });
            assertThat(sum).isEqualTo(1 + 2 + 3);
            assertThat(times).hasValue(3);
        }
    }

    @Test
    void what_fails_aside_fails_who_awaits_it_and_not_who_gives_it_up() throws IOException {
        try (var namespaces = NetworkNamespaces.ofThisProcess()) {
            var outside = own();
            assertThatThrownBy(() -> namespaces.home(() -> {
                        var failing = namespaces.aside(() -> {
                            throw new IOException("aside");
                        });
                        failing.abandon();
                        return failing.await();
                    }))
                    .isInstanceOf(IOException.class)
                    .hasMessage("aside");
            assertThat(namespaces.home(NetworkNamespacesIT::own)).isEqualTo(outside);
        }
    }

    /** An agent that ends while one of its threads is about to ask. */
    @Test
    void nobody_waits_for_ever_at_home_when_it_is_closed() throws Exception {
        for (var i = 0; i < 300; i++) {
            var namespaces = NetworkNamespaces.ofThisProcess();
            var asking = Thread.ofPlatform().daemon().start(() -> {
                try {
                    namespaces.home(() -> "here");
                } catch (IOException | RuntimeException e) {
                    // Closed before it could ask, or before it was answered.
                }
            });
            for (var spin = 0; spin < i * 200; spin++) {
                Thread.onSpinWait();
            }
            namespaces.close();
            assertThat(asking.join(Duration.ofSeconds(30)))
                    .as("round %d has ended", i)
                    .isTrue();
        }
    }

    @Test
    void a_file_that_pins_nothing_is_told_from_a_pin_and_used() throws IOException {
        try (var namespaces = NetworkNamespaces.ofThisProcess()) {
            var pin = Files.createFile(directory.resolve("left-after-reboot"));
            assertThat(namespaces.isPinned(pin)).isFalse();
            assertThat(namespaces.isPinned(directory.resolve("absent"))).isFalse();
            namespaces.create(pin);
            try {
                assertThat(namespaces.isPinned(pin)).isTrue();
            } finally {
                namespaces.delete(pin);
            }
        }
    }

    @Test
    void a_port_is_free_taken_or_of_another_host_and_its_holder_is_named() throws IOException {
        try (var namespaces = NetworkNamespaces.ofThisProcess()) {
            var pin = directory.resolve("one");
            namespaces.create(pin);
            try {
                namespaces.inside(pin, () -> {
                    try (var links = Rtnetlink.open()) {
                        links.setUp(links.index("lo"));
                    }
                    assertThat(LocalPort.probe(LOCALHOST, 80, 6)).isEqualTo(LocalPort.State.FREE);
                    assertThat(LocalPort.probe(new byte[] {10, 1, 1, 1}, 80, 6))
                            .isEqualTo(LocalPort.State.NO_SUCH_ADDRESS);
                    try (var listener = new ServerSocket(80)) {
                        assertThat(listener.isBound()).isTrue();
                        assertThat(LocalPort.probe(LOCALHOST, 80, 6)).isEqualTo(LocalPort.State.TAKEN);
                        assertThat(LocalPort.probe(LOCALHOST, 80, 17)).isEqualTo(LocalPort.State.FREE);
                        assertThat(SocketDiagnosis.holder(LOCALHOST, 80, false))
                                .contains(new SocketDiagnosis.Holder(
                                        (int) ProcessHandle.current().pid(), "java"));
                        assertThat(SocketDiagnosis.holder(LOCALHOST, 80, true)).isEmpty();
                    }
                    return Optional.empty();
                });
            } finally {
                namespaces.delete(pin);
            }
        }
    }

    @Test
    void errors_of_rtnetlink_carry_the_kernels_sentence() throws IOException {
        try (var namespaces = NetworkNamespaces.ofThisProcess()) {
            var pin = directory.resolve("one");
            namespaces.create(pin);
            try (var links = namespaces.inside(pin, Rtnetlink::open)) {
                var mac = new byte[] {2, 0, 0, 0, 0, 1};
                assertThatThrownBy(() -> links.createBridge("tiny", mac, 10, "x"))
                        .isInstanceOf(LinuxException.class)
                        .hasMessage("rtnetlink bridge tiny: EINVAL (invalid argument): mtu less than device minimum");
                assertThatThrownBy(() -> links.index("nothing")).hasMessageContaining("link nothing: ENODEV");
                assertThat(links.deleteLink("nothing")).isFalse();
                var index = links.createBridge("br", mac, 1400, "somebody's");
                assertThat(links.link("br"))
                        .contains(new Rtnetlink.Link(index, "br", true, 1400, "somebody's", "bridge", 0));
                links.addAddress(index, new byte[] {10, 9, 0, 1}, 24, new byte[] {10, 9, 0, (byte) 255});
                links.addAddress(index, new byte[] {10, 9, 0, 1}, 24, new byte[] {10, 9, 0, (byte) 255});
                assertThat(links.addresses())
                        .extracting(Rtnetlink.Address::prefix)
                        .isEqualTo(List.of(24));
                assertThat(links.routes())
                        .anyMatch(r -> r.destination().getHostAddress().equals("10.9.0.0")
                                && r.prefix() == 24
                                && r.link() == index);
            } finally {
                namespaces.delete(pin);
            }
        }
    }

    @Test
    void a_refused_transaction_changes_nothing_and_says_why() throws IOException {
        try (var namespaces = NetworkNamespaces.ofThisProcess()) {
            var pin = directory.resolve("one");
            namespaces.create(pin);
            try (var nft = namespaces.inside(pin, Nftables::open)) {
                assertThatThrownBy(() -> nft.run("""
                                {"nftables":[{"add":{"table":{"family":"inet","name":"a"}}},
                                {"delete":{"table":{"family":"inet","name":"b"}}}]}"""))
                        .isInstanceOf(NftablesException.class)
                        .hasMessageContaining("No such file or directory");
                assertThat(nft.run("{\"nftables\":[{\"list\":{\"tables\":{}}}]}"))
                        .doesNotContain("\"table\"");
            } finally {
                namespaces.delete(pin);
            }
        }
    }

    @Test
    void numeric_parameters_are_read_whole_and_paths_cannot_leave() throws IOException {
        assertThat(Sysctls.read("fs/file-max").orElseThrow())
                .hasSizeGreaterThan(1)
                .containsOnlyDigits();
        assertThat(Sysctls.read("net/ipv4/no_such_parameter")).isEmpty();
        assertThatThrownBy(() -> Sysctls.read("../../etc/passwd")).isInstanceOf(IllegalArgumentException.class);
    }

    private static String own() throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/thread-self/ns/net")).toString();
    }
}
