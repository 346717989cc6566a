package dev.lockstep.reconciler.builds;

import dev.lockstep.reconciler.deploy.BuiltImages;
import dev.lockstep.reconciler.git.RemoteRef;
import dev.lockstep.reconciler.git.RepositoryPath;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.settings.Build;
import dev.lockstep.spec.settings.RepositorySettings;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a commit builds on a host: {@code builds:} of its {@code lockstep.yaml}, or the stacks' own sections. */
public final class BuildTargets {
    private static final List<String> SERVICE_GIT_TAGS = List.of("v*");
    private static final List<String> SERVICE_TAGS = List.of("{version}", "{tag}", "{branch}-{sha7}");

    private BuildTargets() {}

    /**
     * A stack of the commit that this host runs.
     *
     * @param directory of the project in the repository
     */
    public record Stack(String directory, Project project) {}

    /** Whether the file says itself what is built, be it nothing: then the stacks' sections start no builds. */
    public static boolean isSaid(RepositorySettings settings) {
        return settings.sources().positions().containsKey("builds");
    }

    /**
     * Of {@code builds:}, in the order of the file.
     *
     * @param base directory of the file in the repository
     * @param host that asks
     * @param labels that it has itself
     */
    public static List<BuildTarget> ofEntries(
            RepositorySettings settings, String base, String host, Map<String, String> labels) {
        var its = settings.labels(host, labels);
        var targets = new ArrayList<BuildTarget>();
        settings.builds().forEach((name, build) -> {
            if (build.where().takes(host, its)) {
                targets.add(ofEntry(name, base, build));
            }
        });
        return List.copyOf(targets);
    }

    private static BuildTarget ofEntry(String name, String base, Build build) {
        var when = build.when();
        return new BuildTarget(
                name,
                build.image(),
                build.tags(),
                new Recipe.Entry(base, build),
                new Triggers(
                        when.tags(),
                        when.branches(),
                        when.paths().stream()
                                .map(path -> RepositoryPath.child(base, path).replaceAll("/$", ""))
                                .toList(),
                        when.moved()),
                build.test()
                        .map(test -> new BuildTest(
                                test.command(), test.service(), test.timeout(), test.reports(), test.matrix())),
                build.push());
    }

    /**
     * Of the {@code build} sections of stacks. Two services that build one image from the same are one target.
     *
     * @param stacks by name
     * @param followed full name of the followed ref
     */
    public static List<BuildTarget> ofServices(Map<String, Stack> stacks, String followed) {
        var targets = new ArrayList<BuildTarget>();
        var triggers = new Triggers(
                SERVICE_GIT_TAGS,
                followed.startsWith(RemoteRef.BRANCHES) ? List.of(RemoteRef.shortened(followed)) : List.of(),
                List.of(),
                false);
        stacks.forEach((name, stack) -> {
            var same = new HashSet<List<Object>>();
            stack.project().services().forEach((key, service) -> {
                var image = service.image().build().flatMap(_ -> reference(stack.project(), key));
                if (image.isPresent()
                        && same.add(List.of(image.get(), service.image().build()))) {
                    targets.add(new BuildTarget(
                            name + "/" + key,
                            untagged(image.get()),
                            SERVICE_TAGS,
                            new Recipe.OfService(stack.directory(), stack.project(), key),
                            triggers,
                            Optional.empty(),
                            false));
                }
            });
        });
        return List.copyOf(targets);
    }

    /** What is no reference is told by whoever translates the service; a digest is never what a build gives. */
    private static Optional<ImageReference> reference(Project project, String service) {
        try {
            return Optional.ofNullable(project.services().get(service))
                    .map(found -> ImageReference.parse(BuiltImages.name(project, found)))
                    .filter(reference -> reference.digest().isEmpty());
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private static String untagged(ImageReference reference) {
        return new ImageReference(reference.host(), reference.repository(), Optional.empty(), Optional.empty())
                .familiar();
    }
}
