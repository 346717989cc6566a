package dev.lockstep.reconciler.git;

import dev.lockstep.spec.settings.AgentSettings.ForcePush;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which moves of a ref are followed.
 *
 * @param moves that are not refused
 * @param accepted the beginning of a commit that somebody has agreed to, whatever the rule says
 */
public record RefRule(ForcePush moves, Optional<String> accepted) {
    /** Wherever it goes. */
    static final RefRule ALL = new RefRule(ForcePush.FOLLOW, Optional.empty());
    /** For refs that nobody has asked for, of which nobody here knows the rule: what is refused is asked for later. */
    static final RefRule NONE = new RefRule(ForcePush.REFUSE, Optional.empty());

    // Numbers with a dot between at least: v1 and live are made to move. Before them may stand what is released.
    private static final Pattern RELEASE =
            Pattern.compile("(.*[/@_-])?[vV]?[0-9]+(\\.[0-9]+)+([-+.]?[0-9A-Za-z][0-9A-Za-z.+-]*)?");

    /** What a ref was at. */
    record Before(String ref, String commit) {}

    /**
     * Whether the ref stays where it was.
     *
     * @param descends whether the new commit goes on from the one before
     */
    boolean refuses(Before before, Revision now, boolean descends) {
        var same = before.commit().equals(now.commit());
        if (accepted.filter(now.commit()::startsWith).isPresent()) {
            return false;
        }
        return switch (moves) {
            case FOLLOW -> false;
            // A branch of the tag's name goes before the tag: it must not come by that to what the tag may not.
            case REFUSE_RELEASES ->
                isRelease(before.ref()) && !(same && before.ref().equals(now.ref()));
            case REFUSE -> isTag(before.ref()) ? !(same && before.ref().equals(now.ref())) : !descends;
        };
    }

    /** Why, and what to do. */
    String sentence(Before before, Revision now) {
        var from = before.commit().substring(0, 7);
        var to = now.shortCommit();
        var what = isTag(before.ref()) ? "tag " : "branch ";
        var name = RemoteRef.shortened(before.ref());
        String moved;
        if (!before.ref().equals(now.ref())) {
            moved = what + name + " at " + from + " gave place to " + now.ref() + " at " + to;
        } else if (isTag(before.ref())) {
            moved = what + name + " was moved from " + from + " to " + to;
        } else {
            moved = what + name + " was moved to " + to + ", which does not follow " + from;
        }
        return "repository " + now.repository() + ": " + moved + ", and this host refuses that (force-push: "
                + moves.word() + "): it stays at " + from
                + ". Move it back, or accept it here with 'lockstep sync --moved " + to
                + "' (where no agent runs, 'lockstep agent --once --moved " + to
                + "') or with force-push: follow in agent.yaml";
    }

    private static boolean isTag(String ref) {
        return ref.startsWith(RemoteRef.TAGS);
    }

    static boolean isRelease(String ref) {
        return isTag(ref) && RELEASE.matcher(RemoteRef.shortened(ref)).matches();
    }
}
