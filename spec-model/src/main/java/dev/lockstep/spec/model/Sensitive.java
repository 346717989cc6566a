package dev.lockstep.spec.model;

/** Text that must not reach an output: a secret's value. */
public record Sensitive(String value) {
    @Override
    public String toString() {
        return "***";
    }
}
