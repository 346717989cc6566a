package dev.lockstep.runtime.context;

import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.oci.UserDatabase;
import java.io.IOException;
import java.util.Optional;

/**
 * Who {@code --chown} gives files to: names or numbers. Names are those of the stage that is written to.
 *
 * @param user a name, or a number
 * @param group the same; without one it is the user's own group, and of a number the same number
 */
public record Ownership(String user, Optional<String> group) {
    private static final long LAST_ID = 0xffff_fffeL;

    /** Numbers of this host's kernel; those above 2147483647 are negative here. */
    public record Owner(int uid, int gid) {
        public static final Owner ROOT = new Owner(0, 0);
    }

    /**
     * Reads {@code user[:group]}.
     *
     * @throws ContextException when it is nothing of that form
     */
    public static Ownership parse(String text) throws ContextException {
        var parts = text.split(":", -1);
        if (parts.length > 2 || parts[0].isEmpty() || parts.length == 2 && parts[1].isEmpty()) {
            throw new ContextException("invalid chown \"" + text + "\": it is user, user:group, uid or uid:gid");
        }
        return new Ownership(parts[0], parts.length == 2 ? Optional.of(parts[1]) : Optional.empty());
    }

    /**
     * Finds the numbers.
     *
     * @param root of the stage; its passwd and group are not read when there is nothing but numbers
     * @throws ContextException when there is no such user or group
     */
    Owner resolve(Directory root) throws IOException {
        var uid = number(user);
        var gid = group.isPresent() ? number(group.get()) : uid;
        if (uid.isPresent() && gid.isPresent()) {
            return new Owner(uid.get(), gid.get());
        }
        var users = users(root);
        var found = uid.map(id -> new Owner(id, id))
                .or(() -> users.user(user).map(ids -> new Owner(ids.uid(), ids.gid())))
                // Root is that without a file that says so, as in an image from scratch.
                .or(() -> user.equals("root") ? Optional.of(new Owner(0, 0)) : Optional.empty())
                .orElseThrow(() -> new ContextException("unable to find user " + user
                        + ": no matching entries in the stage's /etc/passwd; a number needs none"));
        if (group.isEmpty()) {
            return found;
        }
        var named = gid.or(() -> users.group(group.get()))
                .orElseThrow(() -> new ContextException("unable to find group " + group.get()
                        + ": no matching entries in the stage's /etc/group; a number needs none"));
        return new Owner(found.uid(), named);
    }

    private static UserDatabase users(Directory root) throws IOException {
        try {
            return UserDatabase.read(root);
        } catch (IllegalArgumentException e) {
            throw new ContextException(String.valueOf(e.getMessage()), e);
        }
    }

    private static Optional<Integer> number(String text) {
        if (!text.matches("\\d{1,10}") || Long.parseLong(text) > LAST_ID) {
            return Optional.empty();
        }
        return Optional.of((int) Long.parseLong(text));
    }
}
