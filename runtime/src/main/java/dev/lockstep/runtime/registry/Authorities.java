package dev.lockstep.runtime.registry;

import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;

/** Who is believed to say what a server is called. */
public final class Authorities {
    private Authorities() {}

    /**
     * TLS that trusts the authorities of a file beside the system's. The file is read now.
     *
     * @param file certificates as OpenSSL writes them (PEM), one or more
     * @throws IOException with a sentence that names the file, when it cannot be used
     */
    public static SSLSocketFactory beside(Path file) throws IOException {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(null, Certificates.beside(List.of(file)).getTrustManagers(), null);
            return context.getSocketFactory();
        } catch (GeneralSecurityException e) {
            throw new RegistryException(
                    RegistryException.Reason.MISCONFIGURED, file + " cannot be used: " + e.getMessage(), e);
        }
    }
}
