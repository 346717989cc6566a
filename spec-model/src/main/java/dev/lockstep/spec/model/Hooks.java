package dev.lockstep.spec.model;

import java.util.List;

/** Programs that run in a container beside its start and stop. */
public record Hooks(List<Hook> preStart, List<Hook> postStart, List<Hook> preStop) {
    public Hooks {
        preStart = List.copyOf(preStart);
        postStart = List.copyOf(postStart);
        preStop = List.copyOf(preStop);
    }
}
