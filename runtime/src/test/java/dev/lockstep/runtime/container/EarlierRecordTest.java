package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.network.AttachmentSpec;
import dev.lockstep.runtime.network.EndpointOptions;
import dev.lockstep.runtime.network.IpAddress;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EarlierRecordTest {
    private static final String ROOT = "db69a0a7f76c8a7e4f2508c3f7ced435";
    private static final String ID = "1c22f0d780feb4a9190a76e3de8e0d5da7c5e5bf9e6fcc77e607be7fefb60d27";

    @TempDir
    Path directory;

    /** Format 1: a container had one fixed IPv4 address on a network, and no other wishes about it. */
    @Test
    void a_record_of_the_format_before_is_a_container_like_others() throws IOException {
        var state = Files.createDirectory(directory.resolve("state"));
        Files.writeString(
                state.resolve("root.json"),
                "{\"format\":1,\"root\":\"" + ROOT + "\",\"record\":{\"id\":\"" + ROOT + "\"}}");
        var store = new ContainerStore(Root.open(state, directory.resolve("run")));
        var file = store.files(ID).record();
        Files.createDirectories(file.getParent());
        try (var content = EarlierRecordTest.class.getResourceAsStream("/format1/container.json")) {
            Files.copy(content, file);
        }

        var record = store.record(ID).orElseThrow();

        assertThat(store.isSound(ID)).isTrue();
        assertThat(record.spec().name()).isEqualTo("shop-web-1");
        assertThat(record.spec().networks())
                .containsExactly(
                        new AttachmentSpec(
                                "shop_front",
                                List.of("www"),
                                List.of(IpAddress.parse("10.77.0.9")),
                                0,
                                EndpointOptions.NONE),
                        new AttachmentSpec("shop_back", List.of(), List.of(), 5, EndpointOptions.NONE));
        assertThat(record.spec().ports())
                .extracting(port -> port.hostIp().orElseThrow())
                .containsExactly(IpAddress.parse("127.0.0.1"));
    }
}
