package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.runtime.container.BlockIo;
import dev.lockstep.runtime.container.ContainerException;
import dev.lockstep.runtime.container.ContainerSpec;
import dev.lockstep.runtime.container.Resources;
import dev.lockstep.runtime.container.RestartPolicy;
import dev.lockstep.spec.model.ByteSize;
import java.math.BigDecimal;
import java.util.Optional;
import java.util.TreeSet;
import picocli.CommandLine.Model.CommandSpec;

/** {@code container update}: other limits and another restart policy for containers that keep running. */
final class ContainerUpdate implements Command {
    private static final BigDecimal NANO = BigDecimal.valueOf(1_000_000_000);

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Changes the limits of containers, running or not; they keep their process.");
        limits(spec);
        spec.addOption(Options.value("POLICY", "no, always, unless-stopped or on-failure[:N]", "--restart"));
        spec.addPositional(Options.arguments("CONTAINER...", "1..*", "Names or ids"));
    }

    /** Those that {@code container run} has as well. */
    private static void limits(CommandSpec spec) {
        spec.addOption(Options.value("N", "Weight of disk access, 10 to 1000; 0 is none of its own", "--blkio-weight"));
        spec.addOption(Options.value("MICROS", "Period of --cpu-quota", "--cpu-period"));
        spec.addOption(Options.value("MICROS", "Processor time in each period", "--cpu-quota"));
        spec.addOption(Options.value("N", "Weight beside others (usual is 1024)", "-c", "--cpu-shares"));
        spec.addOption(Options.value("N", "Processors, such as 1.5", "--cpus"));
        spec.addOption(Options.value("LIST", "Which processors, such as 0-2,4", "--cpuset-cpus"));
        spec.addOption(Options.value("BYTES", "Memory, such as 512m", "-m", "--memory"));
        spec.addOption(Options.value("BYTES", "What is kept when memory is scarce", "--memory-reservation"));
        spec.addOption(Options.value("BYTES", "Memory and swap together; -1 is no limit", "--memory-swap"));
        spec.addOption(Options.value("N", "Processes and threads; -1 is no limit", "--pids-limit"));
        spec.addOption(Options.refusedValue(
                "a process is born with its real-time budget: make another container",
                "--cpu-rt-period",
                "--cpu-rt-runtime"));
        spec.addOption(Options.refusedValue(
                "nodes of memory are not chosen here: --cpuset-cpus says which processors", "--cpuset-mems"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var code = ExitCodes.OK;
        var stacks = new TreeSet<String>();
        var door = EngineDoor.of(call);
        var policy = call.text("--restart");
        var restart = policy.isPresent() ? Optional.of(policy(policy.get())) : Optional.<RestartPolicy>empty();
        resources(call, Resources.UNLIMITED); // what is wrong is said before the first is changed
        try (var engine = door.open()) {
            for (var word : call.arguments()) {
                try {
                    var container = By.named(engine, word);
                    var before = container.record().spec();
                    engine.containers()
                            .<CommandException>update(
                                    container.id(),
                                    now -> with(now, resources(call, now.resources()), restart.orElse(now.restart())));
                    call.world().out().println(Printable.text(word));
                    call.world().out().flush();
                    stacks.add(before.owner().stack());
                } catch (ContainerException | CommandException e) {
                    call.say("lockstep: " + e.getMessage());
                    code = ExitCodes.ERROR;
                }
            }
            for (var stack : stacks) {
                StackChange.tellAgent(call, door, engine, stack);
            }
        }
        return code;
    }

    private static ContainerSpec with(ContainerSpec spec, Resources resources, RestartPolicy restart) {
        return new ContainerSpec(
                spec.name(),
                spec.owner(),
                spec.service(),
                spec.slot(),
                spec.image(),
                spec.digest(),
                spec.entrypoint(),
                spec.command(),
                spec.environment(),
                spec.user(),
                spec.workingDir(),
                spec.hostname(),
                spec.labels(),
                spec.mounts(),
                spec.networks(),
                spec.ports(),
                resources,
                restart,
                spec.healthCheck(),
                spec.stopSignal(),
                spec.stopGrace(),
                spec.options());
    }

    /** {@code on-failure:3}. */
    static RestartPolicy policy(String text) throws CommandException {
        var words = text.split(":", 2);
        var condition = switch (words[0]) {
            case "no" -> RestartPolicy.Condition.NO;
            case "always" -> RestartPolicy.Condition.ALWAYS;
            case "unless-stopped" -> RestartPolicy.Condition.UNLESS_STOPPED;
            case "on-failure" -> RestartPolicy.Condition.ON_FAILURE;
            default ->
                throw new CommandException("--restart takes no, always, unless-stopped or on-failure[:N], not \""
                        + Printable.text(text) + "\"");
        };
        if (words.length == 1) {
            return new RestartPolicy(condition, 0, true);
        }
        if (condition != RestartPolicy.Condition.ON_FAILURE || !words[1].matches("\\d{1,6}")) {
            throw new CommandException(
                    "--restart: only on-failure takes how often, a whole number: \"" + Printable.text(text) + "\"");
        }
        return new RestartPolicy(condition, Integer.parseInt(words[1]), true);
    }

    private static Resources resources(Invocation call, Resources before) throws CommandException {
        var memory = bytes(call, "--memory").or(before::memory);
        var swap = bytes(call, "--memory-swap").or(before::memorySwap);
        var cpus = cpus(call);
        var cfs = call.flag("--cpu-quota") || call.flag("--cpu-period");
        if (cpus.isPresent() && cfs) {
            throw new CommandException("--cpus says what --cpu-quota and --cpu-period say; give one of them");
        }
        var blockIo = before.blockIo();
        return new Resources(
                cfs ? Optional.empty() : cpus.or(before::nanoCpus),
                memory,
                bytes(call, "--memory-reservation").or(before::memoryReservation),
                number(call, "--pids-limit").or(before::pids),
                cpus.isPresent()
                        ? Optional.empty()
                        : number(call, "--cpu-quota").or(before::cpuQuota),
                cpus.isPresent()
                        ? Optional.empty()
                        : number(call, "--cpu-period").or(before::cpuPeriod),
                number(call, "--cpu-shares").or(before::cpuShares),
                call.text("--cpuset-cpus").or(before::cpuset),
                before.realtimePeriod(),
                before.realtimeRuntime(),
                swap,
                before.swappiness(),
                before.oomKillDisable(),
                new BlockIo(
                        number(call, "--blkio-weight").or(blockIo::weight),
                        blockIo.weights(),
                        blockIo.readBytes(),
                        blockIo.readOperations(),
                        blockIo.writeBytes(),
                        blockIo.writeOperations()));
    }

    private static Optional<Long> cpus(Invocation call) throws CommandException {
        var text = call.text("--cpus");
        if (text.isEmpty()) {
            return Optional.empty();
        }
        if (!text.get().matches("\\d{1,5}(\\.\\d{1,9})?")) {
            throw new CommandException("--cpus takes a number such as 1.5, not \"" + Printable.text(text.get()) + "\"");
        }
        return Optional.of(new BigDecimal(text.get()).multiply(NANO).longValueExact());
    }

    private static Optional<Long> number(Invocation call, String option) throws CommandException {
        var text = call.text(option);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        if (!text.get().matches("-?\\d{1,15}")) {
            throw new CommandException(option + " takes a whole number, not \"" + Printable.text(text.get()) + "\"");
        }
        return Optional.of(Long.valueOf(text.get()));
    }

    private static Optional<Long> bytes(Invocation call, String option) throws CommandException {
        var text = call.text(option);
        if (text.isEmpty() || text.get().equals("-1")) {
            return text.map(_ -> -1L);
        }
        try {
            return Optional.of(ByteSize.parse(text.get()).bytes());
        } catch (IllegalArgumentException e) {
            throw new CommandException(
                    option + " takes a size such as 512m, not \"" + Printable.text(text.get()) + "\"");
        }
    }
}
