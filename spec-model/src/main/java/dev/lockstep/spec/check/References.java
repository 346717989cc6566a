package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Build;
import dev.lockstep.spec.model.ContextSource;
import dev.lockstep.spec.model.CredentialSpec;
import dev.lockstep.spec.model.Grant;
import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.model.Service;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a service names must be declared. */
final class References {
    private final Findings findings;

    private References(Findings findings) {
        this.findings = findings;
    }

    static void check(Findings findings) {
        var check = new References(findings);
        findings.project().services().values().forEach(check::service);
    }

    private void service(Service service) {
        var project = findings.project();
        var path = Findings.service(service.name());
        service.networking()
                .networks()
                .keySet()
                .forEach(key -> declared(
                        path + ".networks." + key,
                        "network",
                        key,
                        project.networks().keySet()));
        for (var i = 0; i < service.storage().mounts().size(); i++) {
            if (service.storage().mounts().get(i) instanceof Mount.NamedVolume volume) {
                declared(
                        path + ".volumes[" + i + "]",
                        "volume",
                        volume.key(),
                        project.volumes().keySet());
            }
        }
        granted(
                path + ".secrets",
                "secret",
                service.storage().secrets(),
                project.secrets().keySet());
        granted(
                path + ".configs",
                "config",
                service.storage().configs(),
                project.configs().keySet());
        service.models()
                .keySet()
                .forEach(key -> declared(
                        path + ".models." + key, "model", key, project.models().keySet()));
        service.isolation()
                .credentialSpec()
                .flatMap(CredentialSpec::config)
                .ifPresent(config -> declared(
                        path + ".credential_spec.config",
                        "config",
                        config,
                        project.configs().keySet()));
        // config prints an optional dependency on a service that is off, and its output must load again.
        ServiceLinks.of(service).forEach((other, where) -> service(where, other));
        service.image().build().ifPresent(build -> build(path + ".build", build));
    }

    private void granted(String path, String kind, List<Grant> grants, Set<String> known) {
        for (var i = 0; i < grants.size(); i++) {
            declared(path + "[" + i + "]", kind, grants.get(i).source(), known);
        }
    }

    private void build(String path, Build build) {
        granted(
                path + ".secrets",
                "build secret",
                build.secrets(),
                findings.project().secrets().keySet());
        builtUpon(path, build).forEach(this::service);
    }

    /** Only a service with a build has something to build from. */
    static void built(Findings findings) {
        var services = findings.project().services();
        services.forEach((name, service) -> service.image()
                .build()
                .ifPresent(build -> builtUpon(Findings.service(name) + ".build", build)
                        .forEach((path, other) -> {
                            var base = services.get(other);
                            if (base != null && base.image().build().isEmpty()) {
                                findings.error(
                                        path,
                                        "the service \"" + other
                                                + "\" is not built here. Write docker-image://NAME to build upon its"
                                                + " image");
                            }
                        })));
    }

    /** The services that a build names as its contexts, by path of the name. */
    private static Map<String, String> builtUpon(String path, Build build) {
        var named = new LinkedHashMap<String, String>();
        if (build.context() instanceof ContextSource.OfService(var other)) {
            named.put(path + ".context", other);
        }
        build.additionalContexts().forEach((name, context) -> {
            if (context instanceof ContextSource.OfService(var other)) {
                named.put(path + ".additional_contexts." + name, other);
            }
        });
        return named;
    }

    private void service(String path, String other) {
        var project = findings.project();
        if (project.services().containsKey(other)) {
            return;
        }
        var disabled = project.disabled().get(other);
        if (disabled != null) {
            findings.error(
                    path,
                    "refers to service \"" + other + "\", which is off: none of its profiles is asked for ("
                            + String.join(", ", disabled.lifecycle().profiles()) + ")");
        } else {
            declared(path, "service", other, project.services().keySet());
        }
    }

    private void declared(String path, String kind, String key, Set<String> known) {
        if (!known.contains(key)) {
            var meant = findings.keys(kind.substring(kind.lastIndexOf(' ') + 1) + "s", known);
            var section = switch (kind) {
                case "service" -> "";
                case "build secret" -> ". Declare it below secrets:";
                default -> ". Declare it below " + kind + "s:";
            };
            findings.error(
                    path,
                    "refers to undefined " + kind + " \"" + key + "\"" + Findings.didYouMean(key, meant, section));
        }
    }
}
