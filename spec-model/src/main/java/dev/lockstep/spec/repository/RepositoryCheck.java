package dev.lockstep.spec.repository;

import dev.lockstep.spec.check.Checks;
import dev.lockstep.spec.check.Finding;
import dev.lockstep.spec.check.Finding.Severity;
import dev.lockstep.spec.check.HostConflicts;
import dev.lockstep.spec.check.Rule;
import dev.lockstep.spec.load.ComposeLoader;
import dev.lockstep.spec.load.FileAccess;
import dev.lockstep.spec.load.FileTree;
import dev.lockstep.spec.load.LoadRequest;
import dev.lockstep.spec.load.Loaded;
import dev.lockstep.spec.load.StackDirectories;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.settings.HostRules;
import dev.lockstep.spec.settings.ImagePolicy;
import dev.lockstep.spec.settings.RepositorySettings;
import dev.lockstep.spec.yaml.Problem;
import dev.lockstep.spec.yaml.SourcePosition;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** Loads and checks every stack of a repository for every host that its files name. */
public final class RepositoryCheck {
    private static final Pattern REQUIRED = Pattern.compile("^required variable (\\w+) is missing");
    /** A number, a name and a tag, whatever is wanted. */
    private static final String ANY_VALUE = "1";

    private final FileTree tree;
    private final String base;
    private final List<Finding> findings = new ArrayList<>();

    private RepositoryCheck(FileTree tree, String base) {
        this.tree = tree;
        this.base = base;
    }

    /** A stack that was found, and its project if it can be loaded. */
    private record Member(StackDirectories.Stack place, String name, Optional<Project> project, String base) {
        boolean runsOn(String host, RepositorySettings settings) {
            return place.host().map(host::equals).orElseGet(() -> settings.isPlaced(name, host, Map.of()));
        }
    }

    /**
     * Whether a directory is a repository of stacks rather than a single stack.
     *
     * @throws IOException if it cannot be listed
     */
    public static boolean isRepository(FileTree tree, String directory) throws IOException {
        return tree.list(directory).stream()
                .anyMatch(entry -> entry.directory()
                        ? entry.name().equals("stacks") || entry.name().equals("hosts")
                        : entry.name().equals(RepositorySettings.FILE));
    }

    /**
     * Checks a repository.
     *
     * @param base its directory in {@code tree}
     * @param name what the stack of the root is called
     * @param rules how stacks are loaded: the request as an agent makes it, changed where this caller knows better
     * @param ofHost which images may run on the host where this is asked, if it says anything
     * @param policy what stacks may ask of a host, to hold them to that as well as to what the repository itself says
     * @throws IOException if the tree cannot be listed or read
     */
    public static RepositoryReport check(
            FileTree tree,
            String base,
            String name,
            UnaryOperator<LoadRequest> rules,
            Optional<ImagePolicy> ofHost,
            HostRules policy)
            throws IOException {
        return new RepositoryCheck(tree, base).run(name, rules, ofHost, policy);
    }

    private RepositoryReport run(
            String name, UnaryOperator<LoadRequest> rules, Optional<ImagePolicy> ofHost, HostRules policy)
            throws IOException {
        var settings = settings();
        settings.widenings(ofHost).forEach(p -> findings.add(new Finding(Rule.SETTINGS, Severity.WARNING, p)));
        var members = new ArrayList<Member>();
        for (var place : StackDirectories.find(tree, base, name)) {
            members.add(load(place, rules));
        }
        if (members.isEmpty() && settings.builds().isEmpty()) {
            var at = new SourcePosition(base.isEmpty() ? "." : base, 1, 1);
            error(
                    Rule.INVALID_FILE,
                    new Problem(
                            at,
                            "",
                            "has no compose file: expected compose.yaml, stacks/STACK/compose.yaml or"
                                    + " hosts/HOST/STACK/compose.yaml"));
        }
        var names = new HashSet<String>();
        members.forEach(member -> names.add(member.name));
        settings.unmatched(names).forEach(p -> findings.add(new Finding(Rule.SETTINGS, Severity.WARNING, p)));
        var hosts = hosts(settings, members);
        for (var host : hosts) {
            sameName(members, member -> member.runsOn(host, settings));
        }
        // A host that nobody lists takes what is placed nowhere in particular.
        sameName(members, member -> isEverywhere(member, settings));
        conflicts(settings, members, hosts);
        members.forEach(member -> policies(settings, policy, member));
        var stacks = members.stream()
                .map(member -> new RepositoryReport.Stack(
                        member.name,
                        member.place.directory(),
                        hosts.stream()
                                .filter(host -> member.runsOn(host, settings))
                                .toList(),
                        member.project,
                        member.base))
                .toList();
        return new RepositoryReport(
                stacks, findings.stream().sorted().distinct().toList());
    }

    private RepositorySettings settings() throws IOException {
        var file = base.isEmpty() ? RepositorySettings.FILE : base + "/" + RepositorySettings.FILE;
        var bytes = tree.read(file);
        if (bytes.isEmpty()) {
            return RepositorySettings.NONE;
        }
        var read = RepositorySettings.read(file, bytes.get());
        read.warnings().forEach(p -> findings.add(new Finding(Rule.SETTINGS, Severity.WARNING, p)));
        return switch (read) {
            case RepositorySettings.Read.Valid valid -> valid.settings();
            case RepositorySettings.Read.Invalid invalid -> {
                invalid.errors().forEach(p -> error(Rule.SETTINGS, p));
                yield RepositorySettings.NONE;
            }
        };
    }

