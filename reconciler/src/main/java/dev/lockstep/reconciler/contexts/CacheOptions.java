package dev.lockstep.reconciler.contexts;

import dev.lockstep.runtime.archive.Compression;
import dev.lockstep.runtime.build.Builder;
import dev.lockstep.runtime.build.Built;
import dev.lockstep.runtime.build.CacheFrom;
import dev.lockstep.runtime.build.CacheTo;
import dev.lockstep.runtime.image.ImageReference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Caches beside this host's: {@code --cache-from} and {@code --cache-to}, and what Compose has for them.
 *
 * @param from where steps are looked for that this host has not done
 * @param to where they are written to
 * @param inline whether the image is to be a cache itself
 */
public record CacheOptions(List<CacheFrom> from, List<CacheTo> to, boolean inline) {
    /** No other. */
    public static final CacheOptions NONE = new CacheOptions(List.of(), List.of(), false);

    private static final String TYPES = "there are registry and local";
    /** Of BuildKit's that only some places have; docker, too, does without where there is none of GitHub's. */
    private static final Set<String> ELSEWHERE = Set.of("gha", "s3", "azblob");

    public CacheOptions {
        from = List.copyOf(from);
        to = List.copyOf(to);
    }

    /**
     * Reads them.
     *
     * @param base of relative paths, absolute
     * @param arguments of the build: one of Docker's asks for a cache in the image, too
     * @param talk gets warnings: a cache that is not there changes nothing of what is built
     */
    public static CacheOptions parse(
            List<String> from, List<String> to, Path base, Map<String, String> arguments, Consumer<String> talk)
            throws UnbuildableException {
        var sources = new ArrayList<CacheFrom>();
        for (var text : from) {
            if (!isElsewhere("--cache-from", text, talk)) {
                sources.add(from(text, base));
            }
        }
        var targets = new ArrayList<CacheTo>();
        var inline = List.of("1", "true").contains(arguments.getOrDefault("BUILDKIT_INLINE_CACHE", ""));
        for (var text : to) {
            if (isElsewhere("--cache-to", text, talk)) {
                continue;
            }
            var target = to(text, base);
            inline = inline || target.isEmpty();
            target.ifPresent(targets::add);
        }
        return new CacheOptions(sources, targets, inline);
    }

    /** Whether a value of {@code cache_to} is about the image itself, which goes nowhere. */
    public static boolean isInline(String text) {
        return text.strip().equals("type=inline");
    }

    private static Attributes attributes(String option, String text) throws UnbuildableException {
        // As with docker: what has no attribute is the name of an image.
        return Attributes.parse(option, text.contains("=") ? text : "type=registry,ref=" + text);
    }

    private static boolean isElsewhere(String option, String text, Consumer<String> talk) throws UnbuildableException {
        var type = attributes(option, text).take("type").orElse("");
        if (!ELSEWHERE.contains(type)) {
            return false;
        }
        talk.accept("Warning: " + option + " type=" + type + " is left out, since there is no such cache here; " + TYPES
                + (option.equals("--cache-to") ? ", and inline" : ""));
        return true;
    }

    private static CacheFrom from(String text, Path base) throws UnbuildableException {
        var attributes = attributes("--cache-from", text);
        var type = attributes.require("type", "type=registry");
        var from = switch (type) {
            case "registry" -> new CacheFrom.Registry(reference(attributes.require("ref", "ref=HOST/NAME:TAG")));
            case "local" ->
                new CacheFrom.Local(
                        base.resolve(attributes.require("src", "src=DIR")).normalize(),
                        attributes.take("tag").orElse("latest"));
            default -> throw new UnbuildableException("--cache-from type=" + type + ": " + TYPES);
        };
        attributes.end("a cache is read by type, ref, src and tag");
        return from;
    }

    /** Empty where the image itself is the cache. */
    private static Optional<CacheTo> to(String text, Path base) throws UnbuildableException {
        var attributes = attributes("--cache-to", text);
        var type = attributes.require("type", "type=registry");
        if (type.equals("inline")) {
            attributes.end("the image has the steps that made its layers, and no more");
            return Optional.empty();
        }
        var place = switch (type) {
            case "registry" -> new CacheTo.Place.Registry(reference(attributes.require("ref", "ref=HOST/NAME:TAG")));
            case "local" ->
                new CacheTo.Place.Local(
                        base.resolve(attributes.require("dest", "dest=DIR")).normalize(),
                        attributes.take("tag").orElse("latest"));
            default -> throw new UnbuildableException("--cache-to type=" + type + ": " + TYPES + ", and inline");
        };
        var mode = attributes.take("mode").orElse("min");
        if (!List.of("min", "max").contains(mode)) {
            throw new UnbuildableException("--cache-to " + text + ": mode is min or max, not \"" + mode + "\"");
        }
        if (attributes.takeFlag("image-manifest").equals(Optional.of(false))
                || attributes.takeFlag("oci-mediatypes").equals(Optional.of(false))) {
            throw new UnbuildableException(
                    "--cache-to " + text + ": a cache is written as an OCI image manifest and in no" + " other form");
        }
        var form = attributes.takeForm(Map.of()).compressed(Compression.GZIP);
        var mayFail = attributes.takeFlag("ignore-error").orElse(false);
        attributes.end("a cache is written by type, ref, dest, tag, mode, compression, compression-level,"
                + " force-compression and ignore-error");
        return Optional.of(new CacheTo(place, mode.equals("max") ? CacheTo.Mode.MAX : CacheTo.Mode.MIN, form, mayFail));
    }

    private static ImageReference reference(String text) throws UnbuildableException {
        try {
            return ImageReference.parse(text);
        } catch (IllegalArgumentException e) {
            throw new UnbuildableException(String.valueOf(e.getMessage()));
        }
    }

    /**
     * Writes what is to be written of a build, whose content is held.
     *
     * @param talk gets warnings
     */
    public void write(Builder builder, Built built, Consumer<String> talk) throws IOException {
        for (var target : to) {
            try {
                builder.export().write(built, target);
            } catch (IOException e) {
                if (!target.mayFail()) {
                    throw new IOException("the build cache was not written: " + e.getMessage(), e);
                }
                talk.accept("Warning: the build cache was not written: " + e.getMessage());
            }
        }
    }
}
