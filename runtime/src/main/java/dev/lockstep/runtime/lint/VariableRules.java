package dev.lockstep.runtime.lint;

import dev.lockstep.runtime.dockerfile.Expansions;
import dev.lockstep.runtime.dockerfile.Instruction;
import dev.lockstep.runtime.dockerfile.Stage;
import dev.lockstep.runtime.dockerfile.SubstitutionException;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Variables that nothing sets, and such that should not be. */
final class VariableRules {
    private static final Pattern SECRET = Pattern.compile(
            "(?i)(?:_|^)(?:apikey|auth|credential|credentials|key|password|pword|passwd|secret|token)(?:_|$)");
    private static final Pattern PUBLIC = Pattern.compile("(?i)(?:_|^)public(?:_|$)");

    /** Set by the builder in every stage. */
    private static final Set<String> ALWAYS = Set.of("PATH");

    private VariableRules() {}

    static void check(View view, Sink sink) {
        view.file().globals().forEach(arg -> secrets(arg, sink));
        for (var stage : view.stages()) {
            stage.instructions().forEach(instruction -> secrets(instruction, sink));
            undefined(view, stage, sink);
            ownValues(view, stage, sink);
        }
    }

    private static void secrets(Instruction instruction, Sink sink) {
        List<String> names = switch (instruction) {
            case Instruction.Env env ->
                env.pairs().stream().map(Instruction.Pair::name).toList();
            case Instruction.Arg arg ->
                arg.declarations().stream()
                        .map(Instruction.Arg.Declaration::name)
                        .toList();
            default -> List.of();
        };
        for (var name : names) {
            if (SECRET.matcher(name).find() && !PUBLIC.matcher(name).find()) {
                var message = "Do not use ARG or ENV instructions for sensitive data (" + instruction.name() + " \""
                        + name + "\"): it stays in the image; RUN --mount=type=secret does not";
                sink.add("SecretsUsedInArgOrEnv", instruction, message);
                sink.add("DL3064", instruction, message);
            }
        }
    }

    private static void undefined(View view, Stage stage, Sink sink) {
        var known = new LinkedHashSet<>(ALWAYS);
        var line = view.line(stage);
        line.subList(0, line.size() - 1).forEach(s -> s.instructions().forEach(i -> declared(i, known)));
        var root = line.getFirst();
        var image = root.base().equals("scratch")
                ? Optional.of(Set.<String>of())
                : view.inFrom(root.base()).flatMap(view.surroundings().variables());
        image.ifPresent(known::addAll);
        var outside = Names.inFrom(view);
        for (var instruction : stage.instructions()) {
            for (var name : unset(view, instruction, known)) {
                // A base image that is not here may set anything, but hardly what is a letter away, or an ARG of ours.
                var near = Names.near(name, known);
                if (outside.contains(name)) {
                    sink.add(
                            "UndefinedVar",
                            instruction,
                            "Usage of undefined variable '$" + name + "': this stage needs its own ARG " + name);
                } else if (image.isPresent() || !near.isEmpty()) {
                    sink.add("UndefinedVar", instruction, "Usage of undefined variable '$" + name + "'" + near);
                }
            }
            declared(instruction, known);
        }
    }

    private static void declared(Instruction instruction, Set<String> known) {
        switch (instruction) {
            case Instruction.Env env -> env.pairs().forEach(pair -> known.add(pair.name()));
            case Instruction.Arg arg -> arg.declarations().forEach(d -> known.add(d.name()));
            default -> {}
        }
    }

    private static Set<String> unset(View view, Instruction instruction, Set<String> known) {
        var unset = new LinkedHashSet<String>();
        try {
            if (instruction instanceof Instruction.Arg arg) {
                var so = new HashSet<>(known);
                for (var declaration : arg.declarations()) {
                    declaration
                            .value()
                            .ifPresent(text -> unset.addAll(view.file()
                                    .words()
                                    .word(text, name -> Optional.of("x").filter(x -> so.contains(name)))
                                    .unset()));
                    so.add(declaration.name());
                }
            } else {
                unset.addAll(Expansions.of(
                                instruction,
                                view.file().words(),
                                name -> Optional.of("x").filter(x -> known.contains(name)))
                        .unset());
            }
        } catch (SubstitutionException e) {
            // ${v:?…}: the builder says so.
        }
        unset.removeIf(name -> !name.matches("[A-Za-z_][A-Za-z0-9_]*"));
        return unset;
    }

    /** {@code ENV a=1 b=$a}, where nothing before sets {@code a}; {@code ENV a=1:$a} adds to what a base image has. */
    private static void ownValues(View view, Stage stage, Sink sink) {
        var before = new HashSet<>(ALWAYS);
        var line = view.line(stage);
        line.subList(0, line.size() - 1).forEach(s -> s.instructions().forEach(i -> declared(i, before)));
        for (var instruction : stage.instructions()) {
            if (instruction instanceof Instruction.Env env) {
                for (var name : ofOthers(view, env, before)) {
                    sink.add(
                            "DL3044",
                            env,
                            "$" + name + " is set by this ENV and has the value from before in it: use two");
                }
            }
            declared(instruction, before);
        }
    }

    /** Variables that one pair of an ENV sets and another one uses. */
    private static Set<String> ofOthers(View view, Instruction.Env env, Set<String> known) {
        var names = new LinkedHashSet<String>();
        for (var user : env.pairs()) {
            var used = unset(view, new Instruction.Env(env.written(), List.of(user)), known);
            env.pairs().stream()
                    .map(Instruction.Pair::name)
                    .filter(name -> !name.equals(user.name()) && used.contains(name))
                    .forEach(names::add);
        }
        return names;
    }
}
