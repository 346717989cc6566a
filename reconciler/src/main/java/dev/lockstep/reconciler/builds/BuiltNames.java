package dev.lockstep.reconciler.builds;

import dev.lockstep.reconciler.deploy.ImageOwners;
import dev.lockstep.runtime.image.Digest;
import dev.lockstep.runtime.image.ImageReference;
import dev.lockstep.runtime.image.ImageStore;
import dev.lockstep.runtime.image.TaggedImage;
import dev.lockstep.runtime.linux.Flock;
import dev.lockstep.runtime.store.Root;
import dev.lockstep.runtime.store.StateFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

/**
 * Which repository's build gave an image of this host its name, in {@code builds/names.json}: it outlives the records
 * of builds, of which the oldest are forgotten. What has got its name otherwise since is not in it any more.
 */
public final class BuiltNames {
    private final BuildRecords records;
    private final StateFile<Names> state;

    /** @param repository URL without credentials */
    record Given(String name, Digest digest, String repository) {}

    /** All that are known. */
    public record Names(List<Given> given) {
        public Names {
            given = List.copyOf(given);
        }

        /** The repositories whose builds gave that image that name; none when nobody's did. */
        public Set<String> makers(ImageReference name, Digest digest) {
            var text = name.toString();
            return given.stream()
                    .filter(one -> one.name().equals(text) && one.digest().equals(digest))
                    .map(Given::repository)
                    .collect(Collectors.toUnmodifiableSet());
        }
    }

    /** Of that root. */
    public BuiltNames(Root root) {
        this.records = new BuildRecords(root);
        this.state = root.stateFile(Names.class, 1);
    }

    /** What is known now. A root of an earlier version has only records to tell it. */
    public Names read() throws IOException {
        var written = state.read(records.names());
        return written.isPresent() ? written.get() : ofRecords();
    }

    private Names ofRecords() throws IOException {
        var given = new ArrayList<Given>();
        for (var record : records.all()) {
            if (record.state() == BuildRecord.State.SUCCEEDED && record.digest().isPresent()) {
                for (var name : BuildStates.references(record)) {
                    given.add(new Given(name.toString(), record.digest().get(), record.repository()));
                }
            }
        }
        return new Names(given);
    }

    /** Of images that builds of other repositories have named; read at each question, since builds take long. */
    public ImageOwners.Makers othersThan(String repository) {
        return (name, digest) -> other(read(), repository, name, digest);
    }

    /**
     * The same for who has many questions: records are read at the first one only. The file is looked at each time,
     * since an image that is found by a name meanwhile may have got it from a build that has written here first.
     */
    public ImageOwners.Makers othersAtOnce(String repository) {
        var recorded = new AtomicReference<>(Optional.<Names>empty());
        return (name, digest) -> {
            var written = state.read(records.names());
            if (written.isPresent()) {
                return other(written.get(), repository, name, digest);
            }
            if (recorded.get().isEmpty()) {
                recorded.set(Optional.of(ofRecords()));
            }
            return other(recorded.get().orElseThrow(), repository, name, digest);
        };
    }

    private static Optional<String> other(Names known, String repository, ImageReference name, Digest digest) {
        var makers = known.makers(name, digest);
        return makers.contains(repository) ? Optional.empty() : makers.stream().min(String::compareTo);
    }

    /** Looks at what is known before names are given, and refuses. */
    @FunctionalInterface
    public interface Check {
        void require(Names known) throws IOException;
    }

    /** Gives the names. */
    @FunctionalInterface
    public interface Naming {
        void give() throws IOException;
    }

    /**
     * Has a build's image named, and writes down by whom. Nobody else's build names anything meanwhile, in whatever
     * process; killed in between, what was written says nothing of the image that has the name.
     *
     * @param repository whose build it is
     */
    public void give(
            ImageStore images, List<ImageReference> names, Digest digest, String repository, Check check, Naming naming)
            throws IOException {
        try (var _ = Flock.exclusive(records.numbers())) {
            var known = read();
            check.require(known);
            var all = new ArrayList<>(standing(images, known));
            for (var name : names) {
                var own = new Given(name.toString(), digest, repository);
                if (!all.contains(own)) {
                    all.add(own);
                }
            }
            Root.directory(records.builds());
            state.write(records.names(), new Names(all));
            naming.give();
        }
    }

    /** Those whose image still has the name. */
    private static List<Given> standing(ImageStore images, Names known) throws IOException {
        var here = new HashSet<String>();
        for (TaggedImage image : images.list()) {
            image.reference().ifPresent(name -> here.add(name + " " + image.digest()));
        }
        return known.given().stream()
                .filter(one -> here.contains(one.name() + " " + one.digest()))
                .toList();
    }
}
