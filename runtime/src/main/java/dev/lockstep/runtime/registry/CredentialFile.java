package dev.lockstep.runtime.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.lockstep.runtime.store.AtomicFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A file with accounts in the form of Docker's {@code config.json}: {@code credHelpers} and {@code credsStore} name
 * programs that keep them, {@code auths} holds them. They are asked in this order. It is read anew each time, so that
 * an agent sees a login. A file that is not there knows nobody.
 */
public final class CredentialFile implements Credentials {
    private static final int LIMIT = 4 << 20;
    private static final String HUB_KEY = "https://index.docker.io/v1/";

    private final Path file;
    private final JsonMapper json;
    private final Map<String, String> environment;
    private final boolean secret;

    private CredentialFile(Path file, JsonMapper json, Map<String, String> environment, boolean secret) {
        this.file = file;
        this.json = json;
        this.environment = Map.copyOf(environment);
        this.secret = secret;
    }

    /**
     * The file that Docker, Podman and others write and read: its mode is their affair.
     *
     * @param environment of the programs that it names, which are looked for in its PATH
     */
    public static CredentialFile shared(Path file, Map<String, String> environment) {
        return new CredentialFile(file, JsonMapper.builder().build(), environment, false);
    }

    /** A file of this host's owner, which is refused when anybody else can read or change it. */
    public static CredentialFile secret(Path file, Map<String, String> environment) {
        return new CredentialFile(file, JsonMapper.builder().build(), environment, true);
    }

    @Override
    public Optional<Credential> find(String host) throws IOException {
        var document = read();
        if (document.isEmpty()) {
            return Optional.empty();
        }
        var helpers = match(document.get().path("credHelpers"), host).stream().map(JsonNode::asText);
        var store = Optional.of(document.get().path("credsStore").asText("")).stream();
        for (var name : Stream.concat(helpers, store)
                .filter(n -> !n.isEmpty())
                .distinct()
                .toList()) {
            var found = helper(name).get(host.equals("docker.io") ? HUB_KEY : host);
            if (found.isPresent()) {
                return found;
            }
        }
        var entry = match(document.get().path("auths"), host);
        return entry.isPresent() ? account(host, entry.get()) : Optional.empty();
    }

    /**
     * Keeps an account instead of what was there for its host, in a file that only its owner can read; the file and its
     * directory are made when they are missing.
     */
    public void store(String host, Credential.Account account) throws IOException {
        var document = writable();
        forget(document, host);
        document.withObjectProperty("auths")
                .putObject(host)
                .put("auth", account.basic().substring("Basic ".length()));
        Files.createDirectories(file.toAbsolutePath().getParent());
        write(document);
    }

    /**
     * Forgets the account on that host.
     *
     * @return whether there was one
     */
    public boolean forget(String host) throws IOException {
        var document = writable();
        var found = forget(document, host);
        if (found) {
            write(document);
        }
        return found;
    }

    private static boolean forget(ObjectNode document, String host) {
        if (!(document.get("auths") instanceof ObjectNode auths)) {
            document.remove("auths");
            return false;
        }
        var keys = auths.properties().stream()
                .map(Map.Entry::getKey)
                .filter(key -> server(key).equals(server(host)))
                .toList();
        auths.remove(keys);
        return !keys.isEmpty();
    }

    private ObjectNode writable() throws IOException {
        return read().map(ObjectNode.class::cast).orElseGet(json::createObjectNode);
    }

    private void write(ObjectNode document) throws IOException {
        AtomicFiles.write(file, json.writerWithDefaultPrettyPrinter().writeValueAsBytes(document));
    }

    private CredentialHelper helper(String name) throws RegistryException {
        try {
            return new CredentialHelper(name, json, environment);
        } catch (IllegalArgumentException e) {
            throw unusable(String.valueOf(e.getMessage()));
        }
    }

