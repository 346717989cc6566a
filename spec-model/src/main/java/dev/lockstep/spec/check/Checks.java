package dev.lockstep.spec.check;

import dev.lockstep.spec.check.Finding.Severity;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.yaml.Problem;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Rules across a project. There are two levels, because {@code config} must not refuse what {@code docker compose
 * config} prints, and a plan must refuse what could only fail on the host. All answers are sorted by position and have
 * everything at once.
 */
public final class Checks {
    /**
     * A rule and what looks for its instances.
     *
     * @param certain whether what is found stays wrong whatever the rest of the file says
     */
    private record Entry(Rule rule, Check check, boolean certain) {
        static Entry of(String id, String description, Check check) {
            return new Entry(new Rule(id, description), check, false);
        }

        static Entry certain(String id, String description, Check check) {
            return new Entry(new Rule(id, description), check, true);
        }
    }

    private static final List<Entry> COMPOSE = List.of(
            Entry.certain("undefined-reference", "What a service names must be declared.", References::check),
            Entry.of("build-context", "Only what is built can be built upon.", References::built),
            Entry.certain("dependency-cycle", "No service may lead back to itself.", DependencyCycle::check),
            Entry.certain("container-name", "A container's name is given once.", ContainerNames::check),
            Entry.certain("network-mode", "A network mode stands in the place of networks.", NetworkModes::check),
            Entry.of("contradiction", "A service has an image, and each limit is said once.", Contradictions::check),
            Entry.of("scale", "How many containers there are is said once.", Scales::check),
            Entry.of("build-platform", "A service runs on a platform its image is built for.", BuildPlatforms::check),
            Entry.certain("duplicate-mount", "Two mounts cannot have one target.", MountTargets::duplicates));

    private static final List<Entry> STRICT = List.of(
            Entry.certain("profile-name", "Profiles are names.", ProfileNames::check),
            Entry.of("meaningless-value", "A value must mean something to a host.", WrittenValues::check),
            Entry.of("published-port", "A port of the host is published once.", PublishedPorts::check),
            Entry.certain("reserved-label", "Some labels are not the user's to set.", ReservedLabels::check),
            Entry.certain("mount-target", "Mounts stand at paths of the container.", MountTargets::check),
            Entry.certain("grant-target", "Secrets and configs have places of their own.", GrantTargets::check),
            Entry.of("health-condition", "Who waits for health needs a health check.", HealthConditions::check),
            Entry.of("network-address", "Fixed addresses lie in their subnets, one for each.", NetworkAddresses::check),
            Entry.certain("host-name", "Names must be possible in a container.", HostNames::check),
            Entry.certain("dns-name", "A name by which others are found can be asked for.", DnsNames::check),
            Entry.of("replicas", "Some things only one container can have.", Replicas::check),
            Entry.certain("capability", "Capabilities are those that Linux has.", Capabilities::check),
            Entry.of("sysctl", "A container sets only what its namespaces have.", Sysctls::check),
            Entry.certain("security-option", "Security options are known words.", SecurityOptions::check),
            Entry.of("log-option", "Log drivers and their options are possible.", LogOptions::check),
            Entry.certain("device", "Devices are files of the host or CDI names.", DevicePaths::check),
            Entry.of("name-server", "Name servers and hosts have addresses.", NameServers::check),
            Entry.of("limit", "Limits are possible and do not contradict each other.", LimitValues::check),
            Entry.of("deploy-conflict", "deploy and the service's keys say the same.", DeployConflicts::check));

    private static final List<Entry> CAUTIONS = List.of(
            Entry.of(
                    "privilege",
                    "A container is nearly as strong as the host, or a key has no effect.",
                    Privileges::check),
            Entry.of("network-reach", "A network has what is asked of it.", Reach::check),
            Entry.of("overridden-restart", "One restart policy is enough.", DeployConflicts::restart),
            Entry.certain("empty-name", "A name that is empty finds nobody.", DnsNames::caution));

    /** Section and name of what a path is about. */
    private static final Pattern ELEMENT =
            Pattern.compile("(?:services|networks|volumes|secrets|configs|models)\\.([a-zA-Z0-9_-]+)");

    private static final Pattern ATTRIBUTE = Pattern.compile("[a-z]+\\.[a-zA-Z0-9_-]+\\.[a-zA-Z0-9_-]+");

    private static final Pattern WORDS = Pattern.compile("[^a-zA-Z0-9_-]+");

    private Checks() {}

    /** What Compose itself refuses; empty if all is well. */
    public static List<Problem> compose(Project project) {
        return errors(run(COMPOSE, project));
    }

    /** All of {@link #compose} and what would fail or surprise later. */
    public static List<Problem> strict(Project project) {
        var findings = run(COMPOSE, project);
        findings.addAll(run(STRICT, project));
        return errors(findings);
    }

    /** What works, and may be more than was meant or have no effect. */
    public static List<Problem> warnings(Project project) {
        return run(CAUTIONS, project).stream().map(Finding::problem).sorted().toList();
    }

    /** Everything: what {@link #strict} refuses, and warnings about what works and may be more than was meant. */
    public static List<Finding> all(Project project) {
        var findings = run(COMPOSE, project);
        findings.addAll(run(STRICT, project));
        findings.addAll(run(CAUTIONS, project));
        Collections.sort(findings);
        return List.copyOf(findings);
    }

    /**
     * What is wrong beside the errors that loading has found, so that both are told at once. Left out is what may only
     * follow from them: what is said of an attribute that could not be read, and, but for rules that look at no more
     * than what is written, what is said of its service, network or the like, or names one.
     *
     * @param readable what loading could read
     * @param errors what it could not
     */
    public static List<Finding> beside(Project readable, List<Problem> errors) {
        var spoilt = new HashSet<String>();
        var attributes = new HashSet<String>();
        for (var error : errors) {
            var element = ELEMENT.matcher(error.path());
            if (element.lookingAt()) {
                spoilt.add(element.group(1));
            } else if (!error.path().startsWith("x-")) {
                return List.of(); // it concerns the whole
            }
            attributes.add(attribute(error.path()));
        }
        return Stream.concat(COMPOSE.stream(), STRICT.stream())
                .flatMap(entry -> run(List.of(entry), readable).stream()
                        .filter(Finding::isError)
                        .filter(finding ->
                                !attributes.contains(attribute(finding.problem().path())))
                        .filter(finding ->
                                entry.certain || spoilt.stream().noneMatch(name -> concerns(finding.problem(), name))))
                .sorted()
                .toList();
    }

    /** The first three words of a path: {@code services.web.ports} of {@code services.web.ports[1]}. */
    private static String attribute(String path) {
        var attribute = ATTRIBUTE.matcher(path);
        return attribute.lookingAt() ? attribute.group() : path;
    }

    private static boolean concerns(Problem problem, String name) {
        return WORDS.splitAsStream(problem.path() + " " + problem.message()).anyMatch(name::equals);
    }

    private static List<Finding> run(List<Entry> entries, Project project) {
        var all = new ArrayList<Finding>();
        for (var entry : entries) {
            var findings = new Findings(project);
            entry.check.run(findings);
            findings.problems().errors().forEach(p -> all.add(new Finding(entry.rule, Severity.ERROR, p)));
            findings.problems().warnings().forEach(p -> all.add(new Finding(entry.rule, Severity.WARNING, p)));
        }
        return all;
    }

    private static List<Problem> errors(List<Finding> findings) {
        return findings.stream()
                .filter(Finding::isError)
                .map(Finding::problem)
                .sorted()
                .distinct()
                .toList();
    }
}
