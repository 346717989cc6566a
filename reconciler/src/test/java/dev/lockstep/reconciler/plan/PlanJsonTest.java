package dev.lockstep.reconciler.plan;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.SourcePosition;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class PlanJsonTest {
    private static final Instant NOW = Instant.parse("2026-11-24T12:00:00Z");
    private static final String BEFORE = """
            services:
              web:
                image: nginx:1
                environment: {LEVEL: info, DB_PASSWORD: old-secret}
            """;
    private static final String AFTER = """
            services:
              web:
                image: nginx:1
                environment: {LEVEL: debug, DB_PASSWORD: new-secret}
            """;

    private static JsonNode json(Plan plan) throws IOException {
        return new JsonMapper().readTree(new PlanJson().print(plan, NOW));
    }

    @Test
    void a_document_says_what_is_done_in_which_order_and_how_much() throws IOException {
        var json = json(Planner.plan(World.desired(BEFORE), World.nothing(), Facts.none()));

        assertThat(json.path("format").asText()).isEqualTo("lockstep.plan/1");
        assertThat(json.path("host").asText()).isEqualTo("web1");
        assertThat(json.path("stack").asText()).isEqualTo("shop");
        assertThat(json.path("createdAt").asText()).isEqualTo("2026-11-24T12:00:00Z");
        assertThat(json.path("actions").findValuesAsText("id"))
                .containsExactly("network/shop_default", "container/shop-web-1");
        var container = json.path("actions").path(1);
        assertThat(container.path("action").asText()).isEqualTo("create");
        assertThat(container.path("kind").asText()).isEqualTo("container");
        assertThat(container.path("dependsOn").path(0).asText()).isEqualTo("network/shop_default");
        assertThat(json.path("summary").path("create").asInt()).isEqualTo(2);
        assertThat(json.path("refusals").isArray()).isTrue();
    }

    @Test
    void a_cause_has_its_place_and_what_is_secret_stays_masked() throws IOException {
        var host = World.running(World.desired(BEFORE));
        var plan = Planner.plan(World.desired(AFTER), host, Facts.none());
        var text = new PlanJson().print(plan, NOW);

        assertThat(text).doesNotContain("old-secret").doesNotContain("new-secret");
        var causes = new JsonMapper().readTree(text).path("actions").path(0).path("causes");
        var byPath = (Function<String, JsonNode>) path -> {
            for (var cause : causes) {
                if (cause.path("path").asText().equals(path)) {
                    return cause;
                }
            }
            throw new AssertionError(path + " is not among " + causes);
        };
        var level = byPath.apply("environment.LEVEL");
        assertThat(level.path("kind").asText()).isEqualTo("spec");
        assertThat(level.path("old").asText()).isEqualTo("\"info\"");
        assertThat(level.path("new").asText()).isEqualTo("\"debug\"");
        assertThat(level.path("source").path("file").asText()).isEqualTo("compose.yaml");
        assertThat(level.path("source").path("line").asInt()).isEqualTo(4);
        assertThat(level.path("sensitive").asBoolean()).isFalse();
        assertThat(byPath.apply("environment.DB_PASSWORD").path("sensitive").asBoolean())
                .isTrue();
    }

    @Test
    void a_start_says_what_it_waits_for_and_how_long_where_the_files_tell_that() throws IOException {
        var actions = json(Planner.plan(World.desired("""
                                services:
                                  app:
                                    image: x
                                    depends_on:
                                      job: {condition: service_completed_successfully}
                                      long: {condition: service_completed_successfully}
                                      db: {condition: service_healthy}
                                      cache: {condition: service_healthy}
                                      plain: {condition: service_started}
                                  job: {image: x}
                                  long: {image: x, deploy: {update_config: {monitor: 2h}}}
                                  db:
                                    image: x
                                    healthcheck:
                                      {test: [CMD, ok], interval: 5s, timeout: 1s, retries: 4, start_period: 10s}
                                  cache: {image: x, healthcheck: {test: [CMD, ok], interval: 5s}}
                                  plain: {image: x, healthcheck: {disable: true}}
                                """), World.nothing(), Facts.none()))
                .path("actions");

        for (var action : actions) {
            var app = action.path("name").asText().equals("shop-app-1");
            assertThat(action.has("waitsAtMostMillis")).isEqualTo(app);
            if (app) {
                assertThat(action.path("waitsFor").size()).isEqualTo(5);
                assertThat(action.path("waitsAtMostMillis").toString())
                        .as("what the image says to the cache's check, nobody knows yet")
                        .isEqualTo("{\"db\":100000,\"job\":1800000,\"long\":7200000,\"plain\":60000}");
            }
        }
    }

    @Test
    void replicas_say_whose_turn_it_is_and_what_must_be_well_first() throws IOException {
        var before = "services: {web: {image: x, deploy: {replicas: 3, update_config: {parallelism: 2, delay: 5s}}}}";
        var after = before.replace("image: x", "image: y");
        var actions = json(Planner.plan(World.desired(after), World.running(World.desired(before)), Facts.none()))
                .path("actions");

        var turns = new ArrayList<String>();
        actions.forEach(action -> {
            if (action.has("turn")) {
                turns.add(action.path("name").asText() + " " + action.path("turn"));
            }
        });
        assertThat(turns)
                .containsExactly("shop-web-3 {\"group\":2,\"groups\":2,\"well\":[\"shop-web-1\",\"shop-web-2\"],"
                        + "\"delayMillis\":5000,\"mayFail\":0}");
    }

    @Test
    void the_same_plan_gives_the_same_bytes() {
        var plan = Planner.plan(World.desired(AFTER), World.nothing(), Facts.none());

        assertThat(new PlanJson().print(plan, NOW))
                .isEqualTo(new PlanJson().print(plan, NOW))
                .endsWith("}\n");
    }

    @Test
    void problems_and_refusals_are_part_of_it() throws IOException {
        var plan = new Plan(
                "web1",
                "shop",
                Optional.of("1a2b3c4 \"x\""),
                List.of(),
                List.of("careful"),
                List.of(new Problem(new SourcePosition("compose.yaml", 3, 9), "services.web.ports", "taken")),
                List.of("too much"));

        var json = json(plan);
        assertThat(json.path("revision").asText()).isEqualTo("1a2b3c4 \"x\"");
        assertThat(json.path("warnings").path(0).asText()).isEqualTo("careful");
        assertThat(json.path("problems").path(0).path("source").path("column").asInt())
                .isEqualTo(9);
        assertThat(json.path("refusals").path(0).asText()).isEqualTo("too much");
        assertThat(Set.of("create", "update", "replace", "start", "remove", "pull", "build"))
                .allSatisfy(field ->
                        assertThat(json.path("summary").path(field).asInt()).isZero());
    }
}
