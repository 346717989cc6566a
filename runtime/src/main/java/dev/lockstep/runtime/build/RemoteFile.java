package dev.lockstep.runtime.build;

import dev.lockstep.runtime.context.InlineDirectory;
import dev.lockstep.runtime.context.SourceEntry;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.registry.WebFile;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A file that {@code ADD} gets by HTTP: mode 0600, the time that the server gives.
 *
 * @param name that it gets in a directory, no pattern
 * @param digest of its content
 */
record RemoteFile(InlineDirectory tree, String name, Digest digest) {
    private static final Pattern GIT = Pattern.compile("git://.*|git@.*|ssh://.*|https?://[^#?]*\\.git(#.*)?");

    private static final Pattern LOGIN = Pattern.compile("(https?://)[^/@\\s\"']+@");

    static boolean isGit(String text) {
        return GIT.matcher(text).matches();
    }

    static boolean isUrl(String text) {
        return text.startsWith("http://") || text.startsWith("https://");
    }

    /** A text in which addresses may stand, without the logins in them: what is shown and what history keeps. */
    static String withoutLogins(String text) {
        return LOGIN.matcher(text).replaceAll("$1xxxxx@");
    }

    /** Without what may be a password. */
    static String shown(String url) {
        return url.replaceFirst("//[^/@]*@", "//").replaceFirst("\\?.*", "?…");
    }

    /**
     * Downloads it.
     *
     * @param checksum {@code sha256:HEX} that it must have
     * @throws BuildException when the server does not give it, or gives something else
     */
    static RemoteFile fetch(BuildRooms.Web web, String url, String destination, Optional<String> checksum, Path scratch)
            throws IOException {
        var uri = uri(url);
        var name = name(uri, destination);
        var file = scratch.resolve("download");
        try {
            var sha256 = BlobStore.sha256();
            WebFile answer;
            try (var out = new DigestOutputStream(Files.newOutputStream(file), sha256)) {
                answer = web.fetch(uri, out);
            }
            if (answer.status() >= 400) {
                throw new BuildException("invalid response status " + answer.status() + " for " + shown(url));
            }
            var digest = BlobStore.finished(sha256);
            if (checksum.isPresent() && !checksum.get().equals(digest.toString())) {
                throw new BuildException(
                        "digest mismatch for " + shown(url) + ": expected " + checksum.get() + ", got " + digest);
            }
            var entry =
                    SourceEntry.file(0600, Files.size(file), answer.modified().orElse(Instant.EPOCH));
            return new RemoteFile(InlineDirectory.file(RawPath.of(name), file, entry), CopyStep.escaped(name), digest);
        } catch (BuildException e) {
            throw e;
        } catch (IOException | IllegalArgumentException e) {
            throw new BuildException("cannot get " + shown(url) + ": " + e, e);
        }
    }

    private static URI uri(String url) throws BuildException {
        try {
            return URI.create(url);
        } catch (IllegalArgumentException e) {
            throw new BuildException("\"" + shown(url) + "\" is no URL: " + e.getMessage(), e);
        }
    }

    /** The last part of the path; where the destination is a file, its name does not matter. */
    private static String name(URI uri, String destination) throws BuildException {
        var path = Optional.ofNullable(uri.getPath()).orElse("");
        var name = path.substring(path.lastIndexOf('/') + 1);
        if (!name.isEmpty() && !name.equals("..") && !name.equals(".")) {
            return name;
        }
        if (destination.endsWith("/")) {
            throw new BuildException("cannot determine filename for source " + uri.getHost() + path
                    + "; give a destination that is a file");
        }
        return "download";
    }
}
