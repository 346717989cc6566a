package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredVolume;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.store.Owner;
import dev.lockstep.runtime.volume.VolumeSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What to do about the volumes of a stack. A volume is never removed because its lines are gone. */
record VolumeSteps(Desired desired, Observed observed, Facts facts, PlanBuilder plan) {
    void plan(DesiredVolume volume) {
        var name = volume.spec().name();
        var found = observed.volume(name);
        if (volume.external()) {
            if (found.isEmpty()) {
                plan.problem("volumes." + volume.key(), "external volume " + name + " does not exist");
            } else {
                giveAway(volume, found.get().spec());
            }
        } else if (found.isEmpty()) {
            plan.add(new Operation.CreateVolume(volume.spec()), List.of(), Set.of());
        } else if (!facts.ownership(desired).isOwn(found.get().spec().owner())) {
            plan.warn("volume " + name + " belongs to "
                    + Ownership.words(found.get().spec().owner()) + "; it is used as it is");
        } else if (!isSame(found.get().spec(), volume.spec())) {
            // Compose would offer to make it anew, and its data would be gone.
            plan.problem(
                    "volumes." + volume.key() + ".driver_opts",
                    "volume " + name + " was made with "
                            + difference(found.get().spec(), volume.spec())
                            + ". Its data is not moved: give the new one another name, or remove"
                            + " this one when nothing in it is needed: 'lockstep volume rm " + name + "'");
        } else {
            var path = "volumes." + volume.key();
            var causes = new ArrayList<>(new LabelCauses(desired, facts)
                    .between(found.get().spec().labels(), volume.spec().labels(), path));
            var then = found.get().spec().owner();
            var now = volume.spec().owner();
            // By hand, a repository's is not taken away from it.
            if (now.repository().isPresent() && !now.repository().equals(then.repository())) {
                causes.add(new Cause(
                        Cause.Kind.SPEC,
                        "owner",
                        then.repository().orElse("applied by hand"),
                        now.repository().get(),
                        Optional.of(new Places(desired.sources()).of(path))));
            }
            if (!causes.isEmpty()) {
                plan.add(
                        new Operation.UpdateVolume(
                                name,
                                now.repository().isPresent() ? now : then,
                                volume.spec().labels()),
                        causes,
                        Set.of());
            }
        }
    }

    /**
     * What the stack made and its files call external from now on is the stack's no more: {@code down -v} leaves it. Of
     * the same repository it stays, and its stacks may use it.
     */
    private void giveAway(DesiredVolume volume, VolumeSpec made) {
        var then = made.owner();
        if (facts.ownership(desired).isOwn(then)
                && desired.volumes().stream()
                        .noneMatch(other ->
                                !other.external() && other.spec().name().equals(made.name()))) {
            var now = new Owner(then.host(), "", then.repository());
            plan.add(
                    new Operation.UpdateVolume(made.name(), now, made.labels()),
                    List.of(new Cause(
                            Cause.Kind.SPEC,
                            "external",
                            Ownership.words(then),
                            Ownership.words(now),
                            Optional.of(new Places(desired.sources())
                                    .of("volumes." + volume.key() + ".external", "volumes." + volume.key())))),
                    Set.of());
        }
    }

    /** An option that is written and empty says no more than one that is not there. */
    private static boolean isSame(VolumeSpec made, VolumeSpec asked) {
        return made.options().equals(asked.options())
                || made.mount().isPresent() && made.mount().equals(asked.mount());
    }

    private static String difference(VolumeSpec made, VolumeSpec asked) {
        var then = words(made);
        var now = words(asked);
        // Passwords are shown to nobody.
        return then.equals(now) ? "another password in o than the file has" : then + ", and the file says " + now;
    }

    private static String words(VolumeSpec volume) {
        return volume.mount()
                .map(mount -> "(" + mount.shown() + ")")
                .orElseGet(() -> volume.options().isEmpty()
                        ? "no options"
                        : "(size: " + volume.options().get("size") + ")");
    }
}
