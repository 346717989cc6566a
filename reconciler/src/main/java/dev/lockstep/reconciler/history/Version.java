package dev.lockstep.reconciler.history;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** Which Lockstep this is. */
public final class Version {
    private Version() {}

    /** As the build has written it; {@code unknown} where no build has. */
    public static String text() {
        try (InputStream text = Version.class.getResourceAsStream("/dev/lockstep/reconciler/cli/version")) {
            return text == null ? "unknown" : new String(text.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            return "unknown";
        }
    }
}
