package dev.lockstep.runtime.network;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.dns.NameServer;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.NetworkNamespaces;
import dev.lockstep.runtime.linux.Nftables;
import dev.lockstep.runtime.linux.Rtnetlink;
import dev.lockstep.runtime.linux.Sysctls;
import dev.lockstep.runtime.store.Root;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.AbstractSelectableChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A whole host in a network namespace, with {@code ext0} (203.0.113.1, 2001:db8::1) that leads to a machine outside
 * (203.0.113.2, 2001:db8::2), and the networks of one root on it. Nothing here touches the real host's links or rules.
 */
final class PrivateHost implements AutoCloseable {
    static final String OWN = "203.0.113.1";
    static final String OUTSIDE = "203.0.113.2";
    static final String OWN6 = "2001:db8::1";
    static final String OUTSIDE6 = "2001:db8::2";

    /** How long an answer that has to come may take on a busy machine. */
    private static final int PATIENCE_MILLIS = 20_000;
    /** How long nothing must come before a packet counts as dropped. */
    private static final int SILENCE_MILLIS = 400;

    /** How long nobody must answer attempts that are made at once. */
    private static final Duration QUIET = Duration.ofSeconds(1);

    /** How long an attempt may take that somebody may answer or not. */
    private static final Duration ATTEMPT = Duration.ofSeconds(3);

    final NetworkNamespaces namespaces;
    final Root root;
    final NameServer names;
    final Networks networks;
    final Path outside;
    private final Path home;
    private final NetworkNamespaces outer;
    private final List<Closeable> servers = new ArrayList<>();
    private final List<Thread> serving = new ArrayList<>();
    private final NetworkSettings settings;

    PrivateHost(Path directory) throws IOException {
        this(directory, NetworkSettings.ForeignFirewall.OPEN);
    }

    PrivateHost(Path directory, NetworkSettings.ForeignFirewall foreign) throws IOException {
        this(directory, foreign, PrivateHost::aardvark);
    }

    /** @param program the name server */
    PrivateHost(Path directory, NetworkSettings.ForeignFirewall foreign, NameServer.Program program)
            throws IOException {
        outer = NetworkNamespaces.ofThisProcess();
        home = directory.resolve("host-namespace");
        outside = directory.resolve("outside-namespace");
        outer.create(home);
        outer.create(outside);
        namespaces = NetworkNamespaces.at(home);
        root = Root.open(directory.resolve("state"), directory.resolve("run"));
        Files.writeString(directory.resolve("resolv.conf"), "nameserver 172.28.0.53\n");
        Files.writeString(directory.resolve("machine-id"), "0123456789abcdef0123456789abcdef\n");
        settings = settings(directory, foreign);
        names = new NameServer(root, program, namespaces, _ -> {});
        networks = networks();
        wire();
    }

    static Path aardvark() {
        return NameServer.findProgram(System.getenv("PATH")).orElseThrow();
    }

    /** What the host in that directory has; another process on it has the same. */
    static NetworkSettings settings(Path directory) {
        return settings(directory, NetworkSettings.ForeignFirewall.OPEN);
    }

    private static NetworkSettings settings(Path directory, NetworkSettings.ForeignFirewall foreign) {
        return new NetworkSettings(
                NetworkSettings.defaults().pool(),
                24,
                foreign,
                directory.resolve("machine.lock"),
                directory.resolve("bus"),
                directory.resolve("machine-id"),
                directory.resolve("resolv.conf"));
    }

    /** A second set of objects on the same files: another process. */
    Networks networks() throws IOException {
        return new Networks(root, settings, namespaces, names, Clock.systemUTC());
    }

    /** Another root on the same host. */
    Networks otherRoot(Path directory) throws IOException {
        var other = Root.open(directory.resolve("state"), directory.resolve("run"));
        return new Networks(
                other,
                settings,
                namespaces,
                new NameServer(other, PrivateHost::aardvark, namespaces, _ -> {}),
                Clock.systemUTC());
    }

