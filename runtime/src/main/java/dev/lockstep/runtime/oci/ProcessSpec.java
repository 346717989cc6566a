package dev.lockstep.runtime.oci;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigInteger;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/**
 * A process in a container (OCI runtime specification, config.md, Process): its first one, or one that joins.
 *
 * @param terminal whether it gets one
 * @param environment names and values, in order
 * @param workingDir absolute
 * @param capabilities its bounding, permitted and effective set
 * @param rules what else holds for it
 */
public record ProcessSpec(
        boolean terminal,
        ContainerUser user,
        List<String> args,
        Map<String, String> environment,
        String workingDir,
        List<String> capabilities,
        ProcessRules rules) {
    /** A process for which nothing else holds. */
    public ProcessSpec(
            boolean terminal,
            ContainerUser user,
            List<String> args,
            Map<String, String> environment,
            String workingDir,
            List<String> capabilities) {
        this(terminal, user, args, environment, workingDir, capabilities, ProcessRules.DEFAULT);
    }

    /** The same with the variables and groups that devices bring; its own variables count before theirs. */
    public ProcessSpec with(CdiEdits edits) {
        var variables = new LinkedHashMap<>(edits.environment());
        variables.putAll(environment);
        var gids = new TreeSet<>(user.additionalGids());
        gids.addAll(edits.gids());
        return new ProcessSpec(
                terminal,
                new ContainerUser(user.uid(), user.gid(), List.copyOf(gids), user.home()),
                args,
                variables,
                workingDir,
                capabilities,
                rules);
    }

    /** The process as the specification writes it. */
    public ObjectNode toJson(JsonMapper json) {
        var process = json.createObjectNode();
        process.put("terminal", terminal);
        var who = process.putObject("user");
        who.put("uid", user.uid());
        who.put("gid", user.gid());
        var gids = who.putArray("additionalGids");
        user.additionalGids().forEach(gids::add);
        var argv = process.putArray("args");
        args.forEach(argv::add);
        var env = process.putArray("env");
        environment.forEach((name, value) -> env.add(name + "=" + value));
        process.put("cwd", workingDir);
        var sets = process.putObject("capabilities");
        // Nothing inheritable, nothing ambient: a file's inheritable set would give it back (CVE-2022-24769).
        for (var set : List.of("bounding", "permitted", "effective")) {
            var names = sets.putArray(set);
            // A process of another user has no effective capabilities; execve(2) would take them anyway.
            if (user.uid() == 0 || set.equals("bounding")) {
                capabilities.forEach(names::add);
            }
        }
        process.put("noNewPrivileges", rules.noNewPrivileges());
        process.put("oomScoreAdj", rules.oomScoreAdj());
        rules.limits()
                .forEach((name, limit) -> process.withArray("rlimits")
                        .addObject()
                        .put("type", "RLIMIT_" + name.toUpperCase(Locale.ROOT))
                        .put("soft", unsigned(limit.soft()))
                        .put("hard", unsigned(limit.hard())));
        rules.apparmor().ifPresent(profile -> process.put("apparmorProfile", profile));
        rules.selinuxLabel().ifPresent(label -> process.put("selinuxLabel", label));
        return process;
    }

    /** As the kernel has it: no limit is the largest number. */
    private static BigInteger unsigned(long limit) {
        return limit < 0 ? BigInteger.TWO.pow(64).subtract(BigInteger.ONE) : BigInteger.valueOf(limit);
    }
}
