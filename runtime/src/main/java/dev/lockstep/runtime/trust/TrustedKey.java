package dev.lockstep.runtime.trust;

import dev.lockstep.runtime.image.BlobStore;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A public key that somebody decided to believe.
 *
 * @param name how people know it: the file that it comes from
 * @param id SHA-256 of its SubjectPublicKeyInfo in hexadecimal digits: the same for the same key, whatever its file
 */
public record TrustedKey(String name, String id, PublicKey key) {
    private static final int LONGEST = 64 << 10;
    private static final int LEAST_RSA_BITS = 2048;
    private static final int MOST_RSA_BITS = 16384;
    private static final Set<Integer> CURVES = Set.of(256, 384, 521);
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]*)-----END \\1-----");
    private static final List<String> ALGORITHMS = List.of("EC", "Ed25519", "RSA");

    /**
     * Reads a key as {@code cosign generate-key-pair} and {@code openssl} write it: ECDSA on P-256, P-384 or P-521,
     * Ed25519, or RSA of 2048 bits and more.
     *
     * @throws IllegalArgumentException with a sentence that begins with the name
     */
    public static TrustedKey parse(String name, byte[] pem) {
        if (pem.length > LONGEST) {
            throw unusable(name, "has more than 64 KiB: that is no public key");
        }
        var text = new String(pem, StandardCharsets.US_ASCII);
        var blocks = new ArrayList<String>();
        var types = new ArrayList<String>();
        var matcher = BLOCK.matcher(text);
        while (matcher.find()) {
            types.add(matcher.group(1));
            blocks.add(matcher.group(2));
        }
        if (text.contains("PRIVATE KEY-----")) {
            throw unusable(name, "holds a private key. Only the public one belongs here; take this one off the host");
        }
        if (types.isEmpty()) {
            throw unusable(
                    name,
                    text.contains("-----BEGIN")
                            ? "is cut off or damaged: a PEM block has no end, or what is in it is not base64"
                            : "is no key in PEM form, which begins with -----BEGIN PUBLIC KEY-----");
        }
        if (types.size() > 1) {
            throw unusable(name, "holds " + types.size() + " keys. Give each a place of its own");
        }
        byte[] der;
        try {
            der = Base64.getMimeDecoder().decode(blocks.getFirst());
        } catch (IllegalArgumentException e) {
            throw unusable(name, "is damaged: what is in it is not base64");
        }
        return switch (types.getFirst()) {
            case "PUBLIC KEY" -> of(name, der);
            case "RSA PUBLIC KEY" -> of(name, Der.rsa(der));
            case "CERTIFICATE" -> throw unusable(name, "is a certificate. Write the public key that is in it");
            default -> throw unusable(name, "is a " + types.getFirst() + ", not a PUBLIC KEY");
        };
    }

    private static TrustedKey of(String name, byte[] der) {
        for (var algorithm : ALGORITHMS) {
            PublicKey key;
            try {
                key = KeyFactory.getInstance(algorithm).generatePublic(new X509EncodedKeySpec(der));
            } catch (GeneralSecurityException e) {
                continue; // a key of another sort, or damaged, which the last of them will say
            }
            checkStrength(name, key);
            // Of what was understood, not of what was given: the same key has one id.
            return new TrustedKey(name, BlobStore.digest(key.getEncoded()).hex(), key);
        }
        throw unusable(name, "is damaged, or a key of a sort that is not supported: ECDSA, Ed25519 and RSA are");
    }

    private static void checkStrength(String name, PublicKey key) {
        switch (key) {
            case RSAPublicKey rsa -> {
                var bits = rsa.getModulus().bitLength();
                if (bits < LEAST_RSA_BITS || bits > MOST_RSA_BITS) {
                    throw unusable(name, "is an RSA key of " + bits + " bits. Use one of 2048 to 16384");
                }
            }
            case ECPublicKey ec -> {
                var bits = ec.getParams().getCurve().getField().getFieldSize();
                if (!CURVES.contains(bits)) {
                    throw unusable(name, "is an ECDSA key on a curve of " + bits + " bits. Use P-256, P-384 or P-521");
                }
            }
            default -> {
                // Ed25519 has one strength
            }
        }
    }

    private static IllegalArgumentException unusable(String name, String why) {
        return new IllegalArgumentException("the key " + name + " " + why);
    }

    /** Enough of the id for people. */
    public String shortId() {
        return id.substring(0, 12);
    }

    /** The little of DER that a PKCS #1 key needs to become a SubjectPublicKeyInfo (RFC 8017, RFC 5280). */
    private static final class Der {
        private static final byte[] RSA_ALGORITHM = HexFormat.of().parseHex("300d06092a864886f70d0101010500");

        static byte[] rsa(byte[] pkcs1) {
            var bits = new byte[pkcs1.length + 1]; // a bit string begins with its number of unused bits
            System.arraycopy(pkcs1, 0, bits, 1, pkcs1.length);
            return tagged(0x30, concat(RSA_ALGORITHM, tagged(0x03, bits)));
        }

        private static byte[] tagged(int tag, byte[] content) {
            var n = content.length;
            // Keys are shorter than 64 KiB, and the long form of a short length is read by everybody but wrong.
            var head = n < 0x80
                    ? new byte[] {(byte) tag, (byte) n}
                    : n < 0x100
                            ? new byte[] {(byte) tag, (byte) 0x81, (byte) n}
                            : new byte[] {(byte) tag, (byte) 0x82, (byte) (n >> 8), (byte) n};
            return concat(head, content);
        }

        private static byte[] concat(byte[] a, byte[] b) {
            var both = new byte[a.length + b.length];
            System.arraycopy(a, 0, both, 0, a.length);
            System.arraycopy(b, 0, both, a.length, b.length);
            return both;
        }
    }
}
