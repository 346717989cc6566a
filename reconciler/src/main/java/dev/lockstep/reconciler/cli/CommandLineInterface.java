package dev.lockstep.reconciler.cli;

import dev.lockstep.reconciler.history.Version;
import dev.lockstep.reconciler.plan.Printable;
import dev.lockstep.spec.yaml.Suggestion;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * From words to an exit code. The command is looked for first and then parsed alone: with all commands described, each
 * start would pay for every one of them.
 */
final class CommandLineInterface {
    private static final int HELP_WIDTH = 100;

    private final Surroundings world;

    CommandLineInterface(Surroundings world) {
        this.world = world;
    }

    /** Runs the command that {@code args} ask for, to the last byte of its answer; never throws. */
    int run(String... args) {
        var code = answer(args);
        if (code != ExitCodes.OK || !world.out().checkError()) {
            return code;
        }
        // A PrintStream keeps it to itself, and half an answer is none.
        return broken(new StandardOutput.BrokenException(1));
    }

    private int broken(StandardOutput.BrokenException e) {
        return e.unread() ? ExitCodes.UNREAD : fail("not all of the output could be written.");
    }

    private int answer(String... args) {
        if (args.length == 1 && (args[0].equals("--version") || args[0].equals("-V"))) {
            world.out().println("lockstep " + version());
            return ExitCodes.OK;
        }
        var at = command(args);
        if (at.isEmpty()) {
            return withoutCommand(args);
        }
        var word = args[at.getAsInt()];
        if (word.equals("help")) {
            return help(args);
        }
        var verb = Verb.of(word);
        if (verb.isEmpty()) {
            var refusal = Verb.refusal(word);
            if (refusal.isPresent()) {
                return fail(word + ": " + refusal.get());
            }
            var known = Verb.shown().stream().map(Verb::word).toList();
            return fail("unknown command \"" + word + "\"."
                    + Suggestion.nearest(word, known)
                            .map(w -> " Did you mean \"" + w + "\"?")
                            .orElse(" 'lockstep --help' lists all commands."));
        }
        var words = args.clone();
        words[at.getAsInt()] = verb.get().word();
        return run(verb.get(), words);
    }

