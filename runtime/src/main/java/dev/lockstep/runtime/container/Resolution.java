package dev.lockstep.runtime.container;

import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageConfig;
import dev.lockstep.runtime.image.ImageHealthCheck;
import dev.lockstep.runtime.linux.Signal;
import dev.lockstep.runtime.oci.Capabilities;
import dev.lockstep.runtime.oci.IdRange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Fills in what was not asked for, from the image and from Docker's defaults. Pure. */
final class Resolution {
    private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    private static final Duration GRACE = Duration.ofSeconds(10);
    private static final Duration INTERVAL = Duration.ofSeconds(30);
    private static final Duration START_INTERVAL = Duration.ofSeconds(5);

    /** Between two health checks, and of one. */
    private static final Duration SHORTEST = Duration.ofMillis(1);

    private Resolution() {}

    /**
     * What the container becomes.
     *
     * @param hostname for a container that asks for none
     * @param found what was looked up on the host
     * @throws ContainerException when there is nothing to run, or a value makes no sense
     */
    static Effective resolve(
            String hostname,
            ContainerSpec spec,
            ImageConfig image,
            String runtime,
            Digest seccompProfile,
            Map<String, String> anonymousVolumes,
            Found found)
            throws ContainerException {
        try {
            return new Effective(
                    spec.digest(),
                    runtime,
                    args(spec, image),
                    environment(hostname(hostname, spec), spec, image),
                    spec.user().or(image::user).orElse(""),
                    spec.workingDir().or(image::workingDir).orElse("/"),
                    hostname(hostname, spec),
                    capabilities(spec, found.capabilities()),
                    seccompProfile,
                    stopSignal(spec, image),
                    spec.stopGrace().orElse(GRACE),
                    Limits.of(spec.resources()),
                    healthCheck(spec, image),
                    anonymousVolumes,
                    new EffectiveOptions(
                            spec.options()
                                    .isolation()
                                    .security()
                                    .noNewPrivileges()
                                    .orElse(false),
                            spec.options().process().oomScoreAdj().orElse(0),
                            spec.options().storage().shmSize().orElse(EffectiveOptions.SHM_SIZE),
                            found.apparmor(),
                            found.inherited(),
                            found.ids(),
                            image.labels()));
        } catch (IllegalArgumentException e) {
            throw new ContainerException(
                    ContainerException.Reason.INVALID, "container " + spec.name() + ": " + e.getMessage(), e);
        }
    }

    /**
     * What the host says.
     *
     * @param capabilities every one of its kernel
     * @param apparmor the profile that confines the container
     * @param inherited mounts of other containers
     * @param ids of the host that its users get
     */
    record Found(
            List<String> capabilities, Optional<String> apparmor, List<MountSpec> inherited, Optional<IdRange> ids) {
        Found with(IdRange others) {
            return new Found(capabilities, apparmor, inherited, Optional.of(others));
        }
    }

    private static List<String> capabilities(ContainerSpec spec, List<String> kernel) {
        var isolation = spec.options().isolation();
        return isolation.privileged() ? kernel : Capabilities.of(isolation.capAdd(), isolation.capDrop(), kernel);
    }

    private static List<String> args(ContainerSpec spec, ImageConfig image) {
        var args = new ArrayList<>(spec.entrypoint().orElse(image.entrypoint()));
        // An entrypoint of one's own drops the image's command, which was meant for the image's entrypoint.
        args.addAll(spec.command().orElse(spec.entrypoint().isPresent() ? List.of() : image.command()));
        if (args.isEmpty()) {
            throw new IllegalArgumentException("neither the image "
                    + spec.image().familiar() + " nor the service says which program to run; set command");
        }
        return args;
    }

