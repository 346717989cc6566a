package dev.lockstep.runtime.image;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A name of an image, in full: {@code nginx} is {@code docker.io/library/nginx:latest}. Equal references name the same
 * thing however they were written (distribution/reference, "Normalized named").
 *
 * @param host registry, with its port where one was given
 * @param repository path on that registry
 * @param tag present unless a digest stands alone
 * @param digest decides when both are given
 */
public record ImageReference(String host, String repository, Optional<String> tag, Optional<Digest> digest) {
    private static final String LABEL = "[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?";
    private static final Pattern HOST =
            Pattern.compile("(\\[[0-9a-fA-F:]+]|" + LABEL + "(\\." + LABEL + ")*)(:[0-9]{1,5})?");
    private static final Pattern REPOSITORY =
            Pattern.compile("[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*");
    private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");
    private static final String DEFAULT_HOST = "docker.io";

    /**
     * Reads a reference as people write it.
     *
     * @throws IllegalArgumentException with a sentence that quotes the text and says what is wrong with it
     */
    @JsonCreator
    public static ImageReference parse(String text) {
        var rest = text;
        Optional<Digest> digest = Optional.empty();
        var at = rest.indexOf('@');
        if (at >= 0) {
            try {
                digest = Optional.of(Digest.parse(rest.substring(at + 1)));
            } catch (IllegalArgumentException e) {
                var why = String.valueOf(e.getMessage());
                throw invalid(
                        text,
                        why.contains("not supported")
                                ? "it has " + why
                                : "the digest must be sha256: and 64 hexadecimal digits");
            }
            rest = rest.substring(0, at);
        }
        Optional<String> tag = Optional.empty();
        var colon = rest.lastIndexOf(':');
        if (colon > rest.lastIndexOf('/')) {
            tag = Optional.of(rest.substring(colon + 1));
            rest = rest.substring(0, colon);
            if (!TAG.matcher(tag.get()).matches()) {
                throw invalid(text, "the tag may hold letters, digits, '_', '.' and '-'");
            }
        }
        var slash = rest.indexOf('/');
        var first = slash < 0 ? "" : rest.substring(0, slash);
        var isHost = first.contains(".")
                || first.contains(":")
                || first.equals("localhost")
                || !first.equals(first.toLowerCase(Locale.ROOT));
        var host = isHost ? first : DEFAULT_HOST;
        var repository = isHost ? rest.substring(slash + 1) : rest;
        if (host.equals("index.docker.io") || host.equals("registry-1.docker.io")) {
            host = DEFAULT_HOST;
        }
        if (host.equals(DEFAULT_HOST) && !repository.contains("/") && !repository.isEmpty()) {
            repository = "library/" + repository;
        }
        if (!HOST.matcher(host).matches()) {
            throw invalid(text, "\"" + host + "\" is not a host name");
        }
        if (!repository.equals(repository.toLowerCase(Locale.ROOT))) {
            throw invalid(text, "the repository name (" + repository + ") must be lowercase");
        }
        if (!REPOSITORY.matcher(repository).matches() || repository.length() + host.length() > 254) {
            throw invalid(text, "expected [HOST[:PORT]/]NAME[:TAG][@sha256:DIGEST]");
        }
        if (!isHost && digest.isEmpty() && tag.isEmpty() && text.matches("[0-9a-f]{64}")) {
            throw invalid(text, "this is an image id, not a name");
        }
        if (text.equals("scratch")) {
            throw invalid(text, "this name is reserved for an empty base image");
        }
        if (tag.isEmpty() && digest.isEmpty()) {
            tag = Optional.of("latest");
        }
        return new ImageReference(host, repository, tag, digest);
    }

    private static IllegalArgumentException invalid(String text, String why) {
        return new IllegalArgumentException("invalid image reference \"" + text + "\": " + why);
    }

    /** The short form that people write: without {@code docker.io/library/}. */
    public String familiar() {
        var name = host.equals(DEFAULT_HOST)
                ? repository.startsWith("library/") ? repository.substring("library/".length()) : repository
                : host + "/" + repository;
        return name + suffix();
    }

    /** The same repository, by that digest alone. */
    public ImageReference withDigest(Digest exact) {
        return new ImageReference(host, repository, Optional.empty(), Optional.of(exact));
    }

    private String suffix() {
        return tag.map(t -> ":" + t).orElse("") + digest.map(d -> "@" + d).orElse("");
    }

    /** The full form, which is also how state files keep it. */
    @JsonValue
    @Override
    public String toString() {
        return host + "/" + repository + suffix();
    }

    // As the JVM would make them, but it makes them when they are first called, which every plan would pay.
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof ImageReference its
                && host.equals(its.host)
                && repository.equals(its.repository)
                && tag.equals(its.tag)
                && digest.equals(its.digest);
    }

    @Override
    public int hashCode() {
        return Objects.hash(host, repository, tag, digest);
    }
}
