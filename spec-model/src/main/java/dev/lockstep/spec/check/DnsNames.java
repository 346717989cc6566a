package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Link;
import dev.lockstep.spec.model.Service;
import java.util.List;

/** Names that services have for others: each must be one that can be asked for. */
final class DnsNames {
    private static final char DELETE = 0x7f;

    private DnsNames() {}

    /** What a name server cannot be told. */
    static void check(Findings findings) {
        each(findings, (path, name) -> {
            if (name.chars().anyMatch(c -> c <= ' ' || c == ',' || c == DELETE)) {
                findings.error(
                        path,
                        "\"" + name.replaceAll("\\p{Cntrl}", "?")
                                + "\" cannot be a DNS name. Write one without blanks and commas");
            }
        });
    }

    /** What names nothing: Docker takes it, and nobody can ask for it. */
    static void caution(Findings findings) {
        each(findings, (path, name) -> {
            if (name.isEmpty()) {
                findings.warning(path, "the name is empty, so nobody is found by it. Write one, or leave it out");
            }
        });
    }

    private interface Look {
        void at(String path, String name);
    }

    private static void each(Findings findings, Look look) {
        findings.project().services().values().forEach(service -> each(service, look));
    }

    private static void each(Service service, Look look) {
        var path = Findings.service(service.name());
        var networking = service.networking();
        networking.networks().forEach((key, attachment) -> {
            for (var alias : attachment.aliases()) {
                look.at(path + ".networks." + key + ".aliases", alias);
            }
        });
        links(path + ".links", networking.links(), look);
        links(path + ".external_links", networking.externalLinks(), look);
    }

    private static void links(String path, List<Link> links, Look look) {
        for (var i = 0; i < links.size(); i++) {
            var at = path + "[" + i + "]";
            links.get(i).alias().ifPresent(alias -> look.at(at, alias));
        }
    }
}
