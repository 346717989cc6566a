package dev.lockstep.runtime.registry;

import static dev.lockstep.runtime.testing.FakeRegistry.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.lockstep.runtime.image.Descriptor;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.InvalidImageException;
import dev.lockstep.runtime.image.LayerIntake;
import dev.lockstep.runtime.image.Platform;
import dev.lockstep.runtime.image.Progress;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.testing.FakeRegistry;
import dev.lockstep.runtime.testing.TarBuilder;
import dev.lockstep.runtime.testing.TestImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PushIT {
    @TempDir
    Path directory;

    private FakeRegistry registry;
    private ImageStore store;
    private RegistryClient client;
    private final TestImage small = TestImage.unnamed().file("a", "small").command("x");

    @BeforeEach
    void start() throws IOException {
        registry = FakeRegistry.start();
        store = new ImageStore(
                Root.open(directory.resolve("state"), directory.resolve("run")),
                Platform.current(),
                InstantSource.system());
        client = new RegistryClient(
                store,
                new RegistrySettings(
                        Duration.ofSeconds(5),
                        Duration.ofSeconds(2),
                        3,
                        Duration.ofMillis(5),
                        Duration.ofMillis(20),
                        3,
                        Credentials.NONE,
                        RegistryHosts.NONE,
                        Proxies.NONE,
                        new TestTime()));
    }

    @AfterEach
    void stop() {
        client.close();
        registry.close();
    }

    /** An image whose layer needs three chunks. */
    static TestImage big() {
        var bytes = new byte[2 * BlobUpload.CHUNK + 12_345];
        new Random(7).nextBytes(bytes);
        return TestImage.unnamed()
                .gzipLayer(new TarBuilder().file("noise", 0644, bytes).build())
                .command("x");
    }

    static void keep(ImageStore store, TestImage image) throws IOException {
        for (var blob : image.blobs()) {
            try (var reception = store.blobs().receive(blob.digest(), blob.content().length)) {
                if (!reception.present()) {
                    reception.write(ByteBuffer.wrap(blob.content()));
                    reception.commit();
                }
            }
        }
        store.blobs().put(image.manifest().digest(), image.manifest().content());
    }

    static void name(ImageStore store, ImageReference reference, TestImage.Blob document) throws IOException {
        store.add(reference, new Descriptor(document.mediaType(), document.digest(), document.content().length));
    }

    private ImageReference have(String name, TestImage image) throws IOException {
        var reference = ImageReference.parse(registry.host() + "/" + name);
        keep(store, image);
        name(store, reference, image.manifest());
        return reference;
    }

    private RegistryClient.Pushed push(ImageReference reference) throws IOException {
        return client.push(reference, Progress.NONE);
    }

    private void assertServed(String repository, String tag, TestImage image) {
        assertThat(registry.content("/v2/" + repository + "/manifests/" + tag))
                .hasValueSatisfying(
                        bytes -> assertThat(bytes).isEqualTo(image.manifest().content()));
        for (var blob : image.blobs()) {
            assertThat(registry.content("/v2/" + repository + "/blobs/" + blob.digest()))
                    .hasValueSatisfying(bytes -> assertThat(bytes).isEqualTo(blob.content()));
        }
    }

    @Test
    void blobs_go_before_the_manifest_and_a_second_push_sends_none() throws IOException {
        var reference = have("app:1", small);

        assertThat(push(reference))
                .isEqualTo(new RegistryClient.Pushed(small.manifest().digest(), true));
        assertServed("app", "1", small);
        assertThat(registry.requests().getLast())
                .satisfies(r -> assertThat(r.method() + " " + r.path()).isEqualTo("PUT /v2/app/manifests/1"));
        assertThat(registry.count("PUT", "/blobs/")).isEqualTo(2);

        push(reference);
        assertThat(registry.count("PUT", "/blobs/")).isEqualTo(2);
        assertThat(registry.count("POST", "")).isEqualTo(2);
    }

    @Test
    void a_big_layer_goes_in_chunks() throws IOException {
        var image = big();
        push(have("app:1", image));

        assertServed("app", "1", image);
        assertThat(registry.count("PATCH", "/blobs/uploads/")).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource({
        "500, 4", // the chunk is sent again
        "416, 4", "404, 4", // and so where the registry knows nothing of it
    })
    void an_upload_that_is_interrupted_goes_on_where_the_registry_is(int status, int chunks) throws IOException {
        var image = big();
        registry.when(
                e -> e.getRequestMethod().equals("PATCH")
                        && String.valueOf(e.getRequestHeaders().getFirst("Content-Range"))
                                .startsWith(BlobUpload.CHUNK + "-"),
                1,
                status(status));
        push(have("app:1", image));

        assertServed("app", "1", image);
        assertThat(registry.count("PATCH", "/blobs/uploads/")).isEqualTo(chunks);
        assertThat(registry.count("GET", "/blobs/uploads/")).isEqualTo(1);
    }

    @Test
    void an_upload_whose_answer_is_lost_sends_nothing_twice() throws IOException {
        var image = big();
        registry.loseAnswer(e -> e.getRequestMethod().equals("PATCH"));
        push(have("app:1", image));

        assertServed("app", "1", image);
        assertThat(registry.count("PATCH", "/blobs/uploads/")).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void an_upload_whose_connection_is_cut_at_any_byte_arrives_whole(long seed) throws IOException {
        var image = big();
        var random = new Random(seed);
        for (var chunk = 0; chunk < 3; chunk++) {
            var first = chunk * BlobUpload.CHUNK + "-";
            var length = random.nextInt(chunk < 2 ? BlobUpload.CHUNK : 12_000);
            registry.when(
                    e -> String.valueOf(e.getRequestHeaders().getFirst("Content-Range"))
                            .startsWith(first),
                    1,
                    exchange -> {
                        exchange.getRequestBody().readNBytes(length);
                        throw new IOException("cut");
                    });
        }
        push(have("app:1", image));

        assertServed("app", "1", image);
        assertThat(registry.count("POST", "/blobs/uploads/")).isEqualTo(2);
        assertThat(registry.count("GET", "/blobs/uploads/")).isEqualTo(3);
    }

    @Test
    void an_upload_that_the_registry_forgot_is_begun_again() throws IOException {
        var image = big();
        registry.when(e -> e.getRequestMethod().equals("PATCH"), 1, status(500));
        registry.when(
                e -> e.getRequestMethod().equals("GET")
                        && e.getRequestURI().getPath().contains("/uploads/"),
                1,
                status(404));
        push(have("app:1", image));

        assertServed("app", "1", image);
        assertThat(registry.count("POST", "/blobs/uploads/")).isEqualTo(3);
    }

    @Test
    void what_another_repository_of_the_registry_has_is_taken_from_there() throws IOException {
        push(have("one:1", small));
        push(have("team/two:1", small));

        assertServed("team/two", "1", small);
        var layer = small.blobs().stream()
                .filter(b -> !b.digest().equals(small.configBlob().digest()))
                .findFirst()
                .orElseThrow();
        assertThat(registry.requests())
                .extracting(r -> r.method() + " " + r.path())
                .contains("POST /v2/team/two/blobs/uploads/?mount="
                        + layer.digest().toString().replace(":", "%3A") + "&from=one");
        assertThat(registry.count("PUT", "/v2/team/two/blobs/")).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {202, 401, 403, 404, 405})
    void a_registry_that_mounts_nothing_gets_the_layer(int status) throws IOException {
        push(have("one:1", small));
        registry.when(e -> String.valueOf(e.getRequestURI().getQuery()).startsWith("mount="), 1, status(status));
        push(have("two:1", small));

        assertServed("two", "1", small);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void what_refers_to_an_image_is_listed_where_the_registry_does_not_do_so_itself(boolean itself) throws IOException {
        var text = new String(small.manifest().content(), StandardCharsets.UTF_8);
        var subject = "{\"mediaType\":\"x\",\"digest\":\"sha256:" + "1".repeat(64) + "\",\"size\":1}";
        var bytes = text.replaceFirst("\\{", "{\"subject\":" + subject + ",").getBytes(StandardCharsets.UTF_8);
        var digest = dev.lockstep.runtime.image.BlobStore.digest(bytes);
        var reference = ImageReference.parse(registry.host() + "/app:1");
        keep(store, small);
        store.blobs().put(digest, bytes);
        store.add(reference, new Descriptor(small.manifest().mediaType(), digest, bytes.length));
        if (itself) {
            registry.when(
                    e -> e.getRequestMethod().equals("PUT")
                            && e.getRequestURI().getPath().endsWith("/manifests/1"),
                    2,
                    status(201, "OCI-Subject", "sha256:" + "1".repeat(64)));
        }
        push(reference);
        push(reference);

        var list = registry.content("/v2/app/manifests/sha256-" + "1".repeat(64));
        assertThat(list.isEmpty()).isEqualTo(itself);
        if (!itself) {
            var index = store.json().readTree(list.orElseThrow());
            assertThat(index.path("mediaType").asText()).isEqualTo("application/vnd.oci.image.index.v1+json");
            assertThat(index.path("manifests")).hasSize(1);
            assertThat(index.path("manifests").path(0).path("digest").asText()).isEqualTo(digest.toString());
            registry.serve(
                    "/v2/app/manifests/sha256-" + "1".repeat(64),
                    "text/html",
                    "<html>".getBytes(StandardCharsets.UTF_8));
            assertThatThrownBy(() -> push(reference))
                    .hasMessageContaining("what is no list of what refers to an image");
        }
    }

    @Test
    void an_index_goes_after_its_manifests() throws IOException {
        var other = TestImage.unnamed().platform(Platform.parse("plan9/mips")).file("b", "other");
        var index = TestImage.index(other, small);
        keep(store, other);
        keep(store, small);
        store.blobs().put(index.digest(), index.content());
        var reference = ImageReference.parse(registry.host() + "/app:multi");
        name(store, reference, index);

        assertThat(push(reference)).isEqualTo(new RegistryClient.Pushed(index.digest(), true));
        assertServed("app", small.manifest().digest().toString(), small);
        assertServed("app", other.manifest().digest().toString(), other);
        assertThat(registry.requests().getLast().path()).isEqualTo("/v2/app/manifests/multi");
        assertThat(registry.content("/v2/app/manifests/multi")).isPresent();
    }

    @Test
    void of_an_index_that_was_pulled_this_platform_is_pushed_or_all_where_the_rest_is_already() throws IOException {
        var other = TestImage.unnamed().platform(Platform.parse("plan9/mips")).file("b", "other");
        var index = TestImage.index(other, small);
        registry.serve("origin", "1", small);
        registry.serve("origin", "2", other);
        registry.manifest("origin", "multi", index);
        client.pull(ImageReference.parse(registry.host() + "/origin:multi"), Progress.NONE, LayerIntake.NONE);
        for (var repository : List.of("origin", "copy")) {
            name(store, ImageReference.parse(registry.host() + "/" + repository + ":new"), index);
        }

        assertThat(push(ImageReference.parse(registry.host() + "/copy:new")))
                .isEqualTo(new RegistryClient.Pushed(small.manifest().digest(), false));
        assertServed("copy", "new", small);
        assertThat(push(ImageReference.parse(registry.host() + "/origin:new")))
                .isEqualTo(new RegistryClient.Pushed(index.digest(), true));
    }

    @Test
    void what_is_not_here_cannot_be_pushed() {
        var reference = ImageReference.parse(registry.host() + "/app:1");

        assertThatThrownBy(() -> push(reference))
                .isInstanceOf(InvalidImageException.class)
                .hasMessageStartingWith("there is no image " + registry.host() + "/app:1 here");
        assertThatThrownBy(() -> push(reference.withDigest(new Digest("1".repeat(64)))))
                .isInstanceOf(InvalidImageException.class);
        assertThat(registry.requests()).isEmpty();
    }

    @Test
    void a_registry_that_refuses_or_lies_is_named() throws IOException {
        var reference = have("app:1", small);
        registry.when("/uploads/", 1, status(403));
        assertThatThrownBy(() -> push(reference)).hasMessageContaining("denies access to app");
        // Other repositories: what the first push has sent may be answered late.
        var second = have("second:1", small);
        registry.when("/v2/second/blobs/uploads/", 9, status(405));
        assertThatThrownBy(() -> push(second)).hasMessageContaining("registry " + registry.host() + " answers 405");
        var third = have("third:1", small);
        registry.when("/v2/third/blobs/uploads/", 9, status(202, "Location", "ftp://x/"));
        assertThatThrownBy(() -> push(third))
                .hasMessageContaining("redirects or sends to what is no http or https address");
    }

    @Test
    void a_manifest_that_is_stored_as_another_is_an_error() throws IOException {
        var reference = have("app:1", small);
        registry.when("/manifests/", 1, status(201, "Docker-Content-Digest", "sha256:" + "1".repeat(64)));

        assertThatThrownBy(() -> push(reference))
                .isInstanceOfSatisfying(
                        RegistryException.class,
                        e -> assertThat(e.reason()).isEqualTo(RegistryException.Reason.WRONG_CONTENT))
                .hasMessageContaining("stored " + small.manifest().digest() + " as another digest");
    }

    private void page(String query, String json, String... link) {
        registry.when(e -> query.equals(e.getRequestURI().getQuery()), 1, exchange -> {
            for (var l : link) {
                exchange.getResponseHeaders().add("Link", l);
            }
            FakeRegistry.body(json.getBytes(StandardCharsets.UTF_8)).handle(exchange);
        });
    }

    @Test
    void tags_and_repositories_are_listed_page_by_page() throws IOException {
        page("n=1000", "{\"name\":\"app\",\"tags\":[\"1\",\"2\"]}", "</v2/app/tags/list?n=1000&last=2>; rel=\"next\"");
        page("n=1000&last=2", "{\"tags\":[\"latest\"]}", "<list?n=1000&last=latest>;rel=next");
        page("n=1000&last=latest", "{\"tags\":null}");
        assertThat(client.tags(ImageReference.parse(registry.host() + "/app"))).containsExactly("1", "2", "latest");

        page("n=1000", "{\"repositories\":[\"a/b\",\"c\"]}");
        assertThat(client.catalog(registry.host())).containsExactly("a/b", "c");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'tags':['a']}      | <http://other.example/v2/>; rel=next | goes on with a list on what is no page of its own",
                "{'tags':['a']}      | </v2/app/tags/list?n=1000>; rel=next | without end",
                "{'tags':['a b']}    | <x>; rel=prev                        | what is no name",
                "{'tags':[1]}        | <x>; rel=prev                        | what is no name",
                "<html>              | <x>; rel=prev                        | what is no JSON",
            })
    void a_list_that_makes_no_sense_is_an_error(String json, String link, String why) {
        page("n=1000", json.strip().replace('\'', '"'), link.strip());

        assertThatThrownBy(() -> client.tags(ImageReference.parse(registry.host() + "/app")))
                .isInstanceOfSatisfying(
                        RegistryException.class, e -> assertThat(e.reason()).isEqualTo(RegistryException.Reason.BROKEN))
                .hasMessageContaining(why.strip());
    }

    @Test
    void a_repository_that_is_not_there_has_no_tags() {
        assertThatThrownBy(() -> client.tags(ImageReference.parse(registry.host() + "/app:1")))
                .hasMessage("the tags of " + registry.host() + "/app not found in registry " + registry.host());
    }

    @Test
    void a_manifest_is_deleted_by_its_digest() throws IOException {
        var reference = ImageReference.parse(registry.serve("app", "1", small));
        registry.when(e -> e.getRequestMethod().equals("DELETE"), 1, status(202));
        assertThat(client.delete(reference)).isEqualTo(small.manifest().digest());
        assertThat(registry.requests().getLast().path())
                .isEqualTo("/v2/app/manifests/" + small.manifest().digest());

        registry.when(e -> e.getRequestMethod().equals("DELETE"), 1, status(405));
        assertThatThrownBy(() -> client.delete(reference)).hasMessageContaining("does not let anybody delete images");
    }
}
