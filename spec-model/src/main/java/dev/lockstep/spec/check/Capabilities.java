package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Capability;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Capabilities are those that Linux has. */
final class Capabilities {
    private Capabilities() {}

    static void check(Findings findings) {
        findings.project().services().forEach((name, service) -> {
            var path = Findings.service(name);
            var added = names(findings, path + ".cap_add", service.isolation().capAdd());
            var dropped =
                    names(findings, path + ".cap_drop", service.isolation().capDrop());
            added.stream()
                    .filter(dropped::contains)
                    .sorted()
                    .forEach(both -> findings.error(
                            path + ".cap_drop",
                            both + " is added and dropped" + " (" + findings.place(path + ".cap_add")
                                    + "). Write it in one of the two"));
        });
    }

    private static Set<String> names(Findings findings, String path, List<String> written) {
        var names = new HashSet<String>();
        for (var i = 0; i < written.size(); i++) {
            try {
                names.add(Capability.parse(written.get(i)).name());
            } catch (IllegalArgumentException e) {
                findings.error(
                        path + "[" + i + "]",
                        e.getMessage()
                                + Findings.didYouMean(written.get(i).toUpperCase(Locale.ROOT), Capability.names(), ""));
            }
        }
        return names;
    }
}