    private void wire() throws IOException {
        namespaces.home(() -> {
            // A new namespace takes this from the machine's.
            Sysctls.write("net/ipv4/ip_forward", "0");
            Sysctls.write("net/ipv6/conf/all/forwarding", "0");
            try (var links = Rtnetlink.open();
                    var pin = Fd.open(outside)) {
                links.setUp(links.index("lo"));
                var mac = new byte[] {2, 0, 0, 0, 0, 1};
                var ext = links.createBridge("ext0", mac, 1500, "outside");
                links.addAddress(
                        ext,
                        IpAddress.parse(OWN).bytes(),
                        24,
                        IpAddress.parse("203.0.113.255").bytes());
                links.addAddress(ext, IpAddress.parse(OWN6).bytes(), 64);
                mac[5] = 2;
                links.createVeth("ext1", "outside", ext, pin, "eth0", mac, 1500);
            }
            return Optional.empty();
        });
        namespaces.inside(outside, () -> {
            try (var links = Rtnetlink.open()) {
                links.setUp(links.index("lo"));
                var eth = links.index("eth0");
                links.addAddress(
                        eth,
                        IpAddress.parse(OUTSIDE).bytes(),
                        24,
                        IpAddress.parse("203.0.113.255").bytes());
                links.addAddress(eth, IpAddress.parse(OUTSIDE6).bytes(), 64);
                links.setUp(eth);
                // An attacker's routes straight to the containers.
                links.replaceDefaultRoute(eth, IpAddress.parse(OWN).bytes());
                links.replaceDefaultRoute(eth, IpAddress.parse(OWN6).bytes());
            }
            return Optional.empty();
        });
    }

    Path home() {
        return home;
    }

    /** Where the message bus of this host would be. */
    Path systemBus() {
        return settings.systemBus();
    }

    /** A TCP and a UDP server that answer {@code NAME SOURCE}. */
    void serve(Path where, String name, int port) throws IOException {
        serve(where, "0.0.0.0", name, port);
    }

    void serve(Path where, String address, String name, int port) throws IOException {
        var tcp = namespaces.inside(where, () -> new ServerSocket(port, 50, InetAddress.getByName(address)));
        var udp = namespaces.inside(
                where, () -> new DatagramSocket(new InetSocketAddress(InetAddress.getByName(address), port)));
        servers.add(tcp);
        servers.add(udp);
        serving.add(Thread.ofPlatform().daemon().start(() -> {
            while (true) {
                try (var client = tcp.accept()) {
                    client.getOutputStream()
                            .write((name + " " + IpAddress.of(client.getInetAddress()))
                                    .getBytes(StandardCharsets.UTF_8));
                } catch (IOException e) {
                    return;
                }
            }
        }));
        serving.add(Thread.ofPlatform().daemon().start(() -> {
            var packet = new DatagramPacket(new byte[100], 100);
            while (true) {
                try {
                    udp.receive(packet);
                    var answer = (name + " " + IpAddress.of(packet.getAddress())).getBytes(StandardCharsets.UTF_8);
                    udp.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
                } catch (IOException e) {
                    return;
                }
            }
        }));
    }

    /** What the server says, or the failure's name. */
    String tcp(Path from, String address, int port) throws IOException {
        return tcp(from, address, port, PATIENCE_MILLIS);
    }

    /** Whether nothing at all comes back: neither an answer nor a refusal. */
    boolean dropped(Path from, String address, int port) throws IOException {
        return tcp(from, address, port, SILENCE_MILLIS).equals(SocketTimeoutException.class.getSimpleName());
    }

    private String tcp(Path from, String address, int port, int patienceMillis) throws IOException {
        return namespaces.inside(from, () -> {
            try (var socket = new Socket()) {
                socket.connect(new InetSocketAddress(address, port), patienceMillis);
                socket.setSoTimeout(patienceMillis);
                return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
                return e.getClass().getSimpleName();
            }
        });
    }

    /** Something that somebody tries. */
    record Attempt(String what, Path from, String protocol, String address, int port) {}

    /** Makes the attempt, and says what came of it within three seconds. */
    String attempt(Path from, String protocol, String address, int port) throws IOException {
        return tryAll(List.of(new Attempt("", from, protocol, address, port)), Set.of(), ATTEMPT)
                .getOrDefault("", "");
    }

    /**
     * Makes all attempts at once, and says of each what came of it: the server's answer, {@code refused}, or
     * {@code nothing} after a second.
     *
     * @param answered those that are waited for, however long it takes on a busy machine
     */
    Map<String, String> tryAll(List<Attempt> attempts, Set<String> answered) throws IOException {
        return tryAll(attempts, answered, QUIET);
    }

