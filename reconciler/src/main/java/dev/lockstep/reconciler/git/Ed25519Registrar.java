package dev.lockstep.reconciler.git;

import java.security.Provider;
import java.security.Security;
import java.util.Optional;
import org.apache.sshd.common.util.security.AbstractSecurityProviderRegistrar;
import org.apache.sshd.common.util.security.SecurityUtils;
import org.apache.sshd.common.util.security.eddsa.generic.EdDSASupport;

/** Tells the SSH library of {@link Ed25519}. */
final class Ed25519Registrar extends AbstractSecurityProviderRegistrar {
    private Ed25519Registrar() {
        super(SecurityUtils.EDDSA);
    }

    /** The library has one list per process; entering twice is harmless. */
    static void register() {
        SecurityUtils.registerSecurityProvider(new Ed25519Registrar());
    }

    @Override
    public boolean isSupported() {
        return true;
    }

    @Override
    public Provider getSecurityProvider() {
        return Security.getProvider("SunEC");
    }

    @Override
    public Optional<EdDSASupport<?, ?>> getEdDSASupport() {
        return Optional.of(new Ed25519());
    }
}
