package dev.lockstep.runtime;

import com.fasterxml.jackson.core.JsonFactory;
import dev.lockstep.runtime.linux.Fd;
import java.io.IOException;
import java.nio.file.Path;

/**
 * What every look at a host begins with, takes long and needs nothing: JNA and the C library, Jackson's parser and with
 * it the powers of five that {@link java.math.BigDecimal} makes. A cold command begins with it while it reads its
 * files.
 */
public final class EarlyStart {
    private EarlyStart() {}

    /** Returns at once; who needs one of them meanwhile waits for it as if it had begun itself. */
    public static void begin() {
        Thread.ofPlatform().daemon().name("early-start").start(() -> {
            try (var number = new JsonFactory().createParser("0");
                    var _ = Fd.openPath(Path.of("/"))) {
                number.nextToken();
            } catch (IOException | LinkageError e) {
                return; // who needs it will say what is missing
            }
        });
    }
}
