package dev.lockstep.runtime.container;

import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.runtime.image.Digest;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class InPlaceUpdateTest {
    private static final Digest IMAGE = Digest.parse("sha256:" + "ab".repeat(32));
    private static final MountSpec DATA = new MountSpec.Volume("data", "/data", false, false);
    private static final MountSpec CONF = new MountSpec.Bind(Path.of("/src/conf"), "shop:conf", "/conf", true, false);
    private static final MountSpec SECRET =
            new MountSpec.Content("secret s", "5e".repeat(32), "/run/secrets/s", "0", "0", 0444);

    private static Wish wish() {
        return new Wish("c", IMAGE).run("true");
    }

    private static ContainerRecord made(ContainerSpec spec) throws ContainerException {
        return new ContainerRecord(
                "0".repeat(64),
                spec,
                Optional.of(ResolutionTest.resolved("c", spec)),
                ContainerRecord.Phase.CREATED,
                Instant.EPOCH);
    }

    @Test
    void mounts_are_the_same_whichever_is_named_first() throws Exception {
        var before = made(wish().mount(DATA).mount(CONF).mount(SECRET).spec());
        assertThat(InPlaceUpdate.needsReplacement(
                        before, wish().mount(SECRET).mount(CONF).mount(DATA).spec()))
                .isEmpty();
        assertThat(InPlaceUpdate.needsReplacement(
                        before, wish().mount(DATA).mount(CONF).spec()))
                .containsExactly("volumes");
        assertThat(InPlaceUpdate.needsReplacement(
                        before,
                        wish().mount(new MountSpec.Volume("data", "/data", true, false))
                                .mount(CONF)
                                .mount(SECRET)
                                .spec()))
                .containsExactly("volumes");
    }

    @Test
    void devices_are_the_same_whichever_is_named_first() throws Exception {
        var one = new DeviceOptions.Mapping("/dev/null", "/dev/a", "rw");
        var other = new DeviceOptions.Mapping("/dev/zero", "/dev/b", "r");
        var before = made(wish().with(new DeviceOptions(List.of(one, other), List.of(), List.of()))
                .spec());
        assertThat(InPlaceUpdate.needsReplacement(
                        before,
                        wish().with(new DeviceOptions(List.of(other, one), List.of(), List.of()))
                                .spec()))
                .isEmpty();
        assertThat(InPlaceUpdate.needsReplacement(
                        before,
                        wish().with(new DeviceOptions(List.of(one), List.of(), List.of()))
                                .spec()))
                .containsExactly("devices");
    }
}
