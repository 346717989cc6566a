package dev.lockstep.runtime.build;

import dev.lockstep.runtime.dockerfile.CommandLine;
import dev.lockstep.runtime.dockerfile.Expansions;
import dev.lockstep.runtime.dockerfile.ExposedPorts;
import dev.lockstep.runtime.dockerfile.Instruction;
import dev.lockstep.runtime.dockerfile.StageGraph;
import dev.lockstep.runtime.dockerfile.SubstitutionException;
import dev.lockstep.runtime.image.Layer;
import dev.lockstep.runtime.snapshot.Snapshots;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Builds one stage: does its instructions, one after the other. */
final class StageBuild {
    private final Solver solver;
    private final StageGraph.Node node;
    private final int steps;
    private int done = 1;

    StageBuild(Solver solver, StageGraph.Node node) {
        this.solver = solver;
        this.node = node;
        this.steps = 1
                + (int) node.instructions().stream().filter(StageBuild::isStep).count();
    }

    private static boolean isStep(Instruction instruction) {
        return switch (instruction) {
            case Instruction.Run _, Instruction.Copy _, Instruction.Add _, Instruction.Workdir _ -> true;
            default -> false;
        };
    }

    StageState run(StageState begin) throws IOException {
        var state = begin;
        for (var instruction : node.instructions()) {
            solver.cancellation().check();
            state = isStep(instruction) ? step(state, instruction) : configure(state, instruction);
        }
        return state;
    }

    /** What an instruction says of the image; nothing is run or copied. */
    private StageState configure(StageState state, Instruction written) throws IOException {
        try {
            return configured(state, expanded(state, written));
        } catch (SubstitutionException | IllegalArgumentException e) {
            throw solver.failed(title(written), written.written().at(), List.of(), e);
        }
    }

    private Instruction expanded(StageState state, Instruction written) {
        var words = solver.request().dockerfile().words();
        var expanded = Expansions.of(written, words, state::variable);
        for (var name : expanded.unset()) {
            solver.listener()
                    .happened(new BuildEvent.Warning("UndefinedVar: Usage of undefined variable '$" + name + "' (line "
                            + written.written().at().line() + ")"));
        }
        return expanded.instruction();
    }

    private StageState configured(StageState state, Instruction instruction) {
        var draft = state.draft();
        return switch (instruction) {
            case Instruction.Env env -> state.env(pairs(env.pairs()));
            case Instruction.Label label -> state.with(draft.label(pairs(label.pairs())));
            case Instruction.Arg arg -> declare(state, arg);
            case Instruction.Cmd cmd -> state.with(draft.cmd(invocation(cmd.command())));
            case Instruction.Entrypoint entrypoint -> state.with(draft.entrypoint(invocation(entrypoint.command())));
            case Instruction.Shell shell -> state.with(draft.shell(shell.words()));
            case Instruction.Healthcheck check -> state.with(draft.healthCheck(healthCheck(check)));
            case Instruction.Onbuild onbuild -> state.with(draft.onBuild(onbuild.trigger()));
            case Instruction.Expose expose ->
                state.with(draft.expose(expose.ports().stream()
                        .flatMap(port -> ExposedPorts.keys(port).stream())
                        .toList()));
            case Instruction.Volume volume -> {
                if (volume.paths().stream().anyMatch(String::isBlank)) {
                    throw new IllegalArgumentException("VOLUME specified can not be an empty string");
                }
                yield state.with(draft.volume(volume.paths()));
            }
            case Instruction.User user -> state.with(draft.user(user.user()));
            case Instruction.StopSignal stop -> state.with(draft.stopSignal(stop.signal()));
            case Instruction.Maintainer maintainer -> state.with(draft.maintainer(maintainer.author()));
            case Instruction.Run _, Instruction.Copy _, Instruction.Add _, Instruction.Workdir _ ->
                throw new IllegalStateException(instruction.name() + " is a step");
        };
    }

    private static Map<String, String> pairs(List<Instruction.Pair> pairs) {
        var all = new LinkedHashMap<String, String>();
        pairs.forEach(pair -> all.put(pair.name(), pair.value()));
        return all;
    }

    /** From outside, else its own default, else what it has before the first stage. */
    private StageState declare(StageState state, Instruction.Arg arg) {
        var next = state;
        var line = new ArrayList<String>();
        for (var declaration : arg.declarations()) {
            var given = Optional.ofNullable(solver.request().arguments().get(declaration.name()));
            var usual = usual(declaration, next, given.isPresent());
            var value = given.or(() -> usual).or(() -> solver.globals().value(declaration.name()));
            next = next.declare(declaration.name(), value);
            line.add(declaration.name() + usual.map(text -> "=" + text).orElse(""));
        }
        return next.with(next.draft().arg(String.join(" ", line)));
    }

