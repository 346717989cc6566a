package dev.lockstep.reconciler.cli;

import dev.lockstep.spec.settings.AgentSettings;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;

/** What this host's owner decided, and what the host is called. */
final class HostSettings {
    /** Where the owner writes it down. */
    static final Path FILE = Path.of("/etc/lockstep/agent.yaml");

    private static final String VARIABLE = "LOCKSTEP_CONFIG";

    /** Values of stacks that are not in Git. */
    static final Path STACKS = Path.of("/etc/lockstep/stacks");

    private static final Path KERNEL_NAME = Path.of("/proc/sys/kernel/hostname");

    private HostSettings() {}

    /**
     * The settings in force; defaults where there is no file. {@value #VARIABLE} names another file, which must be
     * there, as {@code LOCKSTEP_ROOT} names another root.
     */
    static AgentSettings read(Map<String, String> environment) throws IOException, CommandException {
        var other = environment.getOrDefault(VARIABLE, "");
        if (!other.isEmpty()) {
            try {
                return read(Path.of(other).toAbsolutePath());
            } catch (NoSuchFileException e) {
                throw new CommandException(other + ": no such file; " + VARIABLE + " names this host's settings");
            }
        }
        try {
            return read(FILE);
        } catch (NoSuchFileException | AccessDeniedException e) {
            return AgentSettings.defaults();
        }
    }

    /** The settings in that file, which must be there. */
    static AgentSettings read(Path file) throws IOException, CommandException {
        return switch (AgentSettings.read(file.toString(), Files.readAllBytes(file))) {
            case AgentSettings.Read.Valid(var settings) -> settings;
            case AgentSettings.Read.Invalid(var errors) ->
                throw new CommandException(errors.stream().map(Object::toString).collect(Collectors.joining("; ")));
        };
    }

    /** The host's name by those settings, else the kernel's. */
    static String name(AgentSettings settings) throws IOException {
        return settings.host().isPresent()
                ? settings.host().get()
                : Files.readString(KERNEL_NAME).strip();
    }
}
