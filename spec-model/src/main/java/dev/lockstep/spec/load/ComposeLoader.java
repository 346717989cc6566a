package dev.lockstep.spec.load;

/** Loads Compose projects. */
public final class ComposeLoader {
    /** Loads a project; every problem of the files is in the answer, none is thrown. */
    public Loaded load(LoadRequest request) {
        return new Loading(request).run();
    }
}
