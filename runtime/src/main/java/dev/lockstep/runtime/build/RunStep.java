package dev.lockstep.runtime.build;

import dev.lockstep.runtime.container.SharedLimits;
import dev.lockstep.runtime.dockerfile.CommandLine;
import dev.lockstep.runtime.dockerfile.Instruction;
import dev.lockstep.runtime.dockerfile.Mount;
import dev.lockstep.runtime.dockerfile.MountReader;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.oci.BundleMount;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** {@code RUN}: its key, the process and what is mounted for it, and the layer of what it wrote. */
final class RunStep {
    private static final String HOSTNAME = "buildkitsandbox";
    private static final String SCRIPTS = "/dev/pipes/";

    private final StageBuild.Step step;
    private final Instruction.Run run;
    private final BuildRequest request;

    RunStep(StageBuild.Step step, Instruction.Run run) {
        this.step = step;
        this.run = run;
        this.request = step.solver().request();
    }

    StageBuild.Outcome run() throws IOException {
        var draft = step.state().draft();
        var mounts = mounts();
        ForeignPrograms.ofThisHost(step.solver().rooms().images().platform()).check(draft.platform());
        var process = process();
        try (var open = new StepMounts(step, mounts)) {
            var key = step.key("run")
                    .add(request.platform().toString())
                    .add(process.arguments())
                    .add(process.environment())
                    .add(process.user())
                    .add(process.workingDir())
                    .add(process.network().name())
                    .add(String.valueOf(process.insecure()))
                    .add(process.hostname())
                    .add(process.hosts().stream()
                            .map(host -> host.name() + "=" + host.address())
                            .toList())
                    .add(String.valueOf(process.shmSize()))
                    .add(limits(process))
                    .add(script().map(CommandLine.Script::content).orElse(""))
                    .add(open.keys())
                    .addUnlessEmpty(Stream.of(step.solver().rooms().sharers())
                            .filter(name -> !name.isEmpty())
                            .toList())
                    .key();
            var outcome = step.solver()
                    .cache()
                    .obtain(key, step.anew(), step.solver().cancellation(), asked -> {
                        var layer = make(process, open);
                        return new StepCache.Made(layer, open.hasChanged() ? Optional.empty() : Optional.of(asked));
                    });
            var words = String.join(" ", process.arguments());
            return new StageBuild.Outcome(
                    draft.run(outcome.result(), words, step.state().arguments()), outcome.cached());
        }
    }

    private static Map<String, String> limits(StepProcess process) {
        var limits = new LinkedHashMap<String, String>();
        process.limits().forEach((name, limit) -> limits.put(name, limit.soft() + ":" + limit.hard()));
        return limits;
    }

    private List<Mount> mounts() throws BuildException {
        var mounts = new ArrayList<Mount>();
        var words = request.dockerfile().words();
        for (var mount : run.mounts()) {
            try {
                mounts.add(MountReader.resolve(
                        mount, text -> words.word(text, step.state()::variable).word()));
            } catch (MountReader.InvalidMountException e) {
                throw new BuildException(
                        e.getMessage()
                                + e.suggestion()
                                        .map(word -> " (did you mean " + word + "?)")
                                        .orElse(""),
                        e);
            }
        }
        return mounts;
    }

    private Optional<CommandLine.Script> script() {
        return run.command() instanceof CommandLine.Script script ? Optional.of(script) : Optional.empty();
    }

    private StepProcess process() throws BuildException {
        var config = step.state().draft().config();
        var invocation = switch (run.command()) {
            case CommandLine.Exec(var words) -> new Invocation.Exec(words);
            case CommandLine.Shell(var text, var _) -> new Invocation.Shell(text);
            case CommandLine.Script script -> new Invocation.Shell(SCRIPTS + script.name());
        };
        if (invocation instanceof Invocation.Exec(var words) && words.isEmpty()) {
            throw new BuildException("RUN [] runs nothing: arguments are required");
        }
        var environment = new LinkedHashMap<>(step.state().variables());
        environment.putIfAbsent("PATH", ImageDraft.DEFAULT_PATH);
        var options = request.steps();
        var insecure = run.security() == Instruction.RunSecurity.INSECURE;
        if (insecure && !options.allowInsecure()) {
            throw new BuildException(
                    "security.insecure is not allowed: give --allow security.insecure if this build may do everything");
        }
        return new StepProcess(
                invocation.words(config.shellOrDefault()),
                environment,
                config.user().orElse(""),
                config.workingDirOrRoot(),
                network(options),
                insecure,
                Optional.ofNullable(request.arguments().get("BUILDKIT_SANDBOX_HOSTNAME"))
                        .orElse(HOSTNAME),
                options.hosts(),
                options.shmSize().orElse(StepProcess.SHM_SIZE),
                options.limits(),
                options.memory());
    }

    private StepProcess.Network network(BuildRequest.StepOptions options) throws BuildException {
        return switch (run.network()) {
            case NONE -> StepProcess.Network.NONE;
            case HOST -> {
                if (!options.allowHostNetwork() && options.network() != BuildRequest.Network.HOST) {
                    throw new BuildException(
                            "network.host is not allowed: give --allow network.host if this build may use it");
                }
                yield StepProcess.Network.HOST;
            }
            case DEFAULT ->
                switch (options.network()) {
                    case DEFAULT -> StepProcess.Network.DEFAULT;
                    case NONE -> StepProcess.Network.NONE;
                    case HOST -> StepProcess.Network.HOST;
                };
        };
    }

    private Layer make(StepProcess process, StepMounts mounts) throws IOException {
        try (var workspace = StepWorkspace.open(
                        step.solver().rooms().root(), step.solver().cancellation());
                var prepared = mounts.prepare(workspace)) {
            var layers = step.layers();
            workspace.mountForContainer(layers, prepared.places());
            var all = new ArrayList<>(prepared.mounts());
            if (script().isPresent()) {
                all.add(script(workspace, script().get()));
            }
            var environment = new LinkedHashMap<>(process.environment());
            // Neither is among what the key is made of.
            step.solver().proxies().forEach(environment::putIfAbsent);
            environment.putAll(prepared.environment());
            var exit = new StepContainer(step.solver().rooms(), workspace)
                    .run(
                            process.with(environment),
                            all,
                            step.log(),
                            step.solver().cancellation());
            if (exit != 0) {
                throw new BuildException(Quoted.process(process.arguments()) + ": exit code: " + exit
                        + (exit == 137 ? killed(process) : ""));
            }
            prepared.keep();
            workspace.unmountRoot();
            return step.commit(workspace, layers);
        }
    }

    private String killed(StepProcess process) {
        var shared = step.solver().rooms().limits().flatMap(SharedLimits::memory);
        return process.memory()
                .map(bytes -> " (killed; perhaps by the kernel, for it may have " + bytes + " bytes of memory)")
                .or(() -> shared.map(bytes -> " (killed; perhaps by the kernel, for builds may have " + (bytes >> 20)
                        + " MiB of memory together; memory below builds of agent.yaml allows more)"))
                .orElse(" (killed)");
    }

    /** On the container's own /dev: no place has to be made for it. */
    private static BundleMount script(StepWorkspace workspace, CommandLine.Script script) throws IOException {
        var file = workspace.file("script");
        Files.writeString(file, script.content());
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        return BundleMount.bind(file.toString(), SCRIPTS + script.name(), true);
    }
}
