package dev.lockstep.reconciler.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.spec.settings.AgentSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AgentRunsTest {
    private final AgentRuns runs = new AgentRuns();
    private final List<String> began = new ArrayList<>();
    private final List<String> said = new ArrayList<>();

    private static AgentSettings host(String name) {
        var read = AgentSettings.read("agent.yaml", ("host: " + name + "\n").getBytes(StandardCharsets.UTF_8));
        return ((AgentSettings.Read.Valid) read).settings();
    }

    private int run(AgentSettings settings) throws IOException {
        var name = settings.host().orElseThrow();
        began.add(name);
        if (name.startsWith("bad")) {
            throw new IOException(name + " cannot begin");
        }
        runs.begin(() -> {});
        if (began.size() == 1) {
            runs.change(host("bad-two"));
        } else if (began.size() == 3) {
            runs.change(host("good-three"));
        } else {
            runs.end();
        }
        return began.size();
    }

    @Test
    void settings_with_which_none_begins_leave_the_host_to_those_before() throws Exception {
        assertThat(runs.follow(host("good-one"), this::run, said::add)).isEqualTo(4);

        assertThat(began).containsExactly("good-one", "bad-two", "good-one", "good-three");
        assertThat(said)
                .containsExactly(
                        "the settings have changed; the agent begins anew with them",
                        "the agent cannot begin with the settings as they have changed, so it goes on with those it"
                                + " had: bad-two cannot begin",
                        "the settings have changed; the agent begins anew with them");
    }

    @Test
    void the_first_one_must_begin() {
        assertThatThrownBy(() -> runs.follow(host("bad-one"), this::run, said::add))
                .isInstanceOf(IOException.class)
                .hasMessage("bad-one cannot begin");
    }

    @Test
    void when_all_is_to_end_none_takes_the_place_of_one_that_cannot_begin() throws Exception {
        var code = runs.follow(
                host("good-one"),
                settings -> {
                    if (began.isEmpty()) {
                        return run(settings);
                    }
                    runs.end();
                    throw new IOException("the disk is full");
                },
                said::add);

        assertThat(code).isEqualTo(1);
        assertThat(began).containsExactly("good-one");
    }
}
