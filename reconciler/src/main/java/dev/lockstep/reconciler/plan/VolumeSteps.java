package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredVolume;
import dev.lockstep.reconciler.observe.Observed;
import dev.lockstep.runtime.volume.VolumeSpec;
import java.util.List;
import java.util.Set;

/** What to do about the volumes of a stack. A volume is never removed because its lines are gone. */
record VolumeSteps(Desired desired, Observed observed, Facts facts, PlanBuilder plan) {
    void plan(DesiredVolume volume) {
        var name = volume.spec().name();
        var found = observed.volume(name);
        if (volume.external()) {
            if (found.isEmpty()) {
                plan.problem("volumes." + volume.key(), "external volume " + name + " does not exist");
            }
        } else if (found.isEmpty()) {
            plan.add(new Operation.CreateVolume(volume.spec()), List.of(), Set.of());
        } else if (!found.get().spec().owner().stack().equals(desired.stack())) {
            var owner = found.get().spec().owner().stack();
            plan.warn("volume " + name + " belongs to " + (owner.isEmpty() ? "no stack" : "stack " + owner)
                    + "; it is used as it is");
        } else if (!found.get().spec().options().equals(volume.spec().options())) {
            // Compose would offer to make it anew, and its data would be gone.
            plan.problem(
                    "volumes." + volume.key() + ".driver_opts",
                    "volume " + name + " was made with " + words(found.get().spec()) + ", and the file says "
                            + words(volume.spec()) + ". Its data is not moved: give the new one another name, or remove"
                            + " this one when nothing in it is needed: 'lockstep volume rm " + name + "'");
        } else {
            var labels = new LabelCauses(desired, facts)
                    .between(found.get().spec().labels(), volume.spec().labels(), "volumes." + volume.key());
            if (!labels.isEmpty()) {
                plan.add(new Operation.UpdateVolume(name, volume.spec().labels()), labels, Set.of());
            }
        }
    }

    private static String words(VolumeSpec volume) {
        return volume.mount()
                .map(mount -> "(" + mount.shown() + ")")
                .orElseGet(() -> volume.options().isEmpty()
                        ? "no options"
                        : "(size: " + volume.options().get("size") + ")");
    }
}
