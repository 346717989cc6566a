package dev.lockstep.reconciler.builds;

import dev.lockstep.reconciler.deploy.BuiltImages;
import dev.lockstep.reconciler.deploy.ImageOwners;
import dev.lockstep.reconciler.deploy.StackBuilds;
import dev.lockstep.reconciler.git.GitException;
import dev.lockstep.runtime.context.ContextException;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.Written;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** What images of a repository's stacks mean at one commit of it, by the builds that this root has made. */
public final class CommitBuilds implements StackBuilds {
    private final String repository;
    private final Targets targets;
    private final BuildRecords records;
    private final BuiltNames names;

    /** What a commit builds on this host. */
    public interface Targets {
        List<BuildTarget> all() throws IOException;

        /** See {@link BuildOrder#inputs}. */
        String inputs(BuildTarget target) throws IOException;
    }

    /** @param repository URL without credentials */
    public CommitBuilds(String repository, Targets targets, BuildRecords records, BuiltNames names) {
        this.names = names;
        this.repository = repository;
        this.targets = targets;
        this.records = records;
    }

    @Override
    public Map<ImageReference, BuildState> of(Project project) throws IOException {
        var all = targets.all();
        if (all.isEmpty()) {
            return Map.of(); // as for most: no record is read
        }
        var known = records.all().stream()
                .filter(record -> record.repository().equals(repository))
                .toList();
        var states = new LinkedHashMap<ImageReference, BuildState>();
        for (var reference : references(project)) {
            var target = target(all, reference);
            if (target.isPresent()) {
                states.put(reference, readable(reference, all, target.get(), known));
            }
        }
        return states;
    }

    @Override
    public ImageOwners.Makers makers() {
        return names.othersAtOnce(repository); // of one plan
    }

    /** The same, where what the commit has of the build can be read: another commit may, and what runs is kept. */
    private BuildState readable(
            ImageReference reference, List<BuildTarget> all, BuildTarget target, List<BuildRecord> known)
            throws IOException {
        try {
            return state(reference, all, target, known);
        } catch (ContextException e) {
            return unreadable(reference, e);
        } catch (GitException e) {
            if (e.kind() != GitException.Kind.REFUSED) {
                throw e; // of this host, and another time it may be well
            }
            return unreadable(reference, e);
        }
    }

    private static BuildState unreadable(ImageReference reference, IOException why) {
        return new BuildState.Broken(reference.familiar() + " cannot be built from this commit: " + why.getMessage());
    }

    private BuildState state(
            ImageReference reference, List<BuildTarget> all, BuildTarget target, List<BuildRecord> known)
            throws IOException {
        switch (target.recipe()) {
            case Recipe.Entry _ -> {
                return BuildStates.ofTag(reference, target.push(), () -> targets.inputs(target), known);
            }
            case Recipe.OfService _ -> {
                var inputs = targets.inputs(target);
                for (var other : all) {
                    if (other.recipe() instanceof Recipe.OfService
                            && isOf(other, reference)
                            && !targets.inputs(other).equals(inputs)) {
                        return new BuildState.Broken(reference.familiar() + " is built by " + target.name() + " and by "
                                + other.name() + " from different things; give each an image of its own name");
                    }
                }
                return BuildStates.ofSection(reference, target.image(), inputs, known);
            }
        }
    }

    /** The target that makes the image; one that is named by its digest is that one, whoever has made it. */
    public static Optional<BuildTarget> target(List<BuildTarget> all, ImageReference reference) {
        return reference.digest().isPresent()
                ? Optional.empty()
                : all.stream().filter(target -> isOf(target, reference)).findFirst();
    }

    /** A section makes its service's image and none of other tags; whichever stack asks for it. */
    private static boolean isOf(BuildTarget target, ImageReference reference) {
        return switch (target.recipe()) {
            case Recipe.Entry _ -> BuiltImages.isOf(target.image(), reference);
            case Recipe.OfService(var _, var project, var name) ->
                Optional.ofNullable(project.services().get(name))
                        .flatMap(service -> BuiltImages.reference(project, service))
                        .filter(reference::equals)
                        .isPresent();
        };
    }

    /** Every image that the project's containers are made from, or mount. */
    private static Set<ImageReference> references(Project project) {
        var references = new LinkedHashSet<ImageReference>();
        for (var service : project.services().values()) {
            name(project, service).flatMap(CommitBuilds::reference).ifPresent(references::add);
            for (var mount : service.storage().mounts()) {
                if (mount instanceof Mount.Image image) {
                    reference(image.image()).ifPresent(references::add);
                }
            }
        }
        return references;
    }

    private static Optional<String> name(Project project, Service service) {
        return service.image().build().isPresent()
                ? Optional.of(BuiltImages.name(project, service))
                : service.image().reference().map(Written::text);
    }

    /** What is none is told by whoever translates the service. */
    private static Optional<ImageReference> reference(String text) {
        try {
            return Optional.of(ImageReference.parse(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
