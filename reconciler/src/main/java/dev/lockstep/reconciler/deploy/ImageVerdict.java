package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.Resolution;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.spec.yaml.Problem;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What is to be said of the images of a stack, each at the place where the files name it.
 *
 * @param refusals which images may not run, and by which rule
 * @param problems which images cannot be had
 * @param notes what could not be looked up again; nothing is wrong with what runs
 * @param waits for which builds
 * @param wanted images that are to be built and that nobody has been asked for yet
 * @param next when there is reason to look again
 */
record ImageVerdict(
        List<String> refusals,
        List<Problem> problems,
        List<Problem> notes,
        List<Problem> waits,
        Set<ImageReference> wanted,
        Optional<Instant> next) {
    /** Asks about every image that a container of the stack is to be made from. */
    static ImageVerdict of(Desired desired, ImageResolver images, ImageGate gate) {
        var refusals = new ArrayList<String>();
        var problems = new ArrayList<Problem>();
        var notes = new ArrayList<Problem>();
        var waits = new ArrayList<Problem>();
        var wanted = new LinkedHashSet<ImageReference>();
        for (var service : desired.services()) {
            var slot = service.slots().stream().findFirst();
            if (slot.isEmpty()) {
                continue; // scaled to nothing
            }
            var path = "services." + service.name();
            var asked = new ArrayList<Asked>();
            asked.add(new Asked(slot.get().spec().image(), slot.get().image(), path + ".image"));
            // Programs out of a mounted image may be run as well as those of its own.
            slot.get()
                    .mounted()
                    .forEach((reference, resolution) -> asked.add(new Asked(reference, resolution, path + ".volumes")));
            for (var image : asked) {
                var problem = images.problem(image.reference());
                problem.ifPresent(why -> problems.add(problem(desired, image, why)));
                var refused =
                        problem.isEmpty() ? gate.refusals(image.reference(), image.resolution()) : List.<String>of();
                // What could not run when it is built is not waited for.
                images.waits(image.reference()).filter(_ -> refused.isEmpty()).ifPresent(why -> {
                    waits.add(problem(desired, image, why));
                    if (images.isWanted(image.reference())) {
                        wanted.add(image.reference());
                    }
                });
                images.note(image.reference()).ifPresent(why -> notes.add(problem(desired, image, why)));
                refused.forEach(why ->
                        refusals.add(problem(desired, image, image.reference().familiar() + ": " + why)
                                .toString()));
            }
        }
        var next =
                Stream.of(images.next(), gate.next()).flatMap(Optional::stream).min(Instant::compareTo);
        return new ImageVerdict(
                List.copyOf(refusals), List.copyOf(problems), List.copyOf(notes), List.copyOf(waits), wanted, next);
    }

    /** An image and the place in the files that asks for it. */
    private record Asked(ImageReference reference, Resolution resolution, String path) {}

    private static Problem problem(Desired desired, Asked image, String why) {
        return new Problem(desired.sources().at(image.path()), image.path(), why);
    }
}
