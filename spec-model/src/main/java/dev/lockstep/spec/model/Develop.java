package dev.lockstep.spec.model;

import java.util.List;

/** The {@code develop} block of a service: for the one who works on it, never for a host that follows a repository. */
public record Develop(List<Watch> watch) {
    public Develop {
        watch = List.copyOf(watch);
    }
}
