package dev.lockstep.spec.canonical;

import dev.lockstep.spec.canonical.Value.Bool;
import dev.lockstep.spec.canonical.Value.Fields;
import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.model.Mount;
import dev.lockstep.spec.model.MountOptions;
import dev.lockstep.spec.model.Written;

/** {@code volumes} of a service in their long form. */
final class MountForm {
    private final Presentation presentation;

    MountForm(Presentation presentation) {
        this.presentation = presentation;
    }

    Fields of(Mount mount) {
        var out = new Fields().put("type", mount.type());
        mount.from().ifPresent(from -> out.put("source", mount instanceof Mount.Bind ? presentation.path(from) : from));
        out.put("target", mount.target()).putIf("read_only", mount.readOnly());
        var options = mount.options();
        out.putText("consistency", options.consistency());
        options.bind().ifPresent(bind -> out.put("bind", bind(bind)));
        options.volume().ifPresent(volume -> out.put("volume", volume(volume)));
        options.tmpfs().ifPresent(tmpfs -> out.put("tmpfs", tmpfs(tmpfs)));
        options.image().ifPresent(image -> out.put("image", new Fields().putText("subpath", image.subpath())));
        return out;
    }

    private static Fields bind(MountOptions.Bind bind) {
        var out = new Fields()
                .putText("selinux", bind.selinux())
                .putText("propagation", bind.propagation().map(Written::text));
        if (!bind.createHostPath()) {
            out.put("create_host_path", new Bool(false));
        }
        return out.putText("recursive", bind.recursive());
    }

    private static Fields volume(MountOptions.Volume volume) {
        return new Fields()
                .putMap("labels", volume.labels())
                .putIf("nocopy", volume.noCopy())
                .putText("subpath", volume.subpath());
    }

    private static Fields tmpfs(MountOptions.Tmpfs tmpfs) {
        return new Fields()
                .putText("size", tmpfs.size().filter(s -> s.bytes() != 0).map(ByteSize::toString))
                .putNumber("mode", tmpfs.mode().map(mode -> mode.bits()).filter(bits -> bits != 0));
    }
}
