package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.spec.settings.AgentSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** How a command gets to this host's engine: as root, with the host's settings, or not at all. */
final class EngineDoor {
    private static final Path STATUS = Path.of("/proc/self/status");

    private final Invocation call;
    private final AgentSettings settings;
    private final String host;

    private EngineDoor(Invocation call, AgentSettings settings, String host) {
        this.call = call;
        this.settings = settings;
        this.host = host;
    }

    /**
     * Checks who asks and reads the host's settings; touches nothing.
     *
     * @throws CommandException for everybody but root
     */
    static EngineDoor of(Invocation call) throws IOException, CommandException {
        requireRoot(call);
        var settings = HostSettings.read();
        return new EngineDoor(call, settings, HostSettings.name(settings));
    }

    /** The same with settings from elsewhere. */
    static EngineDoor of(Invocation call, AgentSettings settings, String host) throws IOException, CommandException {
        requireRoot(call);
        return new EngineDoor(call, settings, host);
    }

    private static void requireRoot(Invocation call) throws IOException, CommandException {
        if (!isRoot()) {
            throw new CommandException("needs root: 'sudo lockstep "
                    + call.parsed().commandSpec().qualifiedName(" ").replaceFirst("^lockstep ", "") + " ...'");
        }
    }

    /** By the kernel's own word and without a native call, which a command that stops here need not load. */
    static boolean isRoot() throws IOException {
        for (var line : Files.readAllLines(STATUS)) {
            if (line.startsWith("Uid:")) {
                return line.split("\\s+", -1)[2].equals("0"); // real, effective, saved, file system
            }
        }
        return false;
    }

    AgentSettings settings() {
        return settings;
    }

    String host() {
        return host;
    }

    /** Whether there is a root where it should be: a command that only looks makes none. */
    boolean hasRoot() {
        return Files.exists(call.globals().root().resolve("root.json"));
    }

    /** Opens the engine, and makes its root when it is new. */
    Engine open() throws IOException {
        return Engine.open(new EngineOptions(
                call.globals().root(),
                call.globals().runRoot(),
                host,
                call.world().launcher(),
                settings.foreignFirewall() == AgentSettings.ForeignFirewall.LEAVE));
    }

    /** Whether an agent of that root runs now. */
    static boolean agentRuns(Root root) throws IOException {
        var lock = root.run().resolve("locks/agent");
        if (!Files.exists(lock)) {
            return false;
        }
        var free = Flock.tryShared(lock);
        free.ifPresent(Flock::close);
        return free.isEmpty();
    }
}
