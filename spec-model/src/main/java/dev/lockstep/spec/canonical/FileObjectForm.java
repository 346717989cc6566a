package dev.lockstep.spec.canonical;

import dev.lockstep.spec.canonical.Value.Bool;
import dev.lockstep.spec.canonical.Value.Fields;
import dev.lockstep.spec.model.Config;
import dev.lockstep.spec.model.FileContent;
import dev.lockstep.spec.model.FileMode;
import dev.lockstep.spec.model.Grant;
import dev.lockstep.spec.model.Secret;
import dev.lockstep.spec.model.Volume;
import java.util.LinkedHashMap;

/** Secrets, configs, who is granted them, and volumes in their long forms. The value of a variable never appears. */
final class FileObjectForm {
    private final Presentation presentation;

    FileObjectForm(Presentation presentation) {
        this.presentation = presentation;
    }

    Fields of(Secret secret) {
        var out = new Fields().put("name", secret.name());
        content(out, secret.content());
        return out.putMap("labels", secret.labels())
                .putText("driver", secret.driver())
                .putMap("driver_opts", secret.driverOptions())
                .putText("template_driver", secret.templateDriver());
    }

    Fields of(Config config) {
        var out = new Fields().put("name", config.name());
        content(out, config.content());
        return out.putMap("labels", config.labels()).putText("template_driver", config.templateDriver());
    }

    private void content(Fields out, FileContent content) {
        if (content instanceof FileContent.File file) {
            out.put("file", absolute(file.path()));
        } else if (content instanceof FileContent.Variable variable) {
            out.put("environment", variable.name());
        } else if (content instanceof FileContent.Inline inline) {
            out.put("content", inline.text());
        } else if (content instanceof FileContent.External) {
            out.put("external", new Bool(true));
        }
    }

    private String absolute(String path) {
        return presentation.path(path);
    }

    Fields of(Volume volume) {
        var options = new LinkedHashMap<>(volume.driverOptions());
        if (volume.bindsDirectory()) {
            options.computeIfPresent("device", (key, device) -> absolute(device));
        }
        var out = new Fields()
                .put("name", volume.name())
                .putText("driver", volume.driver())
                .putMap("driver_opts", options)
                .putIf("external", volume.external())
                .putMap("labels", volume.labels());
        volume.extension().ifPresent(extension -> out.put(ExtensionForm.KEY, ExtensionForm.of(extension)));
        return out;
    }

    static Fields grant(Grant grant) {
        return new Fields()
                .put("source", grant.source())
                .putText("target", grant.target())
                .putText("uid", grant.uid())
                .putText("gid", grant.gid())
                .putText("mode", grant.mode().map(FileMode::toString));
    }
}
