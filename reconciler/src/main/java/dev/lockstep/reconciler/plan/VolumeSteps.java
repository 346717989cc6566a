package dev.lockstep.reconciler.plan;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredVolume;
import dev.lockstep.reconciler.observe.Observed;
import java.util.List;
import java.util.Set;

/** What to do about the volumes of a stack. A volume is never removed because its lines are gone. */
record VolumeSteps(Desired desired, Observed observed, PlanBuilder plan) {
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
        }
    }
}
