package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.secret.HostSecrets;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code secret}: what this host keeps for {@code external} secrets and configs. No value is ever printed. */
final class SecretCommand implements CommandGroup {
    private static final String BUILDS = "--builds";

    private final SequencedMap<String, Command> subcommands = new LinkedHashMap<>();

    SecretCommand() {
        subcommands.put("set", new SetSecret());
        subcommands.put("ls", new ListSecrets());
        subcommands.put("rm", new RemoveSecrets());
    }

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description("Keeps secrets of stacks on this host, for files that call them external, and of builds.");
    }

    private static OptionSpec builds() {
        return Options.flag("Of builds of followed repositories, and of no stack", BUILDS);
    }

    /** Where they are kept. */
    private static HostSecrets secrets(Invocation call) throws Exception {
        var secrets = EngineDoor.of(call).secrets();
        return call.flag(BUILDS) ? secrets.ofBuilds() : secrets;
    }

    @Override
    public Map<String, Command> subcommands() {
        return subcommands;
    }

    private static final class SetSecret implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description(
                            "Gives a secret of a stack a value, from standard input, byte for byte.",
                            "For example: printf %%s \"$PASSWORD\" | lockstep secret set shop db_password",
                            "In the stack's directory, or with -p, its name need not be said: secret set NAME [FILE]."
                                    + " Of two words the first is a stack unless -p names one or the second is -"
                                    + " or has a slash.");
            spec.addOption(builds());
            spec.addPositional(Options.arguments(
                    "[STACK] NAME [FILE|-]",
                    "1..3",
                    "Whose it is; its name in the files; where its value is (default: -)"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var secrets = secrets(call);
            var ofBuilds = call.flag(BUILDS);
            var words = ofBuilds ? ofBuilds(call) : words(call);
            var stack = words.stack().isPresent() ? words.stack().get() : new ProjectFiles(call).name();
            var name = words.name();
            var file = words.file();
            try {
                secrets.set(stack, name, value(call, file));
            } catch (IllegalArgumentException e) {
                throw new CommandException(String.valueOf(e.getMessage()));
            }
            call.world()
                    .out()
                    .println(
                            ofBuilds
                                    ? "Set secret " + name
                                            + " of builds. Those of repositories see it that secrets below"
                                            + " builds of agent.yaml names for it."
                                    : "Set secret " + name + " of stack " + stack
                                            + ". Containers that have it are replaced when the stack is applied.");
            return ExitCodes.OK;
        }

        /**
         * What was said.
         *
         * @param stack absent: that of the directory
         */
        private record Words(Optional<String> stack, String name, String file) {}

        private static Words ofBuilds(Invocation call) throws CommandException {
            var said = call.arguments();
            if (said.size() > 2) {
                throw new CommandException(
                        "secret set --builds takes NAME [FILE], since no stack has the secrets of builds");
            }
            return new Words(Optional.of(HostSecrets.BUILDS), said.getFirst(), said.size() == 2 ? said.get(1) : "-");
        }

        /** {@code NAME}, {@code NAME FILE}, {@code STACK NAME}, {@code STACK NAME FILE}. */
        private static Words words(Invocation call) throws CommandException {
            var said = call.arguments();
            var named = call.globals().projectName();
            return switch (said.size()) {
                case 1 -> new Words(Optional.empty(), said.getFirst(), "-");
                case 2 ->
                    named.isPresent() || isFile(said.get(1))
                            ? new Words(Optional.empty(), said.getFirst(), said.get(1))
                            : new Words(Optional.of(said.getFirst()), said.get(1), "-");
                default -> {
                    if (named.filter(stack -> !stack.equals(said.getFirst())).isPresent()) {
                        throw new CommandException("-p " + named.get() + " and " + said.getFirst()
                                + " are two stacks; a secret is of one");
                    }
                    yield new Words(Optional.of(said.getFirst()), said.get(1), said.get(2));
                }
            };
        }

        /** By how it is written, whatever the directory has: the name of a secret has no slash. */
        private static boolean isFile(String word) {
            return word.equals("-") || word.contains("/");
        }

        private static byte[] value(Invocation call, String file) throws IOException, CommandException {
            if (!file.equals("-")) {
                try (var in = Files.newInputStream(call.world().directory().resolve(file))) {
                    return in.readNBytes(HostSecrets.LARGEST + 1);
                }
            }
            if (call.world().terminals().in()) {
                // It would stand on the screen.
                throw new CommandException("secret set reads the value from a file, or from a standard input that is no"
                        + " terminal: lockstep secret set STACK NAME < FILE");
            }
            return call.world().in().readNBytes(HostSecrets.LARGEST + 1);
        }
    }

    private static final class ListSecrets implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Lists the secrets of a stack by name; without a stack, those of all.");
            spec.addOption(Options.flag("Print only names", "-q", "--quiet"));
            spec.addOption(builds());
            spec.addPositional(Options.arguments("[STACK]", "0..1", "Whose"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var files = new ProjectFiles(call);
            var secrets = secrets(call);
            var stack = call.arguments().stream().findFirst();
            if (call.flag(BUILDS)) {
                if (stack.isPresent()) {
                    throw new CommandException("--builds and " + stack.get() + " are two stores; leave one out");
                }
                stack = Optional.of(HostSecrets.BUILDS);
            } else if (stack.isEmpty() && files.isAny()) {
                stack = Optional.of(files.name());
            }
            var table = new Table("STACK", "NAME", "SET");
            for (var kept : secrets.list(stack)) {
                if (call.flag("--quiet")) {
                    call.world().out().println(stack.isPresent() ? kept.name() : kept.stack() + "/" + kept.name());
                } else {
                    table.row(
                            kept.stack(),
                            kept.name(),
                            Spans.ago(kept.changed(), call.world().clock().instant()));
                }
            }
            if (!call.flag("--quiet")) {
                call.world().out().print(table);
            }
            return ExitCodes.OK;
        }
    }

    private static final class RemoveSecrets implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage()
                    .description(
                            "Forgets secrets of a stack. Containers that run keep what they have. When one is not"
                                    + " there, none is forgotten.",
                            "In the stack's directory, or with -p, its name need not be said: secret rm NAME. Of"
                                    + " several words the first is a stack unless -p names one.");
            spec.addOption(builds());
            spec.addPositional(Options.arguments("[STACK] NAME...", "1..*", "Whose they are; their names"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var secrets = secrets(call);
            var said = call.arguments();
            var named = call.globals().projectName().isPresent();
            var ofBuilds = call.flag(BUILDS);
            var first = said.size() > 1 && !named && !ofBuilds;
            var stack = ofBuilds ? HostSecrets.BUILDS : first ? said.getFirst() : new ProjectFiles(call).name();
            var names = new LinkedHashSet<>(first ? said.subList(1, said.size()) : said);
            var kept = secrets.list(Optional.of(stack)).stream()
                    .map(HostSecrets.Kept::name)
                    .collect(Collectors.toSet());
            var missing = names.stream().filter(name -> !kept.contains(name)).toList();
            if (!missing.isEmpty()) {
                missing.forEach(name -> call.say(
                        "there is no secret " + name + " of " + (ofBuilds ? BUILDS.substring(2) : "stack " + stack)));
                if (names.size() > missing.size()) {
                    call.say("Nothing was forgotten.");
                }
                return ExitCodes.ERROR;
            }
            for (var name : names) {
                if (secrets.remove(stack, name)) {
                    call.world().out().println(name);
                }
            }
            return ExitCodes.OK;
        }
    }
}
