package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.KeyRing;
import dev.lockstep.runtime.linux.ForeignText;
import dev.lockstep.spec.settings.AgentSettings;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** What this host's owner decided, and what the host is called. */
final class HostSettings {
    /** Where the owner writes it down. */
    static final Path FILE = Path.of("/etc/lockstep/agent.yaml");

    private static final String VARIABLE = "LOCKSTEP_CONFIG";

    /** Values of stacks that are not in Git. */
    private static final Path STACKS = Path.of("/etc/lockstep/stacks");

    private static final String STACKS_VARIABLE = "LOCKSTEP_STACKS";

    private static final Path KERNEL_NAME = Path.of("/proc/sys/kernel/hostname");

    private HostSettings() {}

    /**
     * The settings in force; defaults where there is no file. {@value #VARIABLE} names another file, which must be
     * there, as {@code LOCKSTEP_ROOT} names another root. What should be put right in it is told.
     */
    static AgentSettings read(Invocation call) throws IOException, CommandException {
        var other = call.world().environment().getOrDefault(VARIABLE, "");
        if (!other.isEmpty()) {
            try {
                return read(call, Path.of(other).toAbsolutePath());
            } catch (NoSuchFileException e) {
                throw new CommandException(other + ": no such file; " + VARIABLE + " names this host's settings");
            }
        }
        try {
            return read(call, FILE);
        } catch (NoSuchFileException | AccessDeniedException e) {
            return AgentSettings.defaults();
        }
    }

    /** The file that the settings in force stand in, which need not be there. */
    static Path file(Map<String, String> environment) {
        var other = environment.getOrDefault(VARIABLE, "");
        return other.isEmpty() ? FILE : Path.of(other).toAbsolutePath();
    }

    /** The settings in that file, which must be there. */
    static AgentSettings read(Invocation call, Path file) throws IOException, CommandException {
        var read = AgentSettings.read(file.toString(), Files.readAllBytes(file));
        ProjectFiles.tellWarnings(read.warnings(), call.world().err());
        if (read instanceof AgentSettings.Read.Invalid invalid) {
            throw new CommandException(
                    invalid.errors().stream().map(Object::toString).collect(Collectors.joining("; ")));
        }
        return ((AgentSettings.Read.Valid) read).settings();
    }

    /**
     * Tells which keys of rules about images cannot be used, before an image is refused for it. Everything else goes
     * on: a lost file takes no container down.
     */
    static void tellKeys(Invocation call, AgentSettings settings) {
        ProjectFiles.tellWarnings(
                KeyRing.problems(settings.images().keys()), call.world().err());
    }

    /** Whether these are the settings in force, and what they name is on this host. */
    static boolean isInForce(Invocation call, Path file) {
        var other = call.world().environment().getOrDefault(VARIABLE, "");
        return file.toAbsolutePath()
                .normalize()
                .equals(other.isEmpty() ? FILE : Path.of(other).toAbsolutePath().normalize());
    }

    /**
     * Which images may run here, for whoever checks files that may be for this host: without settings that can be read,
     * and that are right, nothing is known, and nothing is said of them.
     */
    static Optional<ImagePolicy> imagesAsFarAsKnown(Invocation call) {
        var file = Path.of(call.world().environment().getOrDefault(VARIABLE, FILE.toString()));
        try {
            return AgentSettings.read(file.toString(), Files.readAllBytes(file))
                            instanceof AgentSettings.Read.Valid valid
                    ? Optional.of(valid.settings().images())
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Where values of stacks are that are not in Git, unless {@value #STACKS_VARIABLE} names another directory. */
    static Path stacks(Map<String, String> environment) {
        var other = environment.getOrDefault(STACKS_VARIABLE, "");
        return other.isEmpty() ? STACKS : Path.of(other).toAbsolutePath();
    }

    /** The host's name by those settings, else the kernel's. */
    static String name(AgentSettings settings) throws IOException {
        return settings.host().isPresent()
                ? settings.host().get()
                : ForeignText.read(KERNEL_NAME).strip();
    }
}
