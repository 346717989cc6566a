package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.building.BuildSources;
import dev.lockstep.reconciler.building.ImageTags;
import dev.lockstep.reconciler.building.ImagesInUse;
import dev.lockstep.reconciler.builds.BuildTags;
import dev.lockstep.reconciler.builds.BuildTarget;
import dev.lockstep.reconciler.builds.Occasion;
import dev.lockstep.reconciler.builds.SeenRefsFiles;
import dev.lockstep.reconciler.history.RevisionFiles;
import dev.lockstep.reconciler.history.StackStatus;
import dev.lockstep.reconciler.history.StatusFiles;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.image.Digest;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What builds need of the repositories and stacks of an agent. */
record FollowedBuilds(Engine engine, List<Follower> followers) implements BuildSources, ImageTags, ImagesInUse {
    FollowedBuilds {
        followers = List.copyOf(followers);
    }

    @Override
    public List<Source> find(String repository, String commit) throws IOException {
        var found = new ArrayList<Source>();
        for (var follower : followers) {
            if (follower.repository().url().equals(repository)) {
                follower.targets().toBuild(commit).ifPresent(found::add);
            }
        }
        return List.copyOf(found);
    }

    @Override
    public void bring(String repository, Occasion occasion) throws IOException {
        for (var follower : followers) {
            // Several that follow one repository may have one clone.
            if (follower.repository().url().equals(repository)
                    && follower.targets().toBuild(occasion.commit()).isEmpty()) {
                follower.bring(occasion);
            }
        }
    }

    @Override
    public List<String> fill(BuildTarget target, Occasion occasion, Source source, long number) throws IOException {
        var tags = new TreeSet<String>();
        for (var follower : followers) {
            if (follower.repository().url().equals(source.tree().revision().repository())) {
                tags.addAll(new SeenRefsFiles(engine.root())
                        .read(follower.repository().key())
                        .tags());
            }
        }
        return BuildTags.of(target, occasion, source.tree().committed(), number, tags);
    }

    @Override
    public Set<Digest> digests() throws IOException {
        var used = new HashSet<Digest>();
        for (var container : engine.containers().observe()) {
            used.addAll(container.record().spec().images());
        }
        var statuses = new StatusFiles(engine.root());
        var stacks = Stream.concat(
                        statuses.all().stream().map(StackStatus::stack),
                        statuses.unusable().stream().map(StatusFiles.Unusable::stack))
                .toList();
        for (var stack : stacks) {
            new RevisionFiles(engine.root(), stack)
                    .good()
                    .ifPresent(good -> good.services().stream()
                            .flatMap(service -> service.containers().stream())
                            .forEach(spec -> used.addAll(spec.images())));
        }
        return used;
    }
}
