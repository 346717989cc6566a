package dev.lockstep.runtime.registry;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;

/** Certificates and keys as OpenSSL writes them (RFC 7468). */
final class PemFile {
    private static final int LIMIT = 4 << 20;
    private static final Pattern SECTION =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\\s]*?)-----END \\1-----");
    /** SEQUENCE of rsaEncryption (1.2.840.113549.1.1.1) and NULL (RFC 3447, A.1). */
    private static final byte[] RSA = HexFormat.of().parseHex("300d06092a864886f70d0101010500");
    /** id-ecPublicKey, 1.2.840.10045.2.1 (RFC 5480, 2.1.1). */
    private static final byte[] EC = HexFormat.of().parseHex("06072a8648ce3d0201");

    private static final byte[] VERSION_0 = {2, 1, 0};
    private static final int SEQUENCE = 0x30;
    private static final int OCTETS = 0x04;
    private static final int EC_PARAMETERS = 0xa0;

    private final Path path;
    private final String text;

    private PemFile(Path path, String text) {
        this.path = path;
        this.text = text;
    }

    /** @throws RegistryException that names the file when it cannot be read */
    static PemFile read(Path path) throws RegistryException {
        try (var stream = Files.newInputStream(path)) {
            return new PemFile(path, new String(stream.readNBytes(LIMIT), StandardCharsets.ISO_8859_1));
        } catch (IOException e) {
            throw new RegistryException(RegistryException.Reason.MISCONFIGURED, path + " " + why(e), e);
        }
    }

    /** Ends a sentence that begins with the name of a file. */
    static String why(IOException e) {
        return switch (e) {
            case AccessDeniedException _ -> "cannot be read: permission denied";
            case NoSuchFileException _ -> "is not there, or a link to what is not there";
            case NotDirectoryException _ -> "is not a directory";
            default ->
                "cannot be read: "
                        + (e instanceof FileSystemException f && f.getReason() != null
                                ? f.getReason()
                                : String.valueOf(e.getMessage()));
        };
    }

    @SuppressWarnings("ArrayRecordComponent") // compared by nobody
    private record Section(String type, byte[] content) {}

    private List<Section> sections() throws RegistryException {
        var sections = new ArrayList<Section>();
        var matcher = SECTION.matcher(text);
        while (matcher.find()) {
            try {
                sections.add(
                        new Section(matcher.group(1), Base64.getMimeDecoder().decode(matcher.group(2))));
            } catch (IllegalArgumentException e) {
                throw unusable("is damaged: a " + matcher.group(1) + " is not base64");
            }
        }
        return sections;
    }

    /** All certificates, at least one. */
    List<X509Certificate> certificates() throws IOException {
        var certificates = new ArrayList<X509Certificate>();
        for (var section : sections()) {
            if (section.type.equals("CERTIFICATE")) {
                try {
                    certificates.add((X509Certificate) CertificateFactory.getInstance("X.509")
                            .generateCertificate(new ByteArrayInputStream(section.content)));
                } catch (CertificateException e) {
                    throw unusable("holds what is no certificate");
                }
            }
        }
        if (certificates.isEmpty()) {
            throw unusable("holds no certificate (-----BEGIN CERTIFICATE-----)");
        }
        return certificates;
    }

    /** The one key. */
    PrivateKey key(String algorithm) throws IOException {
        if (text.contains("ENCRYPTED")) {
            throw unusable("is encrypted: 'openssl pkey' writes it without a password");
        }
        for (var section : sections()) {
            switch (section.type) {
                case "PRIVATE KEY" -> {
                    return key(algorithm, section.content);
                }
                case "RSA PRIVATE KEY" -> {
                    return key(algorithm, der(SEQUENCE, VERSION_0, RSA, der(OCTETS, section.content)));
                }
                case "EC PRIVATE KEY" -> {
                    var named = der(SEQUENCE, EC, curve(section.content));
                    return key(algorithm, der(SEQUENCE, VERSION_0, named, der(OCTETS, section.content)));
                }
                default -> {
                    // EC PARAMETERS, and certificates that lie in the same file.
                }
            }
        }
        throw unusable("holds no private key (-----BEGIN PRIVATE KEY-----)");
    }

    private PrivateKey key(String algorithm, byte[] pkcs8) throws RegistryException {
        try {
            return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
        } catch (GeneralSecurityException e) {
            // Without the cause, which might quote the key.
            throw unusable("does not hold a key of the certificate's kind, " + algorithm);
        }
    }

    /** The parameters [0] of an ECPrivateKey (RFC 5915, 3): which curve it is on. */
    private byte[] curve(byte[] key) throws RegistryException {
        try {
            var at = content(key, 0);
            while (at < key.length) {
                var inside = content(key, at);
                var end = inside + length(key, at);
                if ((key[at] & 0xff) == EC_PARAMETERS) {
                    return Arrays.copyOfRange(key, inside, end);
                }
                at = end;
            }
        } catch (IndexOutOfBoundsException e) {
            // Said below.
        }
        throw unusable("does not name the curve of its key: 'openssl pkcs8 -topk8 -nocrypt' writes one that does");
    }

    /** Where the content of the element at {@code at} begins. */
    private static int content(byte[] der, int at) {
        var first = der[at + 1] & 0xff;
        return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
    }

    private static int length(byte[] der, int at) {
        var first = der[at + 1] & 0xff;
        if (first < 0x80) {
            return first;
        }
        var length = 0;
        for (var i = 0; i < (first & 0x7f); i++) {
            length = length << 8 | der[at + 2 + i] & 0xff;
        }
        if (length < 0 || length > der.length) {
            throw new IndexOutOfBoundsException(length);
        }
        return length;
    }

    private static byte[] der(int tag, byte[]... parts) {
        var content = new ByteArrayOutputStream();
        for (var part : parts) {
            content.writeBytes(part);
        }
        var all = new ByteArrayOutputStream();
        all.write(tag);
        if (content.size() < 0x80) {
            all.write(content.size());
        } else {
            // Keys are shorter than 64 KiB.
            all.write(0x82);
            all.write(content.size() >> 8);
            all.write(content.size());
        }
        all.writeBytes(content.toByteArray());
        return all.toByteArray();
    }

    private RegistryException unusable(String what) {
        return new RegistryException(RegistryException.Reason.MISCONFIGURED, path + " " + what);
    }
}
