package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.deploy.StackLock;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.ObservedContainer;
import dev.lockstep.runtime.container.StandStill;
import dev.lockstep.runtime.volume.VolumeSnapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;

/**
 * A volume that nothing writes to, as long as this is open. The stacks of its containers are locked meanwhile: an agent
 * would otherwise see drift and let them go on. So are its containers of no stack: another copy would find them paused
 * already, and go on when we let them.
 */
final class Quiet implements AutoCloseable {
    private final VolumeSnapshot.Consistency consistency;
    private final Optional<StandStill> still;
    private final List<StackLock> locks;
    /** Ctrl-C ends the process without a word to whoever has this open. */
    private final Thread interrupted;
    /** Whoever closes it early closes it again at the end, and a container may have ended by itself since. */
    private boolean closed;

    private Quiet(VolumeSnapshot.Consistency consistency, Optional<StandStill> still, List<StackLock> locks) {
        this.consistency = consistency;
        this.still = still;
        this.locks = locks;
        this.interrupted = Thread.ofPlatform().unstarted(() -> {
            try {
                letGo();
            } catch (IOException e) {
                // The note of it stays, and the next command lets them go on.
            }
        });
        Runtime.getRuntime().addShutdownHook(interrupted);
    }

    /** The ways to come to it, of which one may be given. */
    static void describe(CommandSpec spec) {
        spec.addOption(Options.flag(
                "Let containers that use it stand still meanwhile: it is as if the power had gone (the default)",
                "--pause"));
        spec.addOption(Options.flag("Stop containers that use it, and start them again afterwards", "--stop"));
        spec.addOption(
                Options.flag("Copy while containers write: only for what is written once and never changed", "--live"));
    }

    /** What {@link #describe} asked for. */
    static Quiet asAsked(Invocation call, Engine engine, String volume) throws IOException, CommandException {
        var ways = List.of("--pause", "--stop", "--live").stream()
                .filter(call::flag)
                .toList();
        if (ways.size() > 1) {
            throw new CommandException(String.join(" and ", ways) + " exclude each other");
        }
        if (!ways.contains("--live")) {
            return of(call, engine, volume, ways.contains("--stop") ? StandStill.Manner.STOP : StandStill.Manner.PAUSE);
        }
        return new Quiet(
                moving(engine, volume).isEmpty() ? VolumeSnapshot.Consistency.STOPPED : VolumeSnapshot.Consistency.LIVE,
                Optional.empty(),
                List.of());
    }

    /** Brings those that use the volume to a stand still. */
    static Quiet of(Invocation call, Engine engine, String volume, StandStill.Manner manner)
            throws IOException, CommandException {
        var stacks = new TreeSet<String>();
        var loose = new TreeMap<String, String>();
        for (var container : engine.uses().ofVolume(volume)) {
            var stack = container.record().spec().owner().stack();
            if (stack.isEmpty()) {
                loose.put(container.id(), container.name());
            } else {
                stacks.add(stack);
            }
        }
        // Each kind in order: two that wait never wait for each other.
        var locks = new ArrayList<StackLock>();
        try {
            for (var stack : stacks) {
                locks.add(StackChange.lock(call, engine, stack));
            }
            for (var container : loose.entrySet()) {
                locks.add(StackLock.ofContainer(
                        engine.root(),
                        container.getKey(),
                        container.getValue(),
                        ApplyCommand.LOCK_TIMEOUT,
                        holder -> call.say("Waiting for " + holder + ", for which container " + container.getValue()
                                + " stands still.")));
            }
            var moving = moving(engine, volume);
            var still = Optional.<StandStill>empty();
            if (!moving.isEmpty()) {
                call.say((manner == StandStill.Manner.PAUSE ? "Pausing " : "Stopping ")
                        + moving.stream().map(ObservedContainer::name).collect(Collectors.joining(", ")));
                still = Optional.of(engine.standStill(
                        manner, moving.stream().map(ObservedContainer::id).toList(), Optional.empty()));
            }
            var consistency = engine.uses().ofVolume(volume).stream().anyMatch(ObservedContainer::isRunning)
                    ? VolumeSnapshot.Consistency.PAUSED
                    : VolumeSnapshot.Consistency.STOPPED;
            var quiet = new Quiet(consistency, still, List.copyOf(locks));
            locks.clear();
            return quiet;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException("interrupted");
        } finally {
            locks.forEach(StackLock::close);
        }
    }

    private static List<ObservedContainer> moving(Engine engine, String volume) throws IOException {
        return engine.uses().ofVolume(volume).stream()
                .filter(c -> c.isRunning() && !c.isPaused())
                .toList();
    }

    /** How much what is read meanwhile can be trusted. */
    VolumeSnapshot.Consistency consistency() {
        return consistency;
    }

    /** Lets them go on; the second time it does nothing. */
    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try {
            Runtime.getRuntime().removeShutdownHook(interrupted);
        } catch (IllegalStateException e) {
            return; // it is at it
        }
        letGo();
    }

    private void letGo() throws IOException {
        try {
            if (still.isPresent()) {
                still.get().close();
            }
        } finally {
            locks.forEach(StackLock::close);
        }
    }
}
