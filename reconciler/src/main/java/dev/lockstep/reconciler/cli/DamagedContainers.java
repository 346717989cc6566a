package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import java.io.IOException;

/** Says which containers are left out since their records cannot be used; commands go on with the others. */
final class DamagedContainers {
    private DamagedContainers() {}

    static void tell(Invocation call, Engine engine) throws IOException {
        for (var damaged : engine.containers().damaged()) {
            call.say("Warning: " + damaged.sentence() + ".");
        }
    }

    /** Writes anew what can be told from elsewhere, and says what was done and what is left out. */
    static void repair(Invocation call, Engine engine) throws IOException {
        engine.containers().repair().forEach(done -> call.say("Warning: " + done + "."));
        tell(call, engine);
    }
}
