package dev.lockstep.spec.canonical;

import dev.lockstep.spec.canonical.Value.Fields;
import dev.lockstep.spec.canonical.Value.Items;
import dev.lockstep.spec.canonical.Value.Null;
import dev.lockstep.spec.canonical.Value.Text;
import dev.lockstep.spec.model.Develop;
import dev.lockstep.spec.model.Hook;
import dev.lockstep.spec.model.Watch;

/** Hooks and {@code develop} in their long forms. */
final class HookForm {
    private final Presentation presentation;
    private final boolean explicit;

    /** @param explicit whether an absent {@code exec} is written out */
    HookForm(Presentation presentation, boolean explicit) {
        this.presentation = presentation;
        this.explicit = explicit;
    }

    Fields of(Hook hook) {
        var out = new Fields();
        if (hook.command().isPresent()) {
            out.put(
                    "command",
                    new Items(hook.command().get().stream().map(Text::new).toList()));
        } else {
            // Absent it would be missed when the text is read again.
            out.put("command", new Null());
        }
        return out.putText("image", hook.image())
                .putIf("per_replica", hook.perReplica())
                .putText("user", hook.user())
                .putIf("privileged", hook.privileged())
                .putText("working_dir", hook.workingDirectory())
                .putMap(
                        "environment",
                        hook.environment(),
                        value -> value.<Value>map(Text::new).orElseGet(Null::new));
    }

    Fields of(Develop develop) {
        return new Fields().putItems("watch", develop.watch(), this::watch);
    }

    private Fields watch(Watch watch) {
        var out = new Fields()
                .put("path", presentation.path(watch.path()))
                .put("action", watch.action().word())
                .putText("target", watch.target());
        if (watch.exec().isPresent()) {
            out.put("exec", of(watch.exec().get()));
        } else if (explicit) {
            out.put("exec", new Fields().put("command", new Null()));
        }
        return out.putTexts("include", watch.include())
                .putTexts("ignore", watch.ignore())
                .putIf("initial_sync", watch.initialSync());
    }
}
