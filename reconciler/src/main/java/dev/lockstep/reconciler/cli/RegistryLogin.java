package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.registry.Credential;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine.Model.CommandSpec;

/** {@code image login} and {@code image logout}: accounts in Lockstep's own file. */
final class RegistryLogin implements Command {
    private static final int LONGEST = 64 * 1024;

    @Override
    public void describe(CommandSpec spec) {
        spec.usageMessage()
                .description("Keeps an account on a registry in " + HostRegistries.ACCOUNTS
                        + ", once the registry takes it.");
        spec.addOption(Options.value("NAME", "The account", "-u", "--username"));
        spec.addOption(Options.flag("Read the password from standard input", "--password-stdin"));
        spec.addPositional(Options.arguments("HOST[:PORT]", "1", "The registry"));
    }

    @Override
    public int run(Invocation call) throws Exception {
        var host = RegistryCommands.host(call.arguments().getFirst());
        var user = call.text("--username").filter(name -> !name.isEmpty() && !name.contains(":"));
        if (user.isEmpty()) {
            throw new CommandException("login wants the account's name: --username NAME, without a colon");
        }
        if (!call.flag("--password-stdin")) {
            // What stands on the command line stands in the list of processes and in the shell's history.
            throw new CommandException("login reads the password from standard input only: --password-stdin");
        }
        var account = new Credential.Account(user.get(), password(call));
        try (var engine = EngineDoor.of(call).openForReading()) {
            engine.registry().login(host, account);
        }
        HostRegistries.accounts(call.world().environment()).store(host, account);
        call.world().out().println("Logged in to " + host + " as " + user.get());
        return ExitCodes.OK;
    }

    /** All of it but the end of the line, which the shell puts there. */
    private static String password(Invocation call) throws IOException, CommandException {
        var bytes = call.world().in().readNBytes(LONGEST);
        var password = new String(bytes, StandardCharsets.UTF_8).replaceFirst("\\r?\\n$", "");
        if (password.isEmpty() || password.contains("\n")) {
            throw new CommandException("standard input must hold the password, on one line");
        }
        return password;
    }

    /** The way back. */
    static final class Logout implements Command {
        @Override
        public void describe(CommandSpec spec) {
            spec.usageMessage().description("Forgets the account on a registry. Docker's own file stays as it is.");
            spec.addPositional(Options.arguments("HOST[:PORT]", "1", "The registry"));
        }

        @Override
        public int run(Invocation call) throws Exception {
            var host = RegistryCommands.host(call.arguments().getFirst());
            EngineDoor.of(call); // root only
            var found = HostRegistries.accounts(call.world().environment()).forget(host);
            call.world().out().println(found ? "Logged out of " + host : "There was no account on " + host);
            return ExitCodes.OK;
        }
    }
}
