package dev.lockstep.runtime.build;

import dev.lockstep.runtime.context.InlineDirectory;
import dev.lockstep.runtime.context.SourceEntry;
import dev.lockstep.runtime.image.BlobStore;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.registry.WebFile;
import dev.lockstep.runtime.store.IncomingFile;
import dev.lockstep.runtime.store.NoRoomException;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
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
 * @param isHere whether its content was downloaded; else the cache can be asked with it, and nothing more
 */
record RemoteFile(InlineDirectory tree, String name, Digest digest, boolean isHere) {
    private static final int MODE = 0600;
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
     * Finds out which content the address stands for, and downloads it only if that cannot be known otherwise: by the
     * checksum, which nobody is asked about, or from the server, which is asked whether it has changed since.
     *
     * @param checksum {@code sha256:HEX} that it must have
     * @param scratch a directory where a file may be made
     * @throws BuildException when the server does not give it, or gives something else
     */
    static RemoteFile look(BuildRooms rooms, String url, String destination, Optional<String> checksum, Path scratch)
            throws IOException {
        var records = new WebRecords(rooms.root(), rooms.sharers());
        var before = records.find(url);
        if (checksum.isPresent()) {
            // Who names a checksum need not have the content: of what other repositories have fetched from where this
            // one may not come, the cache would give it to them.
            var known = sha256(checksum.get())
                    .filter(digest -> rooms.sharers().isEmpty()
                            || before.filter(given -> given.digest().equals(digest))
                                    .isPresent());
            if (known.isPresent()) {
                records.used(url, rooms.clock().instant());
                return known(name(uri(url), destination), known.get());
            }
            return fetch(rooms, url, destination, checksum, scratch);
        }
        return fetch(
                rooms, url, destination, before.filter(given -> given.version().isKnown()), checksum, scratch);
    }

    /** Downloads it in any case; see {@link #look}. */
    static RemoteFile fetch(BuildRooms rooms, String url, String destination, Optional<String> checksum, Path scratch)
            throws IOException {
        return fetch(rooms, url, destination, Optional.empty(), checksum, scratch);
    }

    private static Optional<Digest> sha256(String checksum) {
        try {
            return Optional.of(Digest.parse(checksum));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // No content has that.
        }
    }

    private static RemoteFile known(String name, Digest digest) {
        var entry = SourceEntry.file(MODE, 0, Instant.EPOCH);
        return new RemoteFile(
                InlineDirectory.known(RawPath.of(name), entry, digest), CopyStep.escaped(name), digest, false);
    }

    private static RemoteFile fetch(
            BuildRooms rooms,
            String url,
            String destination,
            Optional<WebRecords.Given> before,
            Optional<String> checksum,
            Path scratch)
            throws IOException {
        var uri = uri(url);
        var name = name(uri, destination);
        var file = scratch.resolve("download");
        var records = new WebRecords(rooms.root(), rooms.sharers());
        try {
            var sha256 = BlobStore.sha256();
            WebFile answer;
            try (var out = new DigestOutputStream(IncomingFile.create(file), sha256)) {
                var version = before.map(WebRecords.Given::version).orElse(WebFile.Version.UNKNOWN);
                answer = rooms.web().fetch(uri, version, out);
            }
            if (before.isPresent() && answer.status() == WebFile.NOT_MODIFIED) {
                records.used(url, rooms.clock().instant());
                return known(name, before.get().digest());
            }
            if (answer.status() >= 400 || answer.status() == WebFile.NOT_MODIFIED) {
                throw new BuildException("invalid response status " + answer.status() + " for " + shown(url));
            }
            var digest = BlobStore.finished(sha256);
            if (checksum.isPresent() && !checksum.get().equals(digest.toString())) {
                throw new BuildException(
                        "digest mismatch for " + shown(url) + ": expected " + checksum.get() + ", got " + digest);
            }
            records.write(url, new WebRecords.Given(digest, answer.version()));
            var entry =
                    SourceEntry.file(MODE, Files.size(file), answer.modified().orElse(Instant.EPOCH));
            return new RemoteFile(
                    InlineDirectory.file(RawPath.of(name), file, entry), CopyStep.escaped(name), digest, true);
        } catch (BuildException e) {
            throw e;
        } catch (NoRoomException e) {
            throw new BuildException("cannot get " + shown(url) + ": " + e.getMessage(), e);
        } catch (IOException | IllegalArgumentException e) {
            throw new BuildException("cannot get " + shown(url) + ": " + e, e);
        }
    }

    private static URI uri(String url) throws BuildException {
        try {
            return new URI(url);
        } catch (URISyntaxException e) {
            // Its text, and so it as a cause, has the whole address.
            throw new BuildException("\"" + shown(url) + "\" is no URL: " + e.getReason());
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
