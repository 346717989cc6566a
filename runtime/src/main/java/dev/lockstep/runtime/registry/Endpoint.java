package dev.lockstep.runtime.registry;

import dev.lockstep.runtime.image.ImageReference;
import java.net.URI;
import java.util.regex.Pattern;

/**
 * Where a repository is served.
 *
 * @param host as references name it
 * @param base {@code https://HOST}; plain HTTP on this machine's loopback only
 * @param repository path of the repository
 */
record Endpoint(String host, URI base, String repository) {
    private static final Pattern LOOPBACK =
            Pattern.compile("(localhost|127(\\.[0-9]{1,3}){3}|\\[(0*:)*0*1])(:[0-9]+)?");

    static Endpoint of(ImageReference reference) {
        var host = reference.host();
        // Docker Hub's name is not where its registry is (distribution/reference).
        var address = host.equals("docker.io") ? "registry-1.docker.io" : host;
        var scheme = LOOPBACK.matcher(host).matches() ? "http" : "https";
        return new Endpoint(host, URI.create(scheme + "://" + address), reference.repository());
    }

    boolean isPlain() {
        return base.getScheme().equals("http");
    }

    URI manifest(String tagOrDigest) {
        return base.resolve("/v2/" + repository + "/manifests/" + tagOrDigest);
    }

    URI blob(String digest) {
        return base.resolve("/v2/" + repository + "/blobs/" + digest);
    }

    String scope() {
        return "repository:" + repository + ":pull";
    }
}
