package dev.lockstep.runtime.oci;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Errno;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;

/**
 * The users of one root file system (passwd(5), group(5)). The files are the image author's: they are opened inside the
 * root whatever links say, read up to a limit, and lines that make no sense are skipped.
 */
public final class UserDatabase {
    private static final int LARGEST = 1 << 20;

    private static final int TRAP = 16 << 20;

    private record User(String name, int uid, int gid, String home) {}

    private record Group(String name, int gid, List<String> members) {}

    private final List<User> users;
    private final List<Group> groups;

    private UserDatabase(List<User> users, List<Group> groups) {
        this.users = users;
        this.groups = groups;
    }

    /**
     * Reads the files below {@code root}; missing ones are empty.
     *
     * @throws IllegalArgumentException with a sentence, when one is a trap such as a FIFO
     */
    public static UserDatabase read(Path root) throws IOException {
        try (var directory = Directory.open(root)) {
            return read(directory);
        }
    }

    /**
     * Reads the files below an open root; missing ones are empty.
     *
     * @throws IllegalArgumentException with a sentence, when one is a trap such as a FIFO
     */
    public static UserDatabase read(Directory root) throws IOException {
        return parse(text(root, "etc/passwd"), text(root, "etc/group"));
    }

    /** A user's own numbers. */
    public record Ids(int uid, int gid) {}

    /** The user of that name. */
    public Optional<Ids> user(String name) {
        return users.stream()
                .filter(u -> u.name().equals(name))
                .map(u -> new Ids(u.uid(), u.gid()))
                .findFirst();
    }

    /** Number of the group of that name. */
    public Optional<Integer> group(String name) {
        return groups.stream()
                .filter(g -> g.name().equals(name))
                .map(Group::gid)
                .findFirst();
    }

    private static String text(Directory root, String path) throws IOException {
        try (var file = root.fileInRoot(RawPath.of(path))) {
            var kind = Files.readAttributes(file.procPath(), BasicFileAttributes.class);
            // OCI runtimes look users up as well: they wait for what it is for ever, or take all memory for it.
            if (kind.isOther() || kind.size() > TRAP) {
                throw new IllegalArgumentException("/" + path + " is "
                        + (kind.isOther() ? "neither a file nor missing" : "as large as " + kind.size() + " bytes")
                        + "; no program is started beside it");
            }
            return new String(file.inputStream().readNBytes(LARGEST), StandardCharsets.ISO_8859_1);
        } catch (LinuxException e) {
            return switch (e.errno()) {
                case Errno.ENXIO ->
                    throw new IllegalArgumentException(
                            "/" + path + " is neither a file nor missing; no program is started beside it", e);
                case Errno.ENOENT, Errno.ENOTDIR, Errno.ELOOP, Errno.EISDIR, Errno.EAGAIN -> "";
                default -> throw e;
            };
        }
    }

    static UserDatabase parse(String passwd, String group) {
        var users = new ArrayList<User>();
        for (var line : passwd.split("\n", -1)) {
            var parts = line.split(":", -1);
            if (parts.length >= 6) {
                var uid = number(parts[2]);
                var gid = number(parts[3]);
                if (uid.isPresent() && gid.isPresent() && !parts[0].isEmpty()) {
                    users.add(new User(parts[0], uid.get(), gid.get(), parts[5]));
                }
            }
        }
        var groups = new ArrayList<Group>();
        for (var line : group.split("\n", -1)) {
            var parts = line.split(":", -1);
            if (parts.length >= 3 && !parts[0].isEmpty()) {
                var members = parts.length > 3 ? List.of(parts[3].strip().split(",", -1)) : List.<String>of();
                number(parts[2]).ifPresent(gid -> groups.add(new Group(parts[0], gid, members)));
            }
        }
        return new UserDatabase(users, groups);
    }

    /**
     * Who {@code user[:group]} is here. A number needs no entry, and no entry whose name is that number makes it
     * another one: an image could turn {@code user: "1000"} into root. Supplementary groups count only when no group
     * was asked for, as in Docker.
     *
     * @throws IllegalArgumentException with a sentence, when a name is unknown or a number too large
     */
    public ContainerUser resolve(String text) {
        return resolve(text, List.of());
    }

    /**
     * The same, in further groups: names of the container's group file, or numbers. runc looks those numbers up once
     * more, and takes an entry of that name for it (libcontainer, setupUser); crun does not.
     *
     * @throws IllegalArgumentException with a sentence, when a name is unknown or a number too large
     */
    public ContainerUser resolve(String text, List<String> furtherGroups) {
        var colon = text.indexOf(':');
        var userText = colon < 0 ? text : text.substring(0, colon);
        var groupText = colon < 0 ? "" : text.substring(colon + 1);
        var byName = isNumber(userText)
                ? Optional.<User>empty()
                : users.stream().filter(u -> u.name().equals(userText)).findFirst();
        int uid;
        Optional<User> entry;
        if (userText.isEmpty()) {
            uid = 0;
            entry = byUid(0);
        } else if (byName.isPresent()) {
            uid = byName.get().uid();
            entry = byName;
        } else {
            uid = numberOrThrow(userText, "user", "/etc/passwd");
            entry = byUid(uid);
        }
        var gids = new TreeSet<Integer>();
        int gid;
        if (!groupText.isEmpty()) {
            gid = gid(groupText);
        } else {
            gid = entry.map(User::gid).orElse(0);
            entry.ifPresent(user -> groups.stream()
                    .filter(g -> g.members().contains(user.name()))
                    .forEach(g -> gids.add(g.gid())));
        }
        gids.add(gid);
        furtherGroups.forEach(group -> gids.add(gid(group)));
        var home = entry.map(User::home).filter(h -> h.startsWith("/")).orElse("/");
        return new ContainerUser(uid, gid, List.copyOf(gids), home);
    }

    private int gid(String text) {
        return groups.stream()
                .filter(g -> !isNumber(text) && g.name().equals(text))
                .map(Group::gid)
                .findFirst()
                .orElseGet(() -> numberOrThrow(text, "group", "/etc/group"));
    }

    private Optional<User> byUid(int uid) {
        return users.stream().filter(u -> u.uid() == uid).findFirst();
    }

    private static boolean isNumber(String text) {
        return text.matches("-?\\d+");
    }

    private static int numberOrThrow(String text, String kind, String file) {
        if (isNumber(text)) {
            return number(text)
                    .orElseThrow(() -> new IllegalArgumentException(
                            "the " + kind + " id " + text + " is not between 0 and 2147483647"));
        }
        throw new IllegalArgumentException("there is no " + kind + " \"" + text + "\" in the container's " + file);
    }

    private static Optional<Integer> number(String text) {
        if (!text.matches("\\d{1,10}")) {
            return Optional.empty();
        }
        var value = Long.parseLong(text);
        return value > Integer.MAX_VALUE ? Optional.empty() : Optional.of((int) value);
    }
}
