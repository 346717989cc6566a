package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import java.io.IOException;

/**
 * Says which containers, volumes and networks are left out since their records cannot be used; commands go on with the
 * others.
 */
final class DamagedContainers {
    private DamagedContainers() {}

    static void tell(Invocation call, Engine engine) throws IOException {
        for (var damaged : engine.containers().damaged()) {
            call.say("Warning: " + damaged.sentence() + ".");
        }
        tellVolumes(call, engine);
        tellNetworks(call, engine);
    }

    static void tellVolumes(Invocation call, Engine engine) throws IOException {
        for (var damaged : engine.volumes().damaged()) {
            call.say("Warning: " + damaged.sentence() + ".");
        }
    }

    static void tellNetworks(Invocation call, Engine engine) throws IOException {
        for (var damaged : engine.networks().damaged()) {
            call.say("Warning: " + damaged.sentence() + ".");
        }
        for (var sentence : engine.networks().unusableAttachments()) {
            call.say("Warning: " + sentence + ".");
        }
    }

    /** Writes anew what can be told from elsewhere, and says what was done and what is left out. */
    static void repair(Invocation call, Engine engine) throws IOException {
        engine.containers().repair().forEach(done -> call.say("Warning: " + done + "."));
        tell(call, engine);
    }
}