    private Member load(StackDirectories.Stack place, UnaryOperator<LoadRequest> rules) {
        var request = rules.apply(LoadRequest.of(tree)
                .withDirectory(place.directory())
                .withDefaultName(place.defaultName())
                .withAccess(FileAccess.insideTree("")));
        return switch (loaded(place, request)) {
            case Loaded.Valid valid -> {
                findings.addAll(Finding.ofLoading(List.of(), valid.warnings()));
                findings.addAll(Checks.all(valid.project()));
                yield new Member(place, valid.project().name(), Optional.of(valid.project()), valid.projectDirectory());
            }
            case Loaded.Invalid invalid -> {
                findings.addAll(Finding.ofLoading(invalid.errors(), invalid.warnings()));
                invalid.readable().ifPresent(project -> findings.addAll(Checks.beside(project, invalid.errors())));
                yield new Member(place, place.defaultName(), Optional.empty(), place.directory());
            }
        };
    }

    /**
     * The stack as a host loads it that has a value for each variable which must have one. Such a variable is what
     * {@code stacks/STACK/env} of the host is for, so here it is a warning.
     */
    private Loaded loaded(StackDirectories.Stack place, LoadRequest request) {
        var loaded = new ComposeLoader().load(request);
        if (!(loaded instanceof Loaded.Invalid invalid)) {
            return loaded;
        }
        var values = new HashMap<>(request.environment());
        for (var problem : invalid.errors()) {
            var matcher = REQUIRED.matcher(problem.message());
            if (matcher.find()) {
                values.put(matcher.group(1), ANY_VALUE);
                findings.add(new Finding(
                        Rule.QUESTIONABLE,
                        Severity.WARNING,
                        new Problem(
                                problem.at(),
                                problem.path(),
                                "the variable " + matcher.group(1)
                                        + " must have a value on each host, in /etc/lockstep/stacks/"
                                        + new ComposeLoader().name(request).orElse(place.defaultName()) + "/env")));
            }
        }
        return values.equals(request.environment()) ? loaded : loaded(place, request.withEnvironment(values));
    }

    private static Set<String> hosts(RepositorySettings settings, List<Member> members) {
        var hosts = new TreeSet<>(settings.hosts().keySet());
        members.forEach(member -> member.place.host().ifPresent(hosts::add));
        settings.stacks()
                .values()
                .forEach(stack -> stack.placement().hosts().stream()
                        .filter(host -> !host.contains("*"))
                        .forEach(hosts::add));
        return new LinkedHashSet<>(hosts);
    }

    private static boolean isEverywhere(Member member, RepositorySettings settings) {
        var placement = settings.stack(member.name).placement();
        return member.place.host().isEmpty()
                && placement.hosts().isEmpty()
                && placement.labels().isEmpty();
    }

    private void sameName(List<Member> members, Predicate<Member> here) {
        var taken = new HashMap<String, Member>();
        for (var member : members) {
            if (!here.test(member)) {
                continue;
            }
            var earlier = taken.putIfAbsent(member.name, member);
            if (earlier != null) {
                error(
                        Rule.STACK_NAME,
                        new Problem(
                                place(member),
                                "name",
                                "the stack \"" + member.name + "\" stands in " + shown(earlier)
                                        + " already, and runs from there. Give this one another name"));
            }
        }
    }

    private static SourcePosition place(Member member) {
        return member.project
                .map(project -> project.sources().at("name"))
                .filter(at -> !at.isDefault())
                .orElseGet(() -> new SourcePosition(file(member), 1, 1));
    }

    /** The file that the stack's first service stands in, else its directory. */
    private static String file(Member member) {
        return member.project
                .map(project -> project.sources().at("services"))
                .filter(at -> !at.isDefault())
                .map(SourcePosition::file)
                .orElse(shown(member));
    }

    private static String shown(Member member) {
        return member.place.directory().isEmpty() ? "." : member.place.directory();
    }

    private void conflicts(RepositorySettings settings, List<Member> members, Set<String> hosts) {
        record Place(SourcePosition at, String path) {}
        var told = new HashSet<Place>();
        // The same two stacks collide on each of their hosts; once is enough.
        var tell = (Consumer<Problem>) problem -> {
            if (told.add(new Place(problem.at(), problem.path()))) {
                error(Rule.HOST_CONFLICT, problem);
            }
        };
        HostConflicts.check("every host", projects(members, m -> isEverywhere(m, settings)))
                .forEach(tell);
        for (var host : hosts) {
            HostConflicts.check("host " + host, projects(members, m -> m.runsOn(host, settings)))
                    .forEach(tell);
        }
    }

    /** What the repository itself refuses its stacks, and a host where one is asked. */
    private void policies(RepositorySettings settings, HostRules host, Member member) {
        member.project.ifPresent(project -> {
            host.refusals(project, settings.policies(member.name)).forEach(problem -> error(Rule.POLICY, problem));
        });
    }

    private static List<Project> projects(List<Member> members, Predicate<Member> here) {
        return members.stream()
                .filter(here)
                .map(Member::project)
                .flatMap(Optional::stream)
                .toList();
    }

    private void error(Rule rule, Problem problem) {
        findings.add(new Finding(rule, Severity.ERROR, problem));
    }
}