    private Map<String, String> tryAll(List<Attempt> attempts, Set<String> answered, Duration quiet)
            throws IOException {
        var open = new LinkedHashMap<Attempt, AbstractSelectableChannel>();
        var outcomes = new LinkedHashMap<String, String>();
        try {
            for (var attempt : attempts) {
                var target = new InetSocketAddress(attempt.address(), attempt.port());
                var family =
                        attempt.address().contains(":") ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET;
                var tcp = attempt.protocol().equals("tcp");
                var channel = namespaces.inside(
                        attempt.from(), () -> tcp ? SocketChannel.open(family) : DatagramChannel.open(family));
                open.put(attempt, channel);
                channel.configureBlocking(false);
                try {
                    if (channel instanceof SocketChannel socket) {
                        socket.connect(target);
                    } else if (channel instanceof DatagramChannel socket) {
                        socket.connect(target);
                        socket.write(ByteBuffer.wrap(new byte[] {'x'}));
                    }
                } catch (IOException e) {
                    outcomes.put(attempt.what(), "refused"); // no route at all, and the like
                }
            }
            var begun = System.nanoTime();
            var waited = Duration.ZERO;
            while (outcomes.size() < attempts.size()
                    && (waited.compareTo(quiet) < 0
                            || waited.toMillis() < PATIENCE_MILLIS
                                    && !outcomes.keySet().containsAll(answered))) {
                waited = Duration.ofNanos(System.nanoTime() - begun);
                for (var attempt : open.entrySet()) {
                    if (!outcomes.containsKey(attempt.getKey().what())) {
                        outcome(attempt.getValue())
                                .ifPresent(o -> outcomes.put(attempt.getKey().what(), o));
                    }
                }
                Thread.onSpinWait();
            }
            attempts.forEach(attempt -> outcomes.putIfAbsent(attempt.what(), "nothing"));
            return outcomes;
        } finally {
            for (var channel : open.values()) {
                channel.close();
            }
        }
    }

    private static Optional<String> outcome(AbstractSelectableChannel channel) {
        var buffer = ByteBuffer.allocate(200);
        try {
            if (channel instanceof SocketChannel socket && !socket.isConnected() && !socket.finishConnect()) {
                return Optional.empty();
            }
            var n = channel instanceof SocketChannel socket
                    ? socket.read(buffer)
                    : ((DatagramChannel) channel).read(buffer);
            return n > 0 ? Optional.of(new String(buffer.array(), 0, n, StandardCharsets.UTF_8)) : Optional.empty();
        } catch (IOException e) {
            return Optional.of("refused");
        }
    }

    String udp(Path from, String address, int port) throws IOException {
        try (var socket = udpSocket(from)) {
            return udp(socket, address, port);
        }
    }

    DatagramSocket udpSocket(Path from) throws IOException {
        return namespaces.inside(from, DatagramSocket::new);
    }

    String udp(DatagramSocket socket, String address, int port) throws IOException {
        var answer = exchange(socket, address, port, new byte[] {'x'}, PATIENCE_MILLIS);
        return answer.length == 0 ? "no answer" : new String(answer, StandardCharsets.UTF_8);
    }

    /**
     * Asks again every {@link #SILENCE_MILLIS}, as whoever speaks UDP does: the first packet after a change may be
     * lost.
     */
    private static byte[] exchange(DatagramSocket socket, String address, int port, byte[] question, int patienceMillis)
            throws IOException {
        socket.setSoTimeout(SILENCE_MILLIS);
        var packet = new DatagramPacket(new byte[1500], 1500);
        forgetLateAnswers(socket);
        for (var waited = 0; waited < patienceMillis; waited += SILENCE_MILLIS) {
            socket.send(new DatagramPacket(question, question.length, new InetSocketAddress(address, port)));
            try {
                socket.receive(packet);
                return Arrays.copyOf(packet.getData(), packet.getLength());
            } catch (SocketTimeoutException e) {
                // Once more.
            }
        }
        return new byte[0];
    }

    private static void forgetLateAnswers(DatagramSocket socket) throws IOException {
        var timeout = socket.getSoTimeout();
        socket.setSoTimeout(1);
        try {
            while (true) {
                socket.receive(new DatagramPacket(new byte[1], 1));
            }
        } catch (SocketTimeoutException e) {
            socket.setSoTimeout(timeout);
        }
    }