    /** {@code ARG a=${b:?say b}} complains only where the default counts. */
    private Optional<String> usual(Instruction.Arg.Declaration declaration, StageState state, boolean isGiven) {
        try {
            return declaration
                    .value()
                    .map(text -> solver.request()
                            .dockerfile()
                            .words()
                            .word(text, state::variable)
                            .word());
        } catch (SubstitutionException e) {
            if (isGiven) {
                return Optional.empty();
            }
            throw e;
        }
    }

    static Invocation invocation(CommandLine command) {
        return switch (command) {
            case CommandLine.Exec(var words) -> new Invocation.Exec(words);
            case CommandLine.Shell(var text, var _) -> new Invocation.Shell(text);
            case CommandLine.Script(var _, var content) -> new Invocation.Shell(content);
        };
    }

    private static DeclaredHealthCheck healthCheck(Instruction.Healthcheck check) {
        if (check.command().isEmpty()) {
            return DeclaredHealthCheck.none();
        }
        var test = new ArrayList<String>();
        switch (invocation(check.command().get())) {
            case Invocation.Exec(var words) -> {
                test.add("CMD");
                test.addAll(words);
            }
            case Invocation.Shell(var text) -> {
                test.add("CMD-SHELL");
                test.add(text);
            }
        }
        return new DeclaredHealthCheck(
                test,
                check.interval(),
                check.timeout(),
                check.startPeriod(),
                check.startInterval(),
                check.retries().orElse(0));
    }

    private String title(Instruction instruction) {
        var name = solver.request().dockerfile().stages().size() == 1
                ? ""
                : node.stage().name().orElse("stage-" + node.stage().index()) + " ";
        var text = RemoteFile.withoutLogins(instruction.written().text());
        return "[" + name + done + "/" + steps + "] " + (text.length() > 200 ? text.substring(0, 199) + "…" : text);
    }

    /** An instruction that makes a layer. */
    private StageState step(StageState state, Instruction written) throws IOException {
        done++;
        awaitSources(written);
        var log = solver.log(title(written));
        try {
            var step = new Step(solver, node, log, state, isAnew());
            var outcome = switch (expanded(state, written)) {
                case Instruction.Run run -> new RunStep(step, run).run();
                case Instruction.Copy copy -> new CopyStep(step).copy(copy);
                case Instruction.Add add -> new CopyStep(step).add(add);
                case Instruction.Workdir workdir -> new WorkdirStep(step, workdir).run();
                case Instruction other -> throw new IllegalStateException(other.name() + " is no step");
            };
            log.done(outcome.cached());
            return state.with(outcome.draft());
        } catch (BuildCancelledException e) {
            log.cancelled();
            throw e;
        } catch (StepFailedException e) {
            log.cancelled(); // Another stage's, which this one waited for.
            throw e;
        } catch (IOException | SubstitutionException | IllegalArgumentException e) {
            // A full disk, too, is told with the line at which it was full.
            var failure = solver.failed(log.title(), written.written().at(), log.lastLines(), e);
            log.failed(String.valueOf(failure.getMessage()));
            throw failure;
        }
    }

    /** Stages that it copies from or mounts; the time that they take is not its own. */
    private void awaitSources(Instruction instruction) throws IOException {
        var names = switch (instruction) {
            case Instruction.Copy copy -> copy.from().stream().toList();
            case Instruction.Run run ->
                run.mounts().stream().flatMap(mount -> mount.from().stream()).toList();
            default -> List.<String>of();
        };
        for (var name : names) {
            if (!name.isEmpty()
                    && solver.source(name, node.stage().index()) instanceof StageGraph.From.OfStage(var index)) {
                solver.await(index);
            }
        }
    }

    private boolean isAnew() {
        var use = solver.request().cache();
        return use.none()
                || node.stage().name().filter(use.stages()::contains).isPresent()
                || use.stages().contains(String.valueOf(node.stage().index()));
    }

    /**
     * What came of a step.
     *
     * @param cached whether nothing had to be done
     */
    record Outcome(ImageDraft draft, boolean cached) {}

    /**
     * A step about to be done.
     *
     * @param anew whether it is done even if it was done before
     */
    record Step(Solver solver, StageGraph.Node node, StepLog log, StageState state, boolean anew) {
        /** Begins the key of a step that starts from the stage's files. */
        StepKey.Parts key(String kind) {
            return StepKey.of(kind)
                    .on(state.draft().layers())
                    .add(solver.request().epoch().map(Object::toString).orElse(""));
        }

        /**
         * Directories of the stage's layers so far, top layer first; what is not unpacked any more is unpacked. A step
         * that is found needs none, and to look at all of them for each would make a long stage slow.
         */
        List<Path> layers() throws IOException {
            return solver.directories(state.draft().layers());
        }

        /** Makes a layer of what was written in a workspace, whose root is unmounted. */
        Layer commit(StepWorkspace workspace, List<Path> below) throws IOException {
            var change = new Snapshots.Change(
                    workspace.upper(),
                    below,
                    workspace.mountPoints(),
                    solver.request().epoch());
            return solver.cancellation()
                    .interrupting(() -> solver.rooms().snapshots().commit(change));
        }
    }
}
