package dev.lockstep.runtime.trust;

import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.EdECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.EdDSAParameterSpec;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Whether a key made a signature. cosign hashes with SHA-256 for every key; newer versions use the hash of the curve's
 * size (sigstore, "Algorithm Registry"), so both are tried. ECDSA signatures are ASN.1.
 */
final class KeyCheck {
    private static final int SHA256_BYTES = 32;

    private record Scheme(String name, Optional<AlgorithmParameterSpec> parameters) {
        Scheme(String name) {
            this(name, Optional.empty());
        }
    }

    private KeyCheck() {}

    /** False also for a signature of another form, or of a key of another sort. */
    static boolean verifies(TrustedKey key, byte[] message, byte[] signature) {
        return schemes(key.key()).stream().anyMatch(scheme -> verifies(scheme, key.key(), message, signature));
    }

    private static boolean verifies(Scheme scheme, PublicKey key, byte[] message, byte[] signature) {
        try {
            var check = Signature.getInstance(scheme.name());
            if (scheme.parameters().isPresent()) {
                check.setParameter(scheme.parameters().get());
            }
            check.initVerify(key);
            check.update(message);
            return check.verify(signature);
        } catch (GeneralSecurityException e) {
            return false; // no signature of this scheme
        }
    }

    private static List<Scheme> schemes(PublicKey key) {
        return switch (key) {
            case ECPublicKey ec ->
                switch (ec.getParams().getCurve().getField().getFieldSize()) {
                    case 384 -> List.of(new Scheme("SHA256withECDSA"), new Scheme("SHA384withECDSA"));
                    case 521 -> List.of(new Scheme("SHA256withECDSA"), new Scheme("SHA512withECDSA"));
                    default -> List.of(new Scheme("SHA256withECDSA"));
                };
            case EdECPublicKey _ ->
                List.of(
                        new Scheme("Ed25519"),
                        new Scheme("EdDSA", Optional.of(new EdDSAParameterSpec(true)))); // Ed25519ph, RFC 8032
            case RSAPublicKey rsa -> {
                var schemes = new ArrayList<>(List.of(new Scheme("SHA256withRSA")));
                // Salts are as long as the hash, or as long as there is room (Go's automatic length).
                var encoded = (rsa.getModulus().bitLength() - 1 + 7) / 8;
                schemes.add(pss(SHA256_BYTES));
                schemes.add(pss(encoded - SHA256_BYTES - 2));
                yield schemes;
            }
            default -> List.of();
        };
    }

    private static Scheme pss(int salt) {
        return new Scheme(
                "RSASSA-PSS", Optional.of(new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, salt, 1)));
    }
}
