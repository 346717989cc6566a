package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.model.MountOptions;
import dev.lockstep.spec.model.Propagation;
import dev.lockstep.spec.model.Written;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A mount in the form {@code [SOURCE:]TARGET[:OPTION[,OPTION]]}.
 *
 * @param ignored options that mean nothing
 */
record ShortMount(Mount mount, List<String> ignored) {
    private static final MountOptions PLAIN_VOLUME = new MountOptions(
            Optional.empty(),
            Optional.empty(),
            Optional.of(new MountOptions.Volume(Map.of(), false, Optional.empty())),
            Optional.empty(),
            Optional.empty());
    private static final Pattern WINDOWS = Pattern.compile("[a-zA-Z]:\\\\.*|\\\\\\\\.*");

    /** Compose does not look further into so short a text, and prints it without options. */
    private static final int SHORTEST = 2;

    /** @throws IllegalArgumentException with a sentence for the user */
    static ShortMount parse(String text, HostPaths paths) {
        if (text.isEmpty()) {
            throw new IllegalArgumentException("invalid empty volume spec. Write SOURCE:TARGET, such as ./data:/data");
        }
        if (WINDOWS.matcher(text).matches()) {
            throw new IllegalArgumentException("invalid spec: " + text
                    + ": a path of Windows. Hosts run Linux: write a path with /, such as ./data:/data");
        }
        var parts = text.split(":", -1);
        if (parts.length > 3) {
            throw new IllegalArgumentException(
                    "invalid spec: " + text + ": too many colons. Write SOURCE:TARGET:OPTIONS");
        }
        for (var part : parts) {
            if (part.isEmpty()) {
                throw new IllegalArgumentException(
                        "invalid spec: " + text + ": empty section between colons. Write SOURCE:TARGET:OPTIONS");
            }
        }
        if (parts.length == 1) {
            return new ShortMount(
                    new Mount.AnonymousVolume(
                            target(text), false, text.length() <= SHORTEST ? MountOptions.NONE : PLAIN_VOLUME),
                    List.of());
        }
        var options = new Options(isPath(parts[0]), parts.length == 3 ? parts[2] : "");
        var target = target(parts[1]);
        return new ShortMount(
                options.bind
                        ? new Mount.Bind(paths.path(parts[0]), target, options.readOnly, options.written())
                        : new Mount.NamedVolume(parts[0], target, options.readOnly, options.written()),
                options.ignored);
    }

    /** What to say of an option that means nothing. */
    static String unknown(String option) {
        return "the option \"" + option + "\" has no meaning and is ignored. There are ro, rw, nocopy, z, Z and the"
                + " kinds of propagation: private, rprivate, shared, rshared, slave, rslave";
    }

    /** A path in the container, cleaned. */
    static String target(String text) {
        var clean = TreePaths.clean(text);
        return clean.isEmpty() ? "." : clean;
    }

    private static boolean isPath(String source) {
        var first = source.charAt(0);
        return first == '.' || first == '/' || first == '~';
    }

    /** The third section, word by word; of contradictory words the last counts. */
    private static final class Options {
        private final boolean bind;
        private boolean readOnly;
        private boolean noCopy;
        private Optional<String> selinux = Optional.empty();
        private Optional<Written<Propagation>> propagation = Optional.empty();
        private final List<String> ignored = new ArrayList<>();

        Options(boolean bind, String text) {
            this.bind = bind;
            if (!text.isEmpty()) {
                for (var option : text.split(",", -1)) {
                    read(option);
                }
            }
        }

        private void read(String option) {
            switch (option) {
                case "ro" -> readOnly = true;
                case "rw" -> readOnly = false;
                case "nocopy" -> noCopy = true;
                case "z", "Z" -> selinux = Optional.of(option);
                case "private", "rprivate", "shared", "rshared", "slave", "rslave" ->
                    propagation = Optional.of(Written.of(option, Propagation::parse));
                default -> ignored.add(option);
            }
        }

        /** The block of the mount's own type is always there, the other one where a word belongs to it. */
        MountOptions written() {
            if (!noCopy && selinux.isEmpty() && propagation.isEmpty()) {
                return bind ? MountOptions.bind(true) : PLAIN_VOLUME;
            }
            var ofBind = new MountOptions.Bind(selinux, propagation, true, Optional.empty());
            var ofVolume = new MountOptions.Volume(Map.of(), noCopy, Optional.empty());
            return new MountOptions(
                    Optional.empty(),
                    bind || selinux.isPresent() || propagation.isPresent() ? Optional.of(ofBind) : Optional.empty(),
                    !bind || noCopy ? Optional.of(ofVolume) : Optional.empty(),
                    Optional.empty(),
                    Optional.empty());
        }
    }
}
