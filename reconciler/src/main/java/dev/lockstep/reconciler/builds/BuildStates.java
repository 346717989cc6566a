package dev.lockstep.reconciler.builds;

import dev.lockstep.reconciler.deploy.StackBuilds.BuildState;
import dev.lockstep.runtime.image.ImageReference;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Which digest an image's tag means, by the builds of its repository. What was built once is not built again for who
 * asks again: the newest build that succeeded counts, whatever became of others of that name since. Only where the
 * files of the very commit that asks are being built, or could not be, it counts for nothing: who pushes a change
 * together with its image wants both or neither.
 */
public final class BuildStates {
    private BuildStates() {}

    /**
     * What identifies what goes into a target's image, as the commit that asks has it; see {@link BuildOrder#inputs}.
     */
    @FunctionalInterface
    interface Inputs {
        String find() throws IOException;
    }

    /**
     * Of a tag that an entry of {@code builds:} makes.
     *
     * @param reference with a tag
     * @param pushed whether builds of it are pushed: then another host's may be in its registry
     * @param inputs asked for only where it matters
     * @param records of the repository, the newest first
     */
    static BuildState ofTag(ImageReference reference, boolean pushed, Inputs inputs, List<BuildRecord> records)
            throws IOException {
        var named = records.stream()
                .filter(record -> names(record, reference) && record.state() != BuildRecord.State.SUPERSEDED)
                .toList();
        var succeeded = first(named, BuildStates::counts);
        if (succeeded.isEmpty()) {
            return named.isEmpty()
                    ? new BuildState.Missing(
                            "waits for a build of " + reference.familiar() + ": this host has none", pushed, true)
                    : open(reference, named.getFirst(), pushed);
        }
        var newer = named.stream()
                .filter(record -> record.number() > succeeded.get().number())
                .filter(record -> record.state() != BuildRecord.State.REFUSED)
                .toList();
        if (!newer.isEmpty()) {
            var now = inputs.find();
            var ofThisCommit = first(newer, record -> record.inputs().equals(now));
            if (ofThisCommit.isPresent() && !succeeded.get().inputs().equals(now)) {
                return open(reference, ofThisCommit.get(), pushed);
            }
        }
        return built(succeeded.get());
    }

    /**
     * Of the image of a service's {@code build} section: it means what the section says now, whatever its tag.
     *
     * @param image the reference without its tag, as the target has it
     * @param inputs of the section
     * @param records of the repository, the newest first
     */
    static BuildState ofSection(ImageReference reference, String image, String inputs, List<BuildRecord> records) {
        var ofImage = records.stream()
                .filter(record -> record.image().equals(image))
                .filter(record -> record.state() != BuildRecord.State.SUPERSEDED)
                .toList();
        var same = ofImage.stream()
                .filter(record -> record.inputs().equals(inputs))
                .toList();
        var succeeded = first(same, BuildStates::counts);
        if (succeeded.isPresent()) {
            return built(succeeded.get());
        }
        if (!same.isEmpty()) {
            return open(reference, same.getFirst(), false);
        }
        var why = first(ofImage, BuildStates::counts)
                .map(last -> "what it is built from has changed since build " + last.number())
                .orElse("this host has not built it yet");
        return new BuildState.Missing("waits for a build of " + reference.familiar() + ": " + why, false, false);
    }

    /** Whether the image of a build got that name, or is to get it. */
    public static boolean names(BuildRecord record, ImageReference reference) {
        return references(record).contains(reference);
    }

    /** The names that the image of a build got, or is to get. */
    static List<ImageReference> references(BuildRecord record) {
        return record.tags().stream()
                .flatMap(tag -> reference(record.image() + ":" + tag).stream())
                .toList();
    }

    private static Optional<ImageReference> reference(String text) {
        try {
            return Optional.of(ImageReference.parse(text));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // of a file that was refused
        }
    }

    private static boolean counts(BuildRecord record) {
        return record.state() == BuildRecord.State.SUCCEEDED && record.digest().isPresent();
    }

    private static Optional<BuildRecord> first(List<BuildRecord> records, Predicate<BuildRecord> wanted) {
        return records.stream().filter(wanted).findFirst();
    }

    private static BuildState built(BuildRecord record) {
        return new BuildState.Built(record.digest().orElseThrow(), record.number(), record.pushed());
    }

    /** One that has not succeeded. */
    private static BuildState open(ImageReference reference, BuildRecord record, boolean pushed) {
        var build = "build " + record.number() + " of " + reference.familiar();
        return switch (record.state()) {
            // Without how far it is: that would be news each time.
            case QUEUED, BUILDING, TESTING -> new BuildState.Pending(record.number(), "waits for " + build, pushed);
            case FAILED ->
                new BuildState.Broken(build + " failed: " + sentence(record.problem()) + ". 'lockstep builds logs "
                        + record.number() + "' shows what it said, 'lockstep builds retry " + record.number()
                        + "' tries it again");
            case REFUSED ->
                new BuildState.Broken(build + " is refused: " + sentence(record.problem()) + ". 'lockstep builds show "
                        + record.number() + "' tells more");
            case SUCCEEDED, SUPERSEDED ->
                throw new IllegalArgumentException(build + " is " + record.state() + " and not open");
        };
    }

    private static String sentence(String problem) {
        var line = problem.strip();
        return line.endsWith(".") ? line.substring(0, line.length() - 1) : line;
    }
}
