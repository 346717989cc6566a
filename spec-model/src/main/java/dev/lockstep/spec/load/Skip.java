package dev.lockstep.spec.load;

/** A part of loading that a user can leave out, to see a project before it. */
public enum Skip {
    /** Variables stay as they are written ({@code --no-interpolate}); see {@link ComposeLoader#uninterpolated}. */
    INTERPOLATION,
    /** Nothing is added that the files do not say: networks, names, dependencies ({@code --no-normalize}). */
    NORMALIZATION,
    /** Relative paths stay relative to the project directory ({@code --no-path-resolution}). */
    PATH_RESOLUTION,
    /** {@code env_file} is not read, and variables without value stay so ({@code --no-env-resolution}). */
    ENVIRONMENT,
    /** The parts are not compared with each other ({@code --no-consistency}). */
    CONSISTENCY
}
