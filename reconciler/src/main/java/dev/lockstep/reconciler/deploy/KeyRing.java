package dev.lockstep.reconciler.deploy;

import dev.lockstep.runtime.trust.TrustedKey;
import dev.lockstep.spec.settings.KeySource;
import dev.lockstep.spec.yaml.Problem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The public keys that rules name. Files are read each time, so that a changed one counts at once. */
public final class KeyRing {
    private static final int LARGEST = 64 << 10;
    /** May be written to by its group, or by anybody. */
    private static final int OTHERS_WRITE = 022;

    private KeyRing() {}

    /**
     * All of them.
     *
     * @throws IOException with a sentence when one cannot be used: which key was meant to be believed is not known then
     */
    static List<TrustedKey> of(List<KeySource> sources) throws IOException {
        var keys = new ArrayList<TrustedKey>();
        for (var source : sources) {
            keys.add(key(source, "at " + source.at()));
        }
        return List.copyOf(keys);
    }

    /** Which of them cannot be used, each at its place and with the reason: no image is run by such a rule. */
    public static List<Problem> problems(List<KeySource> sources) {
        var problems = new ArrayList<Problem>();
        for (var source : sources) {
            try {
                key(source, "here");
            } catch (IOException e) {
                problems.add(new Problem(source.at(), source.keys(), String.valueOf(e.getMessage())));
            }
        }
        return List.copyOf(problems);
    }

    private static TrustedKey key(KeySource source, String name) throws IOException {
        try {
            return switch (source) {
                case KeySource.Inline inline ->
                    TrustedKey.parse(name, inline.pem().getBytes(StandardCharsets.UTF_8));
                case KeySource.File file -> ofFile(Path.of(file.at().file()), file.path());
            };
        } catch (IllegalArgumentException e) {
            throw new IOException(String.valueOf(e.getMessage()), e);
        }
    }

    private static TrustedKey ofFile(Path settings, String path) throws IOException {
        var file = settings.toAbsolutePath().resolveSibling(path).normalize();
        try {
            if (!Files.isRegularFile(file) && Files.exists(file)) {
                throw new IOException("the key " + file + " is not a file");
            }
            if (!Files.getAttribute(file, "unix:uid").equals(0)
                    || ((int) Files.getAttribute(file, "unix:mode") & OTHERS_WRITE) != 0) {
                throw new IOException("the key " + file
                        + " can be written by others than root, who could put theirs there: 'chown root', 'chmod 644'");
            }
            try (var in = Files.newInputStream(file)) {
                return TrustedKey.parse(file.toString(), in.readNBytes(LARGEST + 1));
            }
        } catch (NoSuchFileException e) {
            throw new IOException("the key " + file + " is not there", e);
        } catch (AccessDeniedException e) {
            throw new IOException("the key " + file + " cannot be read by this user", e);
        }
    }
}
