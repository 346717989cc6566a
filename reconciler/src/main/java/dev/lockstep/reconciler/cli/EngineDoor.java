package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.EngineOptions;
import dev.lockstep.runtime.UserNamespaceOptions;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.oci.IdRange;
import dev.lockstep.runtime.snapshot.UnpackLimits;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.spec.settings.AgentSettings;
import dev.lockstep.spec.settings.UserNamespaceEntry;
import java.io.IOException;
import java.nio.file.Files;

/** How a command gets to this host's engine: as root, with the host's settings, or not at all. */
final class EngineDoor {
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
        var settings = HostSettings.read(call);
        return new EngineDoor(call, settings, HostSettings.name(settings));
    }

    /** The same with settings from elsewhere. */
    static EngineDoor of(Invocation call, AgentSettings settings, String host) throws IOException, CommandException {
        requireRoot(call);
        return new EngineDoor(call, settings, host);
    }

    private static void requireRoot(Invocation call) throws CommandException {
        if (!call.world().privileged()) {
            throw new CommandException("needs root: 'sudo lockstep "
                    + call.parsed().commandSpec().qualifiedName(" ").replaceFirst("^lockstep ", "") + " ...'");
        }
    }

    AgentSettings settings() {
        return settings;
    }

    /** What this host keeps for external secrets. */
    HostSecrets secrets() {
        return new HostSecrets(HostSettings.stacks(call.world().environment()));
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
        return Engine.open(options());
    }

    /** Opens the engine to look and nothing else; a root that is not there is not made, and has nothing in it. */
    Engine openForReading() throws IOException {
        return Engine.openForReading(options());
    }

    /**
     * How the engine is opened; nothing is.
     *
     * @throws IOException with a sentence, when the settings cannot be
     */
    EngineOptions options() throws IOException {
        return new EngineOptions(
                call.globals().root(),
                call.globals().runRoot(),
                host,
                call.world().launcher(),
                settings.foreignFirewall() == AgentSettings.ForeignFirewall.LEAVE,
                HostRegistries.of(settings, call.world().environment()),
                unpackLimits(),
                HostKeepRules.of(settings.housekeeping()),
                users(settings.userNamespaces()));
    }

    private static UserNamespaceOptions users(UserNamespaceEntry written) {
        return new UserNamespaceOptions(
                written.byDefault(),
                written.range().map(ids -> new IdRange(ids.first(), ids.last() - ids.first() + 1)));
    }

    private UnpackLimits unpackLimits() {
        var written = settings.unpackLimits();
        var usual = UnpackLimits.DEFAULT;
        return new UnpackLimits(
                written.bytes().orElse(usual.bytes()),
                written.entries().map(Integer::longValue).orElse(usual.entries()),
                written.ratio().map(Integer::longValue).orElse(usual.ratio()),
                usual.ratioFrom());
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
