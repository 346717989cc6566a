package dev.lockstep.runtime.testing;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Lets every condition that a test waits for take a minute: Awaitility's ten seconds are too few for a loaded machine,
 * and a condition that holds sooner costs nothing. JUnit finds it by itself ({@code META-INF/services}).
 */
public final class Patience implements BeforeAllCallback {
    /** How long a test waits by default. */
    public static final Duration DEFAULT = Duration.ofSeconds(60);

    @Override
    public void beforeAll(ExtensionContext context) {
        Awaitility.setDefaultTimeout(DEFAULT);
    }
}
