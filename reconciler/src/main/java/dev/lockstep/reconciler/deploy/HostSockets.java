package dev.lockstep.reconciler.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Which paths of this host are sockets. */
public final class HostSockets {
    private static final int FILE_TYPE = 0170000;
    private static final int SOCKET = 0140000;

    private HostSockets() {}

    /** One that is there is looked at, wherever links lead; one that is not yet goes by its name. */
    public static boolean isSocket(String path) {
        try {
            return ((int) Files.getAttribute(Path.of(path), "unix:mode") & FILE_TYPE) == SOCKET;
        } catch (IOException e) {
            return path.endsWith(".sock");
        }
    }
}