    private Optional<JsonNode> read() throws IOException {
        byte[] bytes;
        try {
            if (secret) {
                requirePrivate();
            }
            if (Files.exists(file) && !Files.isRegularFile(file)) {
                // Reading a pipe might never end.
                throw unusable("must be an ordinary file");
            }
            try (var stream = Files.newInputStream(file)) {
                bytes = stream.readNBytes(LIMIT + 1);
            }
        } catch (NoSuchFileException e) {
            if (Files.isSymbolicLink(file)) {
                throw unusable("is a link to a file that is not there");
            }
            return Optional.empty();
        } catch (RegistryException e) {
            throw e;
        } catch (IOException e) {
            throw new RegistryException(RegistryException.Reason.MISCONFIGURED, file + " " + PemFile.why(e), e);
        }
        if (bytes.length == 0) {
            return Optional.empty();
        }
        if (bytes.length > LIMIT) {
            throw unusable("has more than " + (LIMIT >> 20) + " MiB");
        }
        JsonNode document;
        try {
            document = json.readTree(bytes);
        } catch (JsonProcessingException e) {
            // The parser's own words would quote the file.
            var at = e.getLocation();
            throw unusable("is not JSON"
                    + (at == null ? "" : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")"));
        }
        if (!document.isObject()) {
            throw unusable("must hold an object");
        }
        for (var key : List.of("auths", "credHelpers")) {
            var entries = document.path(key);
            if (!entries.isMissingNode() && !entries.isNull() && !entries.isObject()) {
                throw unusable("must hold an object as " + key);
            }
        }
        return Optional.of(document);
    }

    /** As ssh does with keys: whoever could read it has the accounts, so it is time to say so. */
    private void requirePrivate() throws IOException {
        var attributes = Files.readAttributes(file, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (!attributes.isRegularFile()) {
            throw unusable("must be an ordinary file");
        }
        var allowed = List.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
        if (!allowed.containsAll(attributes.permissions())) {
            throw unusable("can be read by others: 'chmod 600 " + file
                    + "', and change the passwords in it if somebody may have");
        }
        var uid = Files.getAttribute(file, "unix:uid", LinkOption.NOFOLLOW_LINKS);
        var own = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        if (!uid.equals(0) && !uid.equals(own)) {
            throw unusable("belongs to another user: 'chown root " + file + "'");
        }
    }

    /** The entry of that very host, else the first one that means it. */
    private static Optional<JsonNode> match(JsonNode entries, String host) {
        var exact = entries.get(host);
        if (exact != null) {
            return Optional.of(exact);
        }
        return entries.properties().stream()
                .filter(entry -> server(entry.getKey()).equals(host.toLowerCase(Locale.ROOT)))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    /** {@code https://HOST/v1/} and the like are HOST; other paths are for one repository, which we do not guess. */
    static String server(String key) {
        var name = key.toLowerCase(Locale.ROOT).replaceFirst("^https?://", "").replaceFirst("/(v[12]/?)?$", "");
        return switch (name) {
            case "index.docker.io", "registry-1.docker.io" -> "docker.io";
            default -> name;
        };
    }

    /** An entry without anything is what a login leaves when a helper keeps the account. */
    private Optional<Credential> account(String host, JsonNode entry) throws RegistryException {
        var identity = entry.path("identitytoken").asText("");
        if (!identity.isEmpty()) {
            return Optional.of(new Credential.IdentityToken(identity));
        }
        var registry = entry.path("registrytoken").asText("");
        if (!registry.isEmpty()) {
            if (registry.chars().anyMatch(c -> c <= ' ' || c > '~')) {
                throw unusable("auths." + host + ".registrytoken is not a token");
            }
            return Optional.of(new Credential.RegistryToken(registry));
        }
        var auth = entry.path("auth").asText("");
        if (!auth.isEmpty()) {
            return Optional.of(decoded(host, auth));
        }
        var user = entry.path("username").asText("");
        var password = entry.path("password").asText("");
        return user.isEmpty() && password.isEmpty()
                ? Optional.empty()
                : Optional.of(new Credential.Account(user, password));
    }

    private Credential decoded(String host, String auth) throws RegistryException {
        try {
            var pair = new String(Base64.getDecoder().decode(auth.strip()), StandardCharsets.UTF_8);
            var colon = pair.indexOf(':');
            if (colon > 0) {
                // Some tools pad the password with NUL (docker/cli, config file).
                return new Credential.Account(
                        pair.substring(0, colon), pair.substring(colon + 1).replaceFirst("\0+$", ""));
            }
        } catch (IllegalArgumentException e) {
            // Said below, without the text.
        }
        throw unusable("auths." + host + ".auth is not USER:PASSWORD in base64; log in to " + host + " again");
    }

    private RegistryException unusable(String what) {
        return new RegistryException(RegistryException.Reason.MISCONFIGURED, file + " " + what);
    }
}
