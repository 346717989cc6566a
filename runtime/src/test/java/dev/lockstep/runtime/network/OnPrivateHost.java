package dev.lockstep.runtime.network;

import dev.lockstep.runtime.network.PublishedPort.TransportProtocol;
import dev.lockstep.runtime.store.Owner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Tests that each have a host of their own, on which nothing stays. */
abstract class OnPrivateHost {
    static final Owner OWNER = new Owner("here", "shop", Optional.empty());
    private static final String RULESET = "{\"nftables\":[{\"list\":{\"ruleset\":{}}}]}";

    @TempDir
    Path directory;

    PrivateHost host;
    Networks networks;

    @BeforeEach
    void makeHost() throws IOException {
        host = new PrivateHost(directory);
        networks = host.networks;
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        try {
            host.assertNothingStays();
        } finally {
            host.close();
        }
    }

    /** All rules of the host; what they have counted is not theirs. */
    String ruleset() throws IOException {
        return host.nft(RULESET).replaceAll("\"packets\": \\d+, \"bytes\": \\d+", "");
    }

    static NetworkSpec dual(String name, boolean internal) {
        return new NetworkSpec(name, OWNER, internal, true, true, List.of(), Optional.empty(), Map.of(), Map.of());
    }

    Attached attach(String container, String service, String network) throws IOException {
        return networks.attach(request(container, service, network));
    }

    static AttachRequest request(String container, String service, String network) {
        return new AttachRequest(
                container,
                new LeaseKey("shop", service, 1),
                List.of(new AttachmentSpec(network, List.of(), List.of(), 0)),
                List.of(service),
                List.of());
    }

    static NetworkSpec network(String name) {
        return network(name, Optional.empty());
    }

    static NetworkSpec network(String name, String subnet) {
        return network(name, Optional.of(Cidr.parse(subnet)));
    }

    static NetworkSpec network(String name, Optional<Cidr> subnet) {
        return new NetworkSpec(
                name,
                OWNER,
                false,
                true,
                false,
                subnet.stream().map(SubnetSpec::of).toList(),
                Optional.empty(),
                Map.of(),
                Map.of());
    }

    static PublishedPort tcp(int hostPort, int port) {
        return new PublishedPort(Optional.empty(), Optional.of(hostPort), port, TransportProtocol.TCP);
    }

    static PublishedPort tcp(String ip, int hostPort, int port) {
        return new PublishedPort(Optional.of(IpAddress.parse(ip)), Optional.of(hostPort), port, TransportProtocol.TCP);
    }

    static PublishedPort udp(int hostPort, int port) {
        return new PublishedPort(Optional.empty(), Optional.of(hostPort), port, TransportProtocol.UDP);
    }

    static String address(Attached attached) {
        return attached.main().orElseThrow().addresses().getFirst().address().toString();
    }
}
