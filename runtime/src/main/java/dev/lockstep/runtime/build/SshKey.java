package dev.lockstep.runtime.build;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.EdECPrivateKeySpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.RSAPrivateCrtKeySpec;
import java.util.Arrays;
import java.util.Base64;

/**
 * A private key of SSH, from a file that {@code ssh-keygen} has written (openssh-portable, PROTOCOL.key). It signs, and
 * nobody is shown it.
 */
public final class SshKey {
    private static final String BEGIN = "-----BEGIN OPENSSH PRIVATE KEY-----";
    private static final String END = "-----END OPENSSH PRIVATE KEY-----";
    private static final byte[] MAGIC = "openssh-key-v1\0".getBytes(StandardCharsets.US_ASCII);
    private static final int LARGEST = 1 << 20;

    /** Flags of a request to sign (draft-miller-ssh-agent, "Signature flags"). */
    private static final int SHA_256 = 2;

    private static final int SHA_512 = 4;

    private final String type;
    private final byte[] blob;
    private final String comment;
    private final PrivateKey key;

    private SshKey(String type, byte[] blob, String comment, PrivateKey key) {
        this.type = type;
        this.blob = blob;
        this.comment = comment;
        this.key = key;
    }

    /**
     * Reads a file.
     *
     * @throws IOException with a sentence, when it has no key or one with a passphrase
     */
    public static SshKey read(Path file) throws IOException {
        if (Files.size(file) > LARGEST) {
            throw new IOException(file + " is larger than any key");
        }
        var text = Files.readString(file, StandardCharsets.ISO_8859_1);
        var begin = text.indexOf(BEGIN);
        var end = text.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new IOException(file
                    + (text.contains("PRIVATE KEY-----")
                            ? " is a key in an old form; 'ssh-keygen -p -f " + file + "' writes it in OpenSSH's own"
                            : " has no private key of OpenSSH"));
        }
        try {
            var bytes = Base64.getMimeDecoder().decode(text.substring(begin + BEGIN.length(), end));
            return parse(file, bytes);
        } catch (GeneralSecurityException | IllegalArgumentException | BufferUnderflowException e) {
            throw new IOException(file + " is damaged, or a key of a kind that is not known", e);
        }
    }

    private static SshKey parse(Path file, byte[] bytes) throws IOException, GeneralSecurityException {
        if (!Arrays.equals(bytes, 0, Math.min(bytes.length, MAGIC.length), MAGIC, 0, MAGIC.length)) {
            throw new IllegalArgumentException("no key");
        }
        var in = ByteBuffer.wrap(bytes);
        in.position(MAGIC.length);
        var cipher = text(in);
        if (!cipher.equals("none")) {
            throw new IOException(file + " has a passphrase; add it to an agent (ssh-add) and give that");
        }
        var _ = bytes(in); // kdfname
        var _ = bytes(in); // kdfoptions
        if (in.getInt() != 1) {
            throw new IllegalArgumentException("several keys");
        }
        var blob = bytes(in);
        var secret = ByteBuffer.wrap(bytes(in));
        // The same number twice, where nothing is encrypted or the passphrase was right.
        var check = secret.getInt();
        if (secret.getInt() != check) {
            throw new IllegalArgumentException("damaged");
        }
        var type = text(secret);
        var key = switch (type) {
            case "ssh-ed25519" -> ed25519(secret);
            case "ssh-rsa" -> rsa(secret);
            case "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521" -> ecdsa(secret);
            default ->
                throw new IOException(file + " is a key of type " + type
                        + "; there are ed25519, RSA and ECDSA, and for others an agent");
        };
        return new SshKey(type, blob, text(secret), key);
    }

    private static PrivateKey ed25519(ByteBuffer in) throws GeneralSecurityException {
        var _ = bytes(in);
        var pair = bytes(in); // the seed, and the public key once more
        return KeyFactory.getInstance("Ed25519")
                .generatePrivate(new EdECPrivateKeySpec(NamedParameterSpec.ED25519, Arrays.copyOf(pair, 32)));
    }

    private static PrivateKey rsa(ByteBuffer in) throws GeneralSecurityException {
        var n = number(in);
        var e = number(in);
        var d = number(in);
        var coefficient = number(in);
        var p = number(in);
        var q = number(in);
        return KeyFactory.getInstance("RSA")
                .generatePrivate(new RSAPrivateCrtKeySpec(
                        n,
                        e,
                        d,
                        p,
                        q,
                        d.mod(p.subtract(BigInteger.ONE)),
                        d.mod(q.subtract(BigInteger.ONE)),
                        coefficient));
    }

    private static PrivateKey ecdsa(ByteBuffer in) throws GeneralSecurityException {
        var curve = text(in);
        var _ = bytes(in);
        var parameters = AlgorithmParameters.getInstance("EC");
        parameters.init(new ECGenParameterSpec(curve.replace("nistp", "secp") + "r1"));
        return KeyFactory.getInstance("EC")
                .generatePrivate(new ECPrivateKeySpec(number(in), parameters.getParameterSpec(ECParameterSpec.class)));
    }

    private static byte[] bytes(ByteBuffer in) {
        var length = in.getInt();
        if (length < 0 || length > in.remaining()) {
            throw new IllegalArgumentException("a length that is none");
        }
        var bytes = new byte[length];
        in.get(bytes);
        return bytes;
    }

    private static String text(ByteBuffer in) {
        return new String(bytes(in), StandardCharsets.UTF_8);
    }

    private static BigInteger number(ByteBuffer in) {
        return new BigInteger(bytes(in));
    }

    /** The public key, as agents name keys. */
    byte[] blob() {
        return blob.clone();
    }

    String comment() {
        return comment;
    }

    /** A signature in the form that agents answer with. */
    byte[] sign(byte[] data, int flags) throws GeneralSecurityException {
        return switch (type) {
            case "ssh-ed25519" -> named(type, raw("Ed25519", data));
            case "ssh-rsa" -> {
                if ((flags & SHA_512) != 0) {
                    yield named("rsa-sha2-512", raw("SHA512withRSA", data));
                }
                yield (flags & SHA_256) != 0
                        ? named("rsa-sha2-256", raw("SHA256withRSA", data))
                        : named(type, raw("SHA1withRSA", data));
            }
            default -> {
                var hash = type.endsWith("256") ? "256" : type.endsWith("384") ? "384" : "512";
                var pair = raw("SHA" + hash + "withECDSAinP1363Format", data);
                var half = pair.length / 2;
                var r = new BigInteger(1, Arrays.copyOf(pair, half)).toByteArray();
                var s = new BigInteger(1, Arrays.copyOfRange(pair, half, pair.length)).toByteArray();
                yield named(type, joined(r, s));
            }
        };
    }

    private byte[] raw(String algorithm, byte[] data) throws GeneralSecurityException {
        var signature = Signature.getInstance(algorithm);
        signature.initSign(key);
        signature.update(data);
        return signature.sign();
    }

    private static byte[] named(String algorithm, byte[] signature) {
        return joined(algorithm.getBytes(StandardCharsets.US_ASCII), signature);
    }

    /** Each with its length before it. */
    static byte[] joined(byte[]... parts) {
        var length = 0;
        for (var part : parts) {
            length += Integer.BYTES + part.length;
        }
        var all = ByteBuffer.allocate(length);
        for (var part : parts) {
            all.putInt(part.length).put(part);
        }
        return all.array();
    }

    @Override
    public String toString() {
        return "***";
    }
}
