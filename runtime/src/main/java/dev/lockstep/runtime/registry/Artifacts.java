package dev.lockstep.runtime.registry;

import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Digest;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Small documents that a registry keeps beside the images of one repository: signatures, and lists of what refers to an
 * image. They are received whole and bounded, and are as hostile as everything that a registry says.
 */
public final class Artifacts {
    private static final int DOCUMENT_LIMIT = 4 << 20;
    private static final int MOST_PAGES = 16;
    private static final String MANIFESTS =
            "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json,"
                    + " application/vnd.docker.distribution.manifest.list.v2+json,"
                    + " application/vnd.docker.distribution.manifest.v2+json";

    private final RegistryHttp http;
    private final Sources sources;

    Artifacts(RegistryHttp http, Sources sources) {
        this.http = http;
        this.sources = sources;
    }

    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    private record Page(byte[] bytes, Optional<String> next) {}

    /**
     * A manifest or index of any kind, as it is; empty when there is none by that name.
     *
     * @param tagOrDigest the bytes are verified against a digest
     */
    public Optional<byte[]> manifest(String tagOrDigest) throws IOException {
        return orNothing(endpoint -> {
            var bytes = get(endpoint, endpoint.manifest(tagOrDigest), MANIFESTS, DOCUMENT_LIMIT)
                    .bytes();
            if (tagOrDigest.startsWith("sha256:")) {
                verify(endpoint, Digest.parse(tagOrDigest), bytes);
            }
            return bytes;
        });
    }

    /**
     * What refers to that manifest, as the pages of an index that the registry answers with (distribution
     * specification, "Listing Referrers"); empty when the registry does not know the question.
     */
    public Optional<List<byte[]>> referrers(Digest subject) throws IOException {
        return orNothing(endpoint -> {
            var pages = new ArrayList<byte[]>();
            var visited = new HashSet<URI>();
            var at = Optional.of(endpoint.referrers(subject.toString()));
            while (at.isPresent() && visited.add(at.get()) && pages.size() < MOST_PAGES) {
                var uri = at.get();
                var page = get(endpoint, uri, "application/vnd.oci.image.index.v1+json", DOCUMENT_LIMIT);
                pages.add(page.bytes());
                at = page.next().isPresent()
                        ? Optional.of(Listing.next(endpoint, uri, page.next().get()))
                        : Optional.empty();
            }
            return pages;
        });
    }

    /**
     * Content, verified; empty when it is not there.
     *
     * @param limit more bytes are an error
     */
    public Optional<byte[]> blob(Digest digest, int limit) throws IOException {
        return orNothing(endpoint -> {
            var bytes = get(endpoint, endpoint.blob(digest.toString()), "*/*", limit)
                    .bytes();
            verify(endpoint, digest, bytes);
            return bytes;
        });
    }

    private <T> Optional<T> orNothing(Sources.Get<T> get) throws IOException {
        try {
            return Optional.of(sources.first(get));
        } catch (RegistryException e) {
            if (e.reason() == RegistryException.Reason.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private Page get(Endpoint endpoint, URI uri, String accept, int limit) throws IOException {
        return http.retrying(endpoint, () -> {
            try (var answer = http.send("GET", endpoint, uri, Map.of("Accept", accept))) {
                switch (answer.status()) {
                    case 403 -> throw http.denied(endpoint, answer);
                    // What some registries say to a question that they do not know.
                    case 400, 404, 405, 406 ->
                        throw new RegistryException(
                                RegistryException.Reason.NOT_FOUND,
                                uri.getPath() + " not found in registry " + endpoint.host());
                    default -> {
                        if (!answer.isSuccess()) {
                            throw http.failed(endpoint.host(), answer);
                        }
                    }
                }
                var bytes = http.read(endpoint.host(), answer, limit, uri.getPath());
                return new Page(bytes, Listing.link(answer));
            }
        });
    }

    private static void verify(Endpoint endpoint, Digest digest, byte[] bytes) throws RegistryException {
        if (!BlobStore.digest(bytes).equals(digest)) {
            throw new RegistryException(
                    RegistryException.Reason.WRONG_CONTENT,
                    "registry " + endpoint.host() + " gives other content for " + digest.abbreviated());
        }
    }
}
