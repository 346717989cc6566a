package dev.lockstep.reconciler.git;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The address of a repository: a path of this host, {@code file://}, {@code http(s)://}, {@code ssh://},
 * {@code git://}, or {@code user@host:path} as Git writes SSH.
 *
 * <p>{@link #toString()} and {@link #url()} are without credentials; they alone may be printed, logged or stored.
 */
public final class Remote {
    /** How a remote is reached. */
    public enum Transport {
        LOCAL,
        HTTP,
        HTTPS,
        SSH,
        GIT
    }

    // The short SSH form: no scheme, and a colon before the first slash (gitprotocol: "scp-like").
    private static final Pattern SCP_LIKE = Pattern.compile(
            "(?:(?<user>[^@/:\\s-][^@/:\\s]*)@)?(?<host>\\[[0-9A-Fa-f:.]+]|[^@/:\\[\\s-][^@/:\\[\\s]*):(?<path>[^\\s].*)");

    private final Transport transport;
    private final String address;
    private final Optional<Login> login;
    private final String host;

    private Remote(Transport transport, String address, Optional<Login> login, String host) {
        this.transport = transport;
        this.address = address;
        this.login = login;
        this.host = host;
    }

    /**
     * Reads an address as its owner wrote it. A relative path is refused: an agent has no directory to start from.
     *
     * @throws IllegalArgumentException with a sentence that names the address without its credentials
     */
    public static Remote parse(String text) {
        if (text.isBlank() || text.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("a repository needs a URL or a path");
        }
        if (text.startsWith("/")) {
            return local(Path.of(text), text);
        }
        var scheme = text.indexOf("://");
        if (scheme > 0) {
            return parseUrl(text, text.substring(0, scheme).toLowerCase(Locale.ROOT));
        }
        if (text.startsWith("-") || text.startsWith(".") || text.contains("::")) {
            throw new IllegalArgumentException("repository \"" + text + "\" is neither a URL nor an absolute path");
        }
        var scp = SCP_LIKE.matcher(text);
        if (scp.matches()) {
            var user = scp.group("user");
            return new Remote(
                    Transport.SSH, text, Optional.ofNullable(user).map(u -> new Login(u, "")), scp.group("host"));
        }
        throw new IllegalArgumentException("repository \"" + text + "\" is neither a URL nor an absolute path");
    }

    private static Remote parseUrl(String text, String scheme) {
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            // The exception's text quotes the whole URL.
            throw new IllegalArgumentException("repository \"" + withoutUserInfo(text) + "\" is not a URL: "
                    + e.getReason() + " at character " + (e.getIndex() + 1));
        }
        var transport = switch (scheme) {
            case "file" -> Transport.LOCAL;
            case "http" -> Transport.HTTP;
            case "https" -> Transport.HTTPS;
            case "ssh", "git+ssh", "ssh+git" -> Transport.SSH;
            case "git" -> Transport.GIT;
            default ->
                throw new IllegalArgumentException("repository \"" + withoutUserInfo(text)
                        + "\": only https, ssh, http, git, file and paths are followed, not " + scheme);
        };
        if (transport == Transport.LOCAL) {
            if (uri.getHost() != null || uri.getPath() == null || !uri.getPath().startsWith("/")) {
                throw new IllegalArgumentException("repository \"" + text + "\": write file:///absolute/path");
            }
            return local(Path.of(uri.getPath()), text);
        }
        if (uri.getHost() == null || uri.getHost().startsWith("-")) {
            throw new IllegalArgumentException("repository \"" + withoutUserInfo(text) + "\" names no host");
        }
        if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
            throw new IllegalArgumentException(
                    "repository \"" + uri.getHost() + "\": a repository's URL has no ? and no #");
        }
        if (uri.getPath() == null || uri.getPath().length() < 2) {
            throw new IllegalArgumentException(
                    "repository \"" + withoutUserInfo(text) + "\" names no path on its host");
        }
        var ssh = transport == Transport.SSH;
        // What stands alone before the @ is a token for HTTP, and who to log in as for SSH.
        var login = Optional.ofNullable(uri.getUserInfo())
                .filter(i -> !i.isEmpty())
                .map(i -> ssh && i.indexOf(':') < 0 ? new Login(i, "") : Login.parse(i));
        var user = login.map(Login::user).filter(u -> ssh).map(u -> u + "@");
        var authority = user.orElse("") + uri.getHost() + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
        return new Remote(transport, scheme + "://" + authority + uri.getRawPath(), login, uri.getHost());
    }

    private static Remote local(Path path, String address) {
        return new Remote(
                Transport.LOCAL, address.startsWith("/") ? path.normalize().toString() : address, Optional.empty(), "");
    }

    private static String withoutUserInfo(String text) {
        return text.replaceAll("://[^/]*@", "://");
    }

    /**
     * Where a submodule is from that a commit of this remote names: an address, or a path that goes out from this one
     * (gitsubmodules(7)), with the same login then. A repository of the network is not let to the files of this host.
     *
     * @throws IllegalArgumentException with a sentence that names the address without its credentials
     */
    public Remote submodule(String text) {
        if (text.startsWith("./") || text.startsWith("../")) {
            var base = address.replaceAll("/+$", "");
            var rest = text;
            var scheme = base.indexOf("://");
            var joint = "/";
            while (rest.startsWith("../") || rest.startsWith("./")) {
                if (rest.startsWith("../")) {
                    var cut = Math.max(base.lastIndexOf('/'), base.lastIndexOf(':'));
                    if (cut < (scheme < 0 ? 0 : scheme + "://".length())) {
                        throw new IllegalArgumentException("the submodule \"" + text + "\" leads out of " + address);
                    }
                    joint = base.substring(cut, cut + 1);
                    base = base.substring(0, cut);
                }
                rest = rest.substring(rest.indexOf('/') + 1);
            }
            var resolved = parse(base + joint + rest);
            return new Remote(resolved.transport, resolved.address, login, resolved.host);
        }
        var other = parse(text);
        if (other.transport == Transport.LOCAL && transport != Transport.LOCAL) {
            throw new IllegalArgumentException("the submodule \"" + text + "\" is a path of this host, and " + address
                    + " may not say what of it is read");
        }
        return other;
    }

    public Transport transport() {
        return transport;
    }

    /** The address without password or token; the user of an SSH address stays, it is part of where to go. */
    public String url() {
        return address;
    }

    /** User and password that stood in the address itself. */
    Optional<Login> login() {
        return login;
    }

    /** The host's name, empty for a path. */
    public String host() {
        return host;
    }

    /** Last part of the path without {@code .git}: what a repository with one stack is called after. */
    public String name() {
        var path = address.replaceAll("[/\\\\]+$", "");
        if (path.endsWith("/.git")) {
            path = path.substring(0, path.length() - "/.git".length());
        }
        var name = path.substring(Math.max(path.lastIndexOf('/'), path.lastIndexOf(':')) + 1);
        return name.endsWith(".git") && name.length() > ".git".length()
                ? name.substring(0, name.length() - ".git".length())
                : name;
    }

    /** Where the clone lies: the same for the same address, whatever the credentials. */
    String directoryName() {
        try {
            var hash = MessageDigest.getInstance("SHA-256").digest(address.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Remote remote && remote.address.equals(address) && remote.login.equals(login);
    }

    @Override
    public int hashCode() {
        return address.hashCode();
    }

    @Override
    public String toString() {
        return address;
    }
}
