package dev.lockstep.runtime.registry;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * What lies in the certificate directories for one host: {@code *.crt} are authorities trusted beside the system's,
 * {@code NAME.cert} with {@code NAME.key} is shown to the registry (Docker, "Use certificates for repository client
 * verification").
 */
record Certificates(List<File> files) {
    private static final Pattern HOST = Pattern.compile("([a-zA-Z0-9][a-zA-Z0-9.-]*|\\[[0-9a-fA-F:]+])(:[0-9]{1,5})?");
    private static final char[] NO_PASSWORD = {};

    /** One file as it was when it was seen. */
    record File(Path path, FileTime modified, long size) {
        boolean isSame(File other) {
            return path.equals(other.path) && modified.equals(other.modified) && size == other.size;
        }
    }

    Certificates {
        files = List.copyOf(files);
    }

    /** Whether no file was changed. Not equals: a record's is made at run time, and no AOT cache keeps it. */
    boolean isSame(Certificates other) {
        return files.size() == other.files.size()
                && IntStream.range(0, files.size()).allMatch(i -> files.get(i).isSame(other.files.get(i)));
    }

    /**
     * Looks at names only. A host that could not be a directory's name has none: redirects name hosts too.
     *
     * @throws RegistryException that names what is there and cannot be used
     */
    static Certificates find(List<Path> directories, String host) throws IOException {
        var files = new ArrayList<File>();
        if (HOST.matcher(host).matches()) {
            for (var directory : directories) {
                var own = directory.resolve(host);
                // Few hosts have certificates of their own. A link to nowhere is not "none": somebody wanted some.
                if (Files.exists(own, LinkOption.NOFOLLOW_LINKS)) {
                    list(own, files);
                }
            }
        }
        // Not Comparator.comparing: no AOT cache keeps what can be serialised.
        files.sort((one, other) -> one.path().compareTo(other.path()));
        return new Certificates(files);
    }

    private static void list(Path directory, List<File> files) throws RegistryException {
        try (var entries = Files.newDirectoryStream(directory, "*.{crt,cert,key}")) {
            for (var path : entries) {
                try {
                    var attributes = Files.readAttributes(path, BasicFileAttributes.class);
                    if (!attributes.isRegularFile()) {
                        throw unusable(path, "is not an ordinary file");
                    }
                    files.add(new File(path, attributes.lastModifiedTime(), attributes.size()));
                } catch (NoSuchFileException e) {
                    if (Files.isSymbolicLink(path)) {
                        throw unusable(path, "is a link to a file that is not there");
                    }
                    // It has just been replaced or removed: then it is not there.
                }
            }
        } catch (RegistryException e) {
            throw e;
        } catch (IOException e) {
            throw unusable(directory, PemFile.why(e));
        } catch (DirectoryIteratorException e) {
            throw unusable(directory, PemFile.why(Objects.requireNonNull(e.getCause())));
        }
    }

    private static RegistryException unusable(Path path, String why) {
        return new RegistryException(RegistryException.Reason.MISCONFIGURED, path + " " + why);
    }

    boolean isEmpty() {
        return files.isEmpty();
    }

    /** Without what shows the host who asks. */
    Certificates authoritiesAlone() {
        return new Certificates(files.stream()
                .filter(file -> file.path().toString().endsWith(".crt"))
                .toList());
    }

    /** @throws RegistryException that names the file that cannot be used */
    SSLContext context() throws IOException {
        try {
            var context = SSLContext.getInstance("TLS");
            context.init(keys(), authorities().getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new RegistryException(
                    RegistryException.Reason.MISCONFIGURED,
                    "the certificates in " + files.getFirst().path().getParent() + " cannot be used: " + e.getMessage(),
                    e);
        }
    }

    private TrustManagerFactory authorities() throws IOException, GeneralSecurityException {
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        var own = named(".crt");
        if (own.isEmpty()) {
            trust.init((KeyStore) null);
            return trust;
        }
        return beside(own);
    }

    /** Those of the files and the system's. */
    static TrustManagerFactory beside(List<Path> own) throws IOException, GeneralSecurityException {
        var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        var all = emptyStore();
        for (var path : own) {
            for (var certificate : PemFile.read(path).certificates()) {
                all.setCertificateEntry("own-" + all.size(), certificate);
            }
        }
        trust.init((KeyStore) null);
        for (var manager : trust.getTrustManagers()) {
            if (manager instanceof X509TrustManager system) {
                for (var certificate : system.getAcceptedIssuers()) {
                    all.setCertificateEntry("system-" + all.size(), certificate);
                }
            }
        }
        trust.init(all);
        return trust;
    }

    private KeyManager[] keys() throws IOException, GeneralSecurityException {
        var store = emptyStore();
        for (var path : named(".cert")) {
            var key = sibling(path, ".cert", ".key");
            var chain = PemFile.read(path).certificates();
            var algorithm = chain.getFirst().getPublicKey().getAlgorithm();
            store.setKeyEntry(
                    path.toString(),
                    PemFile.read(key).key(algorithm),
                    NO_PASSWORD,
                    chain.toArray(X509Certificate[]::new));
        }
        for (var path : named(".key")) {
            sibling(path, ".key", ".cert");
        }
        var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, NO_PASSWORD);
        return keys.getKeyManagers();
    }

    private Path sibling(Path path, String suffix, String other) throws RegistryException {
        var name = path.getFileName().toString();
        var sibling = path.resolveSibling(name.substring(0, name.length() - suffix.length()) + other);
        return Optional.of(sibling)
                .filter(p -> files.stream().anyMatch(f -> f.path().equals(p)))
                .orElseThrow(() -> new RegistryException(
                        RegistryException.Reason.MISCONFIGURED,
                        sibling + " is missing: a client certificate is NAME.cert with NAME.key, an authority is"
                                + " NAME.crt"));
    }

    private List<Path> named(String suffix) {
        return files.stream()
                .map(File::path)
                .filter(path -> path.toString().endsWith(suffix))
                .toList();
    }

    private static KeyStore emptyStore() throws IOException, GeneralSecurityException {
        var store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }
}