    private static Map<String, String> environment(String hostname, ContainerSpec spec, ImageConfig image) {
        var environment = new LinkedHashMap<String, String>();
        environment.put("PATH", PATH);
        environment.put("HOSTNAME", hostname);
        if (spec.options().process().tty()) {
            environment.put("TERM", "xterm");
        }
        for (var entry : image.environment()) {
            var equals = entry.indexOf('=');
            environment.put(entry.substring(0, equals), entry.substring(equals + 1));
        }
        spec.environment().forEach((name, value) -> {
            if (value.isPresent()) {
                environment.put(name, value.get());
            } else {
                environment.remove(name);
            }
        });
        return environment;
    }

    private static String hostname(String otherwise, ContainerSpec spec) {
        // A name that somebody has already is what it is. Docker takes underscores, and the kernel 64 bytes.
        var hostname = spec.hostname();
        if (hostname.filter(name -> !name.matches("[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,63}"))
                .isPresent()) {
            throw new IllegalArgumentException("\"" + hostname.get() + "\" is not a host name");
        }
        return hostname.orElse(otherwise);
    }

    static String stopSignal(ContainerSpec spec, ImageConfig image) {
        return Signal.parse(spec.stopSignal().or(image::stopSignal).orElse("SIGTERM"))
                .toString();
    }

    static Duration stopGrace(ContainerSpec spec) {
        return spec.stopGrace().orElse(GRACE);
    }

    /** The check that is asked for over the image's, part by part; absent when there is none or it is switched off. */
    static Optional<EffectiveHealthCheck> healthCheck(ContainerSpec spec, ImageConfig image) {
        var asked = spec.healthCheck();
        var brought = image.healthCheck();
        var test = asked.flatMap(HealthCheck::test).or(() -> brought.map(ImageHealthCheck::test));
        if (test.isEmpty() || test.get().isEmpty() || test.get().getFirst().equals("NONE")) {
            return Optional.empty();
        }
        return Optional.of(new EffectiveHealthCheck(
                probe(test.get(), image),
                time("interval", asked.flatMap(HealthCheck::interval))
                        .or(() -> time("interval", brought.flatMap(ImageHealthCheck::interval)))
                        .orElse(INTERVAL),
                time("timeout", asked.flatMap(HealthCheck::timeout))
                        .or(() -> time("timeout", brought.flatMap(ImageHealthCheck::timeout)))
                        .orElse(INTERVAL),
                time("start period", asked.flatMap(HealthCheck::startPeriod))
                        .or(() -> time("start period", brought.flatMap(ImageHealthCheck::startPeriod)))
                        .orElse(Duration.ZERO),
                time("start interval", asked.flatMap(HealthCheck::startInterval))
                        .or(() -> time("start interval", brought.flatMap(ImageHealthCheck::startInterval)))
                        .orElse(START_INTERVAL),
                asked.flatMap(HealthCheck::retries)
                        .filter(n -> n > 0)
                        .or(() -> brought.flatMap(ImageHealthCheck::retries))
                        .filter(n -> n > 0)
                        .orElse(3)));
    }

    /** As with Docker zero is as if nothing were said, and what is shorter than a millisecond is refused. */
    private static Optional<Duration> time(String what, Optional<Duration> said) {
        if (said.filter(time -> !time.isZero() && time.compareTo(SHORTEST) < 0).isPresent()) {
            throw new IllegalArgumentException("the " + what + " of a health check cannot be less than 1ms");
        }
        return said.filter(time -> !time.isZero());
    }

    private static List<String> probe(List<String> test, ImageConfig image) {
        var rest = test.subList(1, test.size());
        return switch (test.getFirst()) {
            case "CMD" -> rest;
            case "CMD-SHELL" -> {
                var args = new ArrayList<>(image.shell().orElse(List.of("/bin/sh", "-c")));
                args.addAll(rest);
                yield args;
            }
            default ->
                throw new IllegalArgumentException(
                        "a health check begins with NONE, CMD or CMD-SHELL, not with \"" + test.getFirst() + "\"");
        };
    }
}
