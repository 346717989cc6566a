package dev.lockstep.runtime.oci;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;

/**
 * A process in a container (OCI runtime specification, config.md, Process): its first one, or one that joins.
 *
 * @param terminal whether it gets one
 * @param environment names and values, in order
 * @param workingDir absolute
 * @param capabilities its bounding, permitted and effective set
 */
public record ProcessSpec(
        boolean terminal,
        ContainerUser user,
        List<String> args,
        Map<String, String> environment,
        String workingDir,
        List<String> capabilities) {
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
        process.put("noNewPrivileges", false);
        process.put("oomScoreAdj", 0);
        return process;
    }
}