    /** The IPv4 addresses that the server answers, sorted; empty when it says there are none or says nothing. */
    List<String> resolve(Path from, String server, String name) throws IOException {
        return resolve(from, server, name, AddressFamily.IPV4);
    }

    /** The addresses of that family that the server answers. */
    List<String> resolve(Path from, String server, String name, AddressFamily family) throws IOException {
        return ask(from, server, name, family == AddressFamily.IPV4 ? DnsMessage.A : DnsMessage.AAAA, false)
                .map(DnsMessage::records)
                .orElse(List.of());
    }

    /** What the server answers over UDP or TCP; empty when it says nothing. */
    Optional<DnsMessage> ask(Path from, String server, String name, int type, boolean tcp) throws IOException {
        var question = DnsMessage.question(name, type);
        byte[] answer;
        if (tcp) {
            answer = namespaces.inside(from, () -> {
                try (var socket = new Socket()) {
                    socket.connect(new InetSocketAddress(server, 53), PATIENCE_MILLIS);
                    socket.setSoTimeout(PATIENCE_MILLIS);
                    var out = new DataOutputStream(socket.getOutputStream());
                    out.write(ByteBuffer.allocate(2 + question.length)
                            .putShort((short) question.length)
                            .put(question)
                            .array());
                    var in = new DataInputStream(socket.getInputStream());
                    return in.readNBytes(in.readUnsignedShort());
                } catch (EOFException | SocketTimeoutException | ConnectException e) {
                    return new byte[0];
                }
            });
        } else {
            try (var socket = udpSocket(from)) {
                return ask(socket, server, name, type);
            }
        }
        return answer.length == 0 ? Optional.empty() : Optional.of(DnsMessage.parse(answer, type));
    }

    /** The same over UDP from a socket that is kept. */
    Optional<DnsMessage> ask(DatagramSocket socket, String server, String name, int type) throws IOException {
        var answer = exchange(socket, server, 53, DnsMessage.question(name, type), SILENCE_MILLIS);
        return answer.length == 0 ? Optional.empty() : Optional.of(DnsMessage.parse(answer, type));
    }

    /** As somebody does who flushes rules that are not his. */
    void deleteRules() throws IOException {
        nft("{\"nftables\":[{\"delete\":{\"table\":{\"family\":\"inet\",\"name\":\"lockstep_" + root.shortId()
                + "\"}}}]}");
    }

    String nft(String json) throws IOException {
        return namespaces.home(() -> {
            try (var nft = Nftables.open()) {
                return nft.run(json);
            }
        });
    }

    List<String> linkNames() throws IOException {
        return namespaces.home(() -> {
            try (var links = Rtnetlink.open()) {
                return links.links().stream().map(Rtnetlink.Link::name).sorted().toList();
            }
        });
    }

    /** Ends the servers, whose sockets hold their namespaces. Their ports are free then. */
    void stopServing() throws IOException {
        for (var server : servers) {
            server.close();
        }
        servers.clear();
        end(serving);
        serving.clear();
    }

    /** Waits for who waits at a socket: as long as he does the kernel does not close it. */
    static void end(List<Thread> serving) throws IOException {
        try {
            for (var thread : serving) {
                thread.join(Duration.ofMillis(PATIENCE_MILLIS));
            }
        } catch (InterruptedException e) {
            throw new InterruptedIOException();
        }
    }

    /** Ends what serves, takes everybody off the networks and the networks away, and looks that nothing is left. */
    void assertNothingStays() throws IOException {
        clear();
        assertThat(linkNames()).containsExactly("ext0", "ext1", "lo");
        assertThat(nft("{\"nftables\":[{\"list\":{\"tables\":{}}}]}")).doesNotContain("lockstep");
        assertThat(names.pid()).isEmpty();
        assertThat(names.ownServers().containers()).isEmpty();
        try (var pins = Files.list(root.run().resolve("netns"))) {
            assertThat(pins).isEmpty();
        }
    }

    private void clear() throws IOException {
        stopServing();
        for (var container : networks.observe().containers().keySet()) {
            networks.detach(container);
        }
        for (var network : networks.list()) {
            networks.remove(network.name());
        }
    }

    @Override
    public void close() throws IOException {
        try {
            clear();
        } finally {
            networks.close();
            namespaces.close();
            outer.delete(home);
            outer.delete(outside);
            outer.close();
        }
    }
}
