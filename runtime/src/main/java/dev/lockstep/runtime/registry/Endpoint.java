package dev.lockstep.runtime.registry;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a repository is served.
 *
 * @param host as references name it
 * @param base {@code https://HOST}; plain HTTP where {@link RegistryHosts} allows it
 * @param repository path of the repository
 * @param scopes what a token is asked for
 * @param isMirror whether there is another one to ask
 */
record Endpoint(String host, URI base, String repository, List<String> scopes, boolean isMirror) {
    Endpoint {
        scopes = List.copyOf(scopes);
    }

    /** To do that in a repository: {@code pull}, {@code push}, {@code delete}. */
    static Endpoint repository(String host, URI base, String repository, List<String> actions) {
        return new Endpoint(
                host, base, repository, List.of("repository:" + repository + ":" + String.join(",", actions)), false);
    }

    /** The same where there is another one to ask. */
    Endpoint asMirror() {
        return new Endpoint(host, base, repository, scopes, true);
    }

    boolean isPlain() {
        return base.getScheme().equals("http");
    }

    URI manifest(String tagOrDigest) {
        return at("manifests/" + tagOrDigest);
    }

    URI blob(String digest) {
        return at("blobs/" + digest);
    }

    URI referrers(String digest) {
        return at("referrers/" + digest);
    }

    URI uploads() {
        return at("blobs/uploads/");
    }

    URI mount(String digest, String from) {
        return at("blobs/uploads/?mount=" + digest.replace(":", "%3A") + "&from="
                + URLEncoder.encode(from, StandardCharsets.UTF_8));
    }

    URI tags(int perPage) {
        return at("tags/list?n=" + perPage);
    }

    /** The same with a token that also reads another repository. */
    Endpoint alsoReading(String other) {
        var more = new ArrayList<>(scopes);
        more.add("repository:" + other + ":pull");
        return new Endpoint(host, base, repository, more, isMirror);
    }

    private URI at(String path) {
        return base.resolve("/v2/" + repository + "/" + path);
    }
}
