package dev.lockstep.reconciler.deploy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.Placement;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.reconciler.desired.Translation;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.FileTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.policy.Confinement;
import dev.lockstep.spec.settings.AgentSettings;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is ordered comes on top of what the files say, and stands where it was ordered. */
class HostOrdersTest {
    private record OneFile(String text) implements FileTree {
        @Override
        public Optional<byte[]> read(String path) {
            return path.equals("compose.yaml") ? Optional.of(text.getBytes(UTF_8)) : Optional.empty();
        }

        @Override
        public List<Entry> list(String directory) {
            return directory.isEmpty() ? List.of(new Entry("compose.yaml", false)) : List.of();
        }
    }

    private static Desired written(String attributes) {
        var file = new OneFile("services: {a: {image: x, network_mode: none, " + attributes + "}}\n");
        var loaded = new ComposeLoader().load(LoadRequest.of(file).withDefaultName("shop"));
        assertThat(loaded).isInstanceOf(Loaded.Valid.class);
        var result = new Translation(
                        ((Loaded.Valid) loaded).project(),
                        new Owner("test", "shop", Optional.of("https://git.example/r.git")),
                        source -> {
                            throw new IOException(source);
                        },
                        _ -> new Resolution.Remote(new Digest("1".repeat(64))))
                .translate(Placement.ONE_HOST, Optional.empty());
        assertThat(result).isInstanceOf(Translation.Result.Translated.class);
        return ((Translation.Result.Translated) result).desired();
    }

    private static Confinement policy(String policy) {
        var read = AgentSettings.read("agent.yaml", ("policy:\n" + policy.indent(2)).getBytes(UTF_8));
        assertThat(read).isInstanceOf(AgentSettings.Read.Valid.class);
        return new Confinement(
                List.of(((AgentSettings.Read.Valid) read).settings().policy().layer("shop", Optional.empty())));
    }

    private static ContainerSpec container(Desired desired) {
        return desired.services().getFirst().slots().getFirst().spec();
    }

    /** What the service says; what is ordered, the lines of the policy with / between; what is added and dropped. */
    @ParameterizedTest(name = "{0} under {1}")
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            user: root                       | drop-capabilities: [MKNOD, net_raw]               | []              | [CAP_MKNOD, CAP_NET_RAW]
            user: root                       | drop-capabilities: ALL                            | []              | [ALL]
            user: root                       | drop-capabilities: []                             | []              | []
            cap_drop: [CHOWN]                | drop-capabilities: [CHOWN, KILL]                  | []              | [CAP_CHOWN, CAP_KILL]
            cap_drop: [ALL]                  | drop-capabilities: [KILL]                         | []              | [ALL]
            cap_add: [KILL, NET_ADMIN]       | drop-capabilities: ALL / capabilities: [KILL]     | [CAP_KILL, CAP_NET_ADMIN] | [ALL]
            cap_add: [KILL]                  | drop-capabilities: [KILL, CHOWN] / capabilities: KILL | [CAP_KILL]  | [CAP_CHOWN]
            cap_add: [KILL]                  | drop-capabilities: ALL                            | []              | [ALL]
            cap_add: [ALL]                   | drop-capabilities: [KILL] / capabilities: ALL     | [ALL]           | []
            privileged: true                 | drop-capabilities: ALL                            | []              | []
            user: root                       | drop-capabilities: ALL / stacks: {shop: {drop-capabilities: [KILL]}} | [] | [CAP_KILL]
            """)
    void capabilities_that_nobody_asks_for_and_may_have_are_dropped(
            String attribute, String policy, String add, String drop) {
        var ordered = HostOrders.applied(policy(policy.replace(" / ", "\n")), written(attribute));
        var isolation = container(ordered).options().isolation();
        assertThat(isolation.capAdd()).hasToString(add);
        assertThat(isolation.capDrop()).hasToString(drop);
    }

    @Test
    void set_id_programs_give_nothing_whatever_a_service_says_unless_it_may() {
        var order = "no-new-privileges: true";
        for (var attribute : List.of("user: root", "security_opt: ['no-new-privileges:false']")) {
            var security = container(HostOrders.applied(policy(order), written(attribute)))
                    .options()
                    .isolation()
                    .security();
            assertThat(security.noNewPrivileges()).contains(true);
        }
        var allowed = policy(order + "\nsecurity-options: ['no-new-privileges=false']");
        var said = HostOrders.applied(allowed, written("security_opt: ['no-new-privileges:false']"));
        assertThat(container(said).options().isolation().security().noNewPrivileges())
                .contains(false);
        // That it may is not that it does.
        assertThat(container(HostOrders.applied(allowed, written("user: root")))
                        .options()
                        .isolation()
                        .security()
                        .noNewPrivileges())
                .contains(true);
    }

    @ParameterizedTest
    @CsvSource({
        "user: root, 100",
        "pids_limit: 7, 7",
        "pids_limit: 0, 100",
        "pids_limit: -1, 100",
        "pids_limit: 500, 100"
    })
    void the_most_processes_are_the_limit_of_who_has_none(String attribute, long limit) {
        assertThat(container(HostOrders.applied(policy("pids-limit: 100"), written(attribute)))
                        .resources()
                        .pids())
                .contains(limit);
    }

    @Test
    void what_is_ordered_stands_in_the_policy_and_the_rest_in_the_files() {
        var policy = policy("drop-capabilities: ALL\nno-new-privileges: true\npids-limit: 100");
        var sources = HostOrders.applied(policy, written("user: root")).sources();
        assertThat(sources.at("services.a.cap_drop")).hasToString("agent.yaml:2:3");
        assertThat(sources.at("services.a.security_opt.no-new-privileges")).hasToString("agent.yaml:3:3");
        assertThat(sources.at("services.a.pids_limit")).hasToString("agent.yaml:4:3");
        var own = written("cap_drop: [ALL], security_opt: ['no-new-privileges:true'], pids_limit: 7");
        assertThat(HostOrders.applied(policy, own)).isEqualTo(own);
        assertThat(HostOrders.applied(policy("pids-limit: -1\nno-new-privileges: false"), own))
                .isSameAs(own);
    }
}
