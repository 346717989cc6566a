package dev.lockstep.spec.settings;

import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Reading;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * How this host shows a followed repository who it is, and by what it knows the other side. Files are named by absolute
 * paths and read at each use; none of them is looked at here.
 *
 * @param username for HTTP; without it the password file says it, or holds a token alone
 * @param passwordFile password or token for HTTP
 * @param caFile certificates of authorities (PEM) that are trusted beside the system's
 * @param sshKeyFile private key that is offered, instead of those of the user's {@code .ssh}
 * @param knownHostsFile keys of servers, instead of the user's {@code .ssh/known_hosts}
 */
public record RepositoryAccess(
        Optional<String> username,
        Optional<String> passwordFile,
        Optional<String> caFile,
        Optional<String> sshKeyFile,
        Optional<String> knownHostsFile) {
    /** Only what stands in the URL and in the user's {@code .ssh}. */
    public static final RepositoryAccess NONE = new RepositoryAccess(
            Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

    private static final Pattern HTTP = Pattern.compile("https?://(?<user>[^/@]*@)?(?<host>[^/:]*|\\[[^]]*])([:/].*)?");
    private static final Pattern SSH = Pattern.compile("(ssh|git\\+ssh|ssh\\+git)://.*|[^/:.-][^/:]*:(?!//).*");
    private static final Pattern LOOPBACK = Pattern.compile("localhost|127\\..*|\\[::1]");

    /** What the entry of a repository says; what does not fit to its URL is an error at its place. */
    static RepositoryAccess read(Reading reading, Fields fields, Optional<String> url) {
        var access = new RepositoryAccess(
                fields.parsed("username", RepositoryAccess::name),
                fields.parsed("password-file", RepositoryAccess::file),
                fields.parsed("ca-file", RepositoryAccess::file),
                fields.parsed("ssh-key-file", RepositoryAccess::file),
                fields.parsed("known-hosts-file", RepositoryAccess::file));
        url.ifPresent(address -> access.check(reading, fields, address));
        return access;
    }

    private void check(Reading reading, Fields fields, String url) {
        var scheme = url.indexOf("://");
        // As RFC 3986 has it, a scheme is the same in capitals.
        var address = scheme < 0 ? url : url.substring(0, scheme).toLowerCase(Locale.ROOT) + url.substring(scheme);
        var http = HTTP.matcher(address);
        var isHttp = http.matches();
        if (username.isPresent() && !fields.has("password-file")) {
            fields.error("username", "needs a password-file");
        } else if (username.isPresent() && !isHttp) {
            fields.error("username", "is for https:// and http://; an ssh:// URL names its user itself");
        }
        if (passwordFile.isPresent()) {
            if (!isHttp) {
                fields.error("password-file", "is for https:// and http://; SSH has ssh-key-file");
            } else if (http.group("user") != null) {
                fields.error("password-file", "is a second login beside that in url; take one of them out");
            } else if (address.startsWith("http:")
                    && !LOOPBACK.matcher(http.group("host")).matches()) {
                reading.warning(
                        fields.at("password-file"),
                        fields.path("password-file"),
                        "the password goes over the network in plain text; write https:// in url");
            }
        }
        if (caFile.isPresent() && !address.startsWith("https://")) {
            fields.error("ca-file", "is for https://");
        }
        var isSsh = SSH.matcher(address).matches();
        if (sshKeyFile.isPresent() && !isSsh) {
            fields.error("ssh-key-file", "is for SSH: ssh://USER@HOST/PATH or USER@HOST:PATH");
        }
        if (knownHostsFile.isPresent() && !isSsh) {
            fields.error("known-hosts-file", "is for SSH: ssh://USER@HOST/PATH or USER@HOST:PATH");
        }
    }

    private static String name(String text) {
        if (text.isEmpty() || text.contains(":") || text.chars().anyMatch(Character::isISOControl)) {
            throw new IllegalArgumentException("must be a name without a colon");
        }
        return text;
    }

    private static String file(String text) {
        if (!text.startsWith("/") || text.chars().anyMatch(Character::isISOControl)) {
            // Not quoted: somebody may have written the password itself.
            throw new IllegalArgumentException("must be the absolute path of a file");
        }
        return text;
    }
}
