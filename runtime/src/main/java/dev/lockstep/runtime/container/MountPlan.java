package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.DetachedMount;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.Fd;
import dev.lockstep.runtime.linux.LinuxException;
import dev.lockstep.runtime.linux.RawPath;
import dev.lockstep.runtime.oci.BundleMount;
import dev.lockstep.runtime.volume.Volumes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** What is mounted into a container: files of ours, what was asked for, and the image's own volumes. */
final class MountPlan {
    private MountPlan() {}

    /** A volume at a place, and whether an empty one takes the image's content. */
    record VolumeUse(String volume, String target, boolean copy) {}

    /** Checks targets before anything is made. */
    static void check(ContainerSpec spec) throws ContainerException {
        var seen = new TreeMap<String, MountSpec>();
        for (var mount : spec.mounts()) {
            var target = mount.target();
            if (!target.startsWith("/")
                    || !Path.of(target).normalize().toString().equals(target)
                    || target.equals("/")
                    || isBelow(target, "/proc")
                    || isBelow(target, "/sys")) {
                throw invalid(
                        spec,
                        "cannot mount at \"" + target
                                + "\": a target is an absolute, clean path, not / and nothing in /proc or /sys");
            }
            if (seen.putIfAbsent(target, mount) != null) {
                throw invalid(spec, "mounts two things at " + target);
            }
        }
    }

    private static boolean isBelow(String path, String directory) {
        return path.equals(directory) || path.startsWith(directory + "/");
    }

    private static ContainerException invalid(ContainerSpec spec, String what) {
        return new ContainerException(
                ContainerException.Reason.INVALID, "container " + spec.name() + ": " + what + ".");
    }

    /** The volumes that it uses. */
    static List<VolumeUse> volumes(ContainerSpec spec, java.util.Map<String, String> anonymous) {
        var uses = new ArrayList<VolumeUse>();
        for (var mount : spec.mounts()) {
            if (mount instanceof MountSpec.Volume volume) {
                uses.add(new VolumeUse(volume.name(), volume.target(), !volume.noCopy()));
            }
        }
        anonymous.forEach((target, name) -> uses.add(new VolumeUse(name, target, true)));
        return uses;
    }

    /**
     * The mounts of a start.
     *
     * @throws ContainerException when a source is missing
     */
    static List<BundleMount> of(ContainerRecord record, ContainerFiles files, Volumes volumes) throws IOException {
        var spec = record.spec();
        var anonymous = record.made().anonymousVolumes();
        var mounts = new TreeMap<String, BundleMount>();
        for (var own : List.of(files.hosts(), files.hostname(), files.resolvConf())) {
            var target = "/etc/" + own.getFileName();
            mounts.put(target, BundleMount.bind(own.toString(), target, false));
        }
        anonymous.forEach((target, name) ->
                mounts.put(target, BundleMount.bind(volumes.path(name).toString(), target, false)));
        for (var mount : spec.mounts()) {
            mounts.put(
                    mount.target(),
                    switch (mount) {
                        case MountSpec.Bind bind -> bind(spec, bind, files);
                        case MountSpec.Volume volume -> {
                            if (volumes.find(volume.name()).isEmpty()) {
                                throw invalid(spec, "there is no volume \"" + volume.name() + "\"");
                            }
                            yield BundleMount.bind(
                                    volumes.path(volume.name()).toString(), volume.target(), volume.readOnly());
                        }
                        case MountSpec.Anonymous own ->
                            BundleMount.bind(
                                    volumes.path(anonymous.getOrDefault(own.target(), ""))
                                            .toString(),
                                    own.target(),
                                    own.readOnly());
                        case MountSpec.Tmpfs tmpfs -> tmpfs(tmpfs);
                    });
        }
        return List.copyOf(mounts.values());
    }

    private static BundleMount bind(ContainerSpec spec, MountSpec.Bind bind, ContainerFiles files) throws IOException {
        if (bind.base().isPresent()) {
            return BundleMount.bind(
                    pinned(spec, bind, bind.base().get(), files).toString(), bind.target(), bind.readOnly());
        }
        if (Files.notExists(bind.source())) {
            if (!bind.create()) {
                throw invalid(
                        spec,
                        "the bind source " + bind.source() + " (mounted at " + bind.target()
                                + ") does not exist; create it, or set create_host_path");
            }
            Files.createDirectories(bind.source());
        }
        return BundleMount.bind(bind.source().toString(), bind.target(), bind.readOnly());
    }

    /**
     * Mounts the source, found without following a link, at a place of ours that the runtime may look up by name: a
     * container that turns a directory of its own into a link to {@code /etc} gains nothing (CVE-2021-25741 and its
     * kind).
     */
    private static Path pinned(ContainerSpec spec, MountSpec.Bind bind, Path base, ContainerFiles files)
            throws IOException {
        var path = base.relativize(bind.source()).toString();
        try (var directory = Directory.open(base);
                var source = path.isEmpty() ? Fd.openPath(base) : directory.placeBeneath(RawPath.of(path))) {
            Files.createDirectories(files.pins());
            var pin = files.pins().resolve(String.valueOf(spec.mounts().indexOf(bind)));
            if (Files.isDirectory(source.procPath())) {
                Files.createDirectory(pin);
            } else {
                Files.createFile(pin);
            }
            try (var mount = DetachedMount.bindRecursively(source);
                    var place = Fd.openPath(pin)) {
                mount.attach(place);
            }
            return pin;
        } catch (LinuxException e) {
            throw new ContainerException(
                    ContainerException.Reason.INVALID,
                    "container " + spec.name() + ": the bind source " + bind.source() + " (mounted at "
                            + bind.target() + ") "
                            + (e.isGone() ? "does not exist" : "cannot be reached without following a link")
                            + "; look at what stands there.",
                    e);
        }
    }

    private static BundleMount tmpfs(MountSpec.Tmpfs tmpfs) {
        var options = new ArrayList<>(List.of("noexec", "nosuid", "nodev", "rprivate"));
        options.add("mode=" + Integer.toOctalString(tmpfs.mode().orElse(01777)));
        tmpfs.size().ifPresent(size -> options.add("size=" + size));
        if (tmpfs.readOnly()) {
            options.add("ro");
        }
        return new BundleMount(tmpfs.target(), "tmpfs", "tmpfs", options);
    }
}
