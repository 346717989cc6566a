package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.secret.HostSecrets;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import picocli.CommandLine.Model.CommandSpec;

/** {@code secret}: what this host keeps for {@code external} secrets and configs. No value is ever printed. */
final class SecretCommand implements CommandGroup {
    private final SequencedMap<String, Command> subcommands = new LinkedHashMap<>();

    SecretCommand() {
        subcommands.put("set", new SetSecret());
        subcommands.put("ls", new ListSecrets());
        subcommands.put("rm", new RemoveSecrets());
    }

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage().description("Keeps secrets of stacks on this host, for files that call them external.");
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
                            "Gives a secret of a stack a value, from a file or standard input, byte for byte.",
                            "For example: printf %%s \"$PASSWORD\" | lockstep -p shop secret set db_password");
            spec.addPositional(Options.arguments(
                    "NAME [FILE|-]", "1..2", "The secret's name in the files; where its value is (default: -)"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var secrets = EngineDoor.of(call).secrets();
            var stack = new ProjectFiles(call).name();
            var name = call.arguments().getFirst();
            var file = call.arguments().size() > 1 ? call.arguments().get(1) : "-";
            try {
                secrets.set(stack, name, value(call, file));
            } catch (IllegalArgumentException e) {
                throw new CommandException(String.valueOf(e.getMessage()));
            }
            call.world()
                    .out()
                    .println("Set secret " + name + " of stack " + stack
                            + ". Containers that have it are replaced when the stack is applied.");
            return ExitCodes.OK;
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
                        + " terminal: lockstep secret set NAME FILE");
            }
            return call.world().in().readNBytes(HostSecrets.LARGEST + 1);
        }
    }

    private static final class ListSecrets implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Lists the secrets of a stack by name; without a stack, those of all.");
            spec.addOption(Options.flag("Print only names", "-q", "--quiet"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var files = new ProjectFiles(call);
            var secrets = EngineDoor.of(call).secrets();
            var stack = files.isAny() ? Optional.of(files.name()) : Optional.<String>empty();
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
            spec.usageMessage().description("Forgets secrets of a stack. Containers that run keep what they have.");
            spec.addPositional(Options.arguments("NAME...", "1..*", "The secrets' names"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var secrets = EngineDoor.of(call).secrets();
            var stack = new ProjectFiles(call).name();
            var code = ExitCodes.OK;
            for (var name : call.arguments()) {
                try {
                    if (secrets.remove(stack, name)) {
                        call.world().out().println(name);
                        continue;
                    }
                    call.say("there is no secret " + name + " of stack " + stack);
                } catch (IllegalArgumentException e) {
                    call.say(String.valueOf(e.getMessage()));
                }
                code = ExitCodes.ERROR;
            }
            return code;
        }
    }
}
