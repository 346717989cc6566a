package dev.lockstep.runtime.dockerfile;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The {@code ARG}s before the first stage and their values: what {@code FROM} sees, and what a stage takes over by an
 * {@code ARG} without a value.
 */
public final class GlobalArguments {
    /** All values together, in characters: what Linux lets a process begin with (two million), and not each its own. */
    private static final int MOST = 2 * 1024 * 1024;

    private final Map<String, String> platform;
    private final Map<String, Optional<String>> declared;

    private GlobalArguments(Map<String, String> platform, Map<String, Optional<String>> declared) {
        this.platform = platform;
        this.declared = declared;
    }

    /**
     * Values from outside, else defaults, each with the earlier ones.
     *
     * @param given {@code --build-arg}
     * @param platform {@code TARGETPLATFORM} and the others that need no {@code ARG} in front of {@code FROM}
     * @throws SubstitutionException if a default cannot be expanded
     */
    public static GlobalArguments of(Dockerfile dockerfile, Map<String, String> given, Map<String, String> platform) {
        var declared = new LinkedHashMap<String, Optional<String>>();
        var result = new GlobalArguments(new HashMap<>(platform), declared);
        var size = 0L;
        for (var arg : dockerfile.globals()) {
            for (var declaration : arg.declarations()) {
                var value = Optional.ofNullable(given.get(declaration.name()))
                        .or(() -> declaration.value().map(text -> expand(dockerfile, text, result)));
                size += value.map(String::length).orElse(0);
                if (size > MOST) {
                    throw new SubstitutionException(
                            "the values of ARG grow to more than " + MOST + " characters", declaration.name(), 0);
                }
                // ARG a without a value after ARG a=1 keeps the 1.
                if (value.isPresent() || !declared.containsKey(declaration.name())) {
                    declared.put(
                            declaration.name(), value.or(() -> Optional.ofNullable(platform.get(declaration.name()))));
                }
            }
        }
        return result;
    }

    private static String expand(Dockerfile dockerfile, String text, GlobalArguments so) {
        return dockerfile.words().word(text, so::value).word();
    }

    /** In a {@code FROM}; also what an {@code ARG} without a value in a stage gets. */
    public Optional<String> value(String name) {
        return declared.getOrDefault(name, Optional.ofNullable(platform.get(name)));
    }

    /** Whether there is an {@code ARG} for it before the first stage, or it is one of the platform's. */
    public boolean knows(String name) {
        return declared.containsKey(name) || platform.containsKey(name);
    }
}
