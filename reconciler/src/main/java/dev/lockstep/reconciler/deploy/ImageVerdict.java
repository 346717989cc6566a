package dev.lockstep.reconciler.deploy;

import dev.lockstep.reconciler.desired.Desired;
import dev.lockstep.reconciler.desired.DesiredContainer;
import dev.lockstep.spec.yaml.Problem;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What is to be said of the images of a stack, each at the place where the files name it.
 *
 * @param refusals which images may not run, and by which rule
 * @param problems which images cannot be had
 * @param notes what could not be looked up again; nothing is wrong with what runs
 * @param next when there is reason to look again
 */
record ImageVerdict(List<String> refusals, List<Problem> problems, List<Problem> notes, Optional<Instant> next) {
    /** Asks about every image that a container of the stack is to be made from. */
    static ImageVerdict of(Desired desired, ImageResolver images, ImageGate gate) {
        var refusals = new ArrayList<String>();
        var problems = new ArrayList<Problem>();
        var notes = new ArrayList<Problem>();
        for (var service : desired.services()) {
            var slot = service.slots().stream().findFirst();
            if (slot.isEmpty()) {
                continue; // scaled to nothing
            }
            var reference = slot.get().spec().image();
            var problem = images.problem(reference);
            problem.ifPresent(why -> problems.add(problem(desired, slot.get(), why)));
            images.note(reference).ifPresent(why -> notes.add(problem(desired, slot.get(), why)));
            if (problem.isEmpty()) {
                gate.refusals(reference, slot.get().image())
                        .forEach(why -> refusals.add(problem(desired, slot.get(), reference.familiar() + ": " + why)
                                .toString()));
            }
        }
        var next =
                Stream.of(images.next(), gate.next()).flatMap(Optional::stream).min(Instant::compareTo);
        return new ImageVerdict(List.copyOf(refusals), List.copyOf(problems), List.copyOf(notes), next);
    }

    private static Problem problem(Desired desired, DesiredContainer container, String why) {
        var path = "services." + container.spec().service() + ".image";
        return new Problem(desired.sources().at(path), path, why);
    }
}