    private int run(Verb verb, String... args) {
        var level = Optional.<String>empty();
        try {
            var command = verb.command();
            var parsed = parse(verb, command, args);
            var chain = new ArrayList<ParseResult>();
            for (var at = parsed; at != null; at = at.subcommand()) {
                chain.add(at);
            }
            var last = chain.getLast();
            if (Options.isGiven(last, "--help")) {
                usage(last.commandSpec());
                return ExitCodes.OK;
            }
            for (var sub : chain.subList(2, chain.size())) {
                command = Objects.requireNonNull(
                        command.subcommands().get(sub.commandSpec().name()));
            }
            if (!command.subcommands().isEmpty()) {
                return fail("'lockstep " + verb.word() + "' needs one of "
                        + String.join(", ", command.subcommands().keySet()) + " after it.");
            }
            refuse(verb, chain);
            requireArguments(last);
            var around = around(verb, chain);
            var globals = GlobalOptions.of(chain, around);
            if (globals.dryRun() && last.commandSpec().findOption("--dry-run").hidden() && !verb.looksOnly()) {
                return fail(verb.word() + ": --dry-run is not there for this command, so nothing was done");
            }
            level = Optional.of(Logging.configure(globals.logLevel(), verb == Verb.AGENT));
            return command.run(new Invocation(last, globals, GlobalOptions.seen(chain, around)));
        } catch (ParameterException e) {
            fail(wrongUsage(verb, e));
            return wrongUsageCode(verb, e);
        } catch (CommandException e) {
            fail(Objects.requireNonNull(e.getMessage()));
            return e.exitCode();
        } catch (StandardOutput.BrokenException e) {
            return broken(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return fail("interrupted.");
        } catch (Exception | OutOfMemoryError | LinkageError e) {
            var code = fail(Sentences.of(e));
            if (level.filter(l -> l.equals("debug") || l.equals("trace")).isPresent()) {
                e.printStackTrace(world.err());
            }
            return code;
        }
    }

    /** With what the stack's {@code .env} says of commands, where the command is about a stack. */
    private Surroundings around(Verb verb, List<ParseResult> chain) throws CommandException {
        return verb.isOfStack()
                ? new ProjectFiles(new Invocation(chain.getLast(), GlobalOptions.of(chain, world), world))
                        .surroundings()
                : world;
    }

    /**
     * Compose and Docker tell a flag that makes no sense from the end of a program; arguments that are missing or too
     * many, they do not.
     */
    private static int wrongUsageCode(Verb verb, ParameterException e) {
        var aboutArguments = switch (e) {
            case MissingParameterException missing ->
                missing.getMissing().stream().allMatch(ArgSpec::isPositional);
            case UnmatchedArgumentException unmatched -> !unmatched.isUnknownOption();
            default -> false;
        };
        return aboutArguments && verb != Verb.DIFF ? ExitCodes.ERROR : verb.wrongFlag();
    }

    /** picocli itself asks for the rest of arguments of which there is one, and not for the first. */
    private static void requireArguments(ParseResult parsed) {
        var missing = parsed.commandSpec().positionalParameters().stream()
                .filter(argument -> argument.arity().min() > 0 && !parsed.hasMatchedPositional(argument))
                .<ArgSpec>map(argument -> argument)
                .toList();
        if (!missing.isEmpty()) {
            throw new MissingParameterException(parsed.commandSpec().commandLine(), missing, "arguments are missing");
        }
    }

    /** Options of Docker's that are known and not there are no typing mistakes: the answer is why. */
    private static void refuse(Verb verb, List<ParseResult> chain) throws CommandException {
        for (var parsed : chain) {
            for (var option : parsed.matchedOptions()) {
                var why = Options.refusal(option);
                if (why.isPresent()) {
                    throw new CommandException(
                            verb.word() + ": " + given(option, parsed) + ": " + why.get(), verb.wrongFlag());
                }
            }
        }
    }

    /** As it was typed: several are refused by one sentence. */
    private static String given(OptionSpec option, ParseResult parsed) {
        return parsed.originalArgs().stream()
                .map(argument -> argument.split("=", 2)[0])
                .filter(List.of(option.names())::contains)
                .findFirst()
                .orElse(option.longestName());
    }

    private static ParseResult parse(Verb verb, Command command, String... args) {
        var root = CommandSpec.create().name("lockstep");
        GlobalOptions.addTo(root, true);
        var booleans = Arrays.stream(args).anyMatch(CommandLineInterface::isBoolean);
        var words = List.of(args);
        if (booleans) {
            Options.addBooleans(root);
        }
        var after = words.subList(words.indexOf(verb.word()) + 1, words.size());
        root.addSubcommand(verb.word(), commandLine(command, booleans, after));
        var line = new CommandLine(root);
        line.setOverwrittenOptionsAllowed(true);
        line.setExpandAtFiles(false);
        return line.parseArgs(args);
    }

    private static boolean isBoolean(String argument) {
        return argument.endsWith("=true") || argument.endsWith("=false");
    }

    /**
     * Of the words that may go on after a command only the one that does is described: all of {@code image} are 12 ms.
     *
     * @param booleans whether {@code --flag=true} is to be understood, too, as Docker's command line does
     * @param after what follows the command
     */
    private static CommandLine commandLine(Command command, boolean booleans, List<String> after) {
        var spec = CommandSpec.create();
        command.describe(spec);
        spec.addOption(Options.flag("Show this", "--help"));
        GlobalOptions.addTo(spec, false);
        if (booleans) {
            Options.addBooleans(spec);
        }
        var all = command.subcommands();
        var next = after.stream().findFirst().filter(all::containsKey);
        var rest = after.subList(Math.min(1, after.size()), after.size());
        next.<Map<String, Command>>map(word -> Map.of(word, Objects.requireNonNull(all.get(word))))
                .orElse(all)
                .forEach((name, sub) -> spec.addSubcommand(name, commandLine(sub, booleans, rest)));
        return new CommandLine(spec).setOverwrittenOptionsAllowed(true);
    }

    private static String wrongUsage(Verb verb, ParameterException e) {
        var message = Optional.ofNullable(e.getMessage()).orElse("wrong usage");
        var sentence = message.substring(0, 1).toLowerCase(Locale.ROOT) + message.substring(1);
        var words = words(verb, e);
        if (e instanceof MissingParameterException missing) {
            return words + ": needs "
                    + missing.getMissing().stream().map(ArgSpec::paramLabel).collect(Collectors.joining(" "))
                    + ". 'lockstep " + words + " --help' shows how it is called.";
        }
        var suggestion = e instanceof UnmatchedArgumentException unmatched
                ? unmatched.getSuggestions().stream().findFirst()
                : Optional.<String>empty();
        return words + ": " + sentence
                + suggestion
                        .map(s -> ". Did you mean " + s + "?")
                        .orElse(". 'lockstep " + words + " --help' shows its options.");
    }

    /** The command with the words behind it, {@code volume import}. */
    private static String words(Verb verb, ParameterException e) {
        var words = new ArrayDeque<String>();
        for (var at = e.getCommandLine(); at.getParent() != null; at = at.getParent()) {
            words.addFirst(at.getCommandName());
        }
        return words.isEmpty() ? verb.word() : String.join(" ", words);
    }

    /** Where the first word is that is neither a global option nor the value of one. */
    private static OptionalInt command(String... args) {
        for (var i = 0; i < args.length; i++) {
            if (!args[i].startsWith("-") || args[i].equals("-")) {
                return OptionalInt.of(i);
            }
            if (GlobalOptions.WITH_VALUE.contains(args[i])) {
                i++;
            }
        }
        return OptionalInt.empty();
    }

    private int withoutCommand(String... args) {
        var words = List.of(args);
        if (words.contains("--help") || words.contains("-h")) {
            overview();
            return ExitCodes.OK;
        }
        if (words.contains("--version")) {
            world.out().println("lockstep " + version());
            return ExitCodes.OK;
        }
        return fail(
                args.length == 0
                        ? "needs a command; 'lockstep --help' lists all."
                        : "no command in \"" + String.join(" ", args) + "\"; 'lockstep --help' lists all.");
    }

    private int help(String... args) {
        var rest = List.of(args).subList(List.of(args).indexOf("help") + 1, args.length);
        if (rest.isEmpty()) {
            overview();
            return ExitCodes.OK;
        }
        return Verb.of(rest.getFirst())
                .map(verb -> run(verb, verb.word(), "--help"))
                .orElseGet(() -> fail("unknown command \"" + rest.getFirst() + "\"; 'lockstep --help' lists all."));
    }

    private void overview() {
        var out = world.out();
        out.println("Usage: lockstep [GLOBAL OPTIONS] COMMAND [OPTIONS]");
        out.println();
        out.println("Keeps this host in step with Compose files in Git.");
        out.println();
        out.println("Commands ('lockstep COMMAND --help' shows options):");
        Verb.shown().forEach(v -> out.println("  %-10s %s".formatted(v.word(), v.summary())));
        out.println();
        out.println("Global options, before the command:");
        var spec = CommandSpec.create().name("lockstep");
        GlobalOptions.addTo(spec, true);
        out.print(new CommandLine(spec).setUsageHelpWidth(HELP_WIDTH).getHelp().optionList());
        out.println("      --version             Print the version");
    }

    private void usage(CommandSpec spec) {
        spec.usageMessage()
                .footer(
                        "",
                        "Global options (-f, -p, --env-file, --project-directory, --root, --run-root, --log-level):"
                                + " 'lockstep --help'");
        var text = new StringWriter();
        spec.commandLine().setUsageHelpWidth(HELP_WIDTH).usage(new PrintWriter(text), CommandLine.Help.Ansi.OFF);
        world.out().print(text);
    }

    private int fail(String sentence) {
        world.out().flush();
        world.err().println("lockstep: " + Printable.text(sentence));
        return ExitCodes.ERROR;
    }

    /** Written by the build. */
    static String version() {
        return Version.text();
    }
}
