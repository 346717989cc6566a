package dev.lockstep.spec.canonical;

import dev.lockstep.spec.canonical.Value.Fields;
import dev.lockstep.spec.model.Project;
import java.util.TreeMap;

/** The long form of everything. */
final class CanonicalForm {
    private final Presentation presentation;
    private final ServiceForm services;
    private final NetworkForm networks;
    private final FileObjectForm objects;

    /** @param explicit whether absent commands and empty blocks are written out, as docker compose does in JSON */
    CanonicalForm(Presentation presentation, boolean explicit) {
        this.presentation = presentation;
        this.services = new ServiceForm(presentation, explicit);
        this.networks = new NetworkForm(explicit);
        this.objects = new FileObjectForm(presentation);
    }

    Value of(Project project) {
        var root = new Fields().put("name", project.name());
        var sorted = new Fields();
        new TreeMap<>(project.services()).forEach((name, service) -> sorted.put(name, services.of(service)));
        root.put("services", sorted)
                .putMap("networks", project.networks(), networks::of)
                .putMap("volumes", project.volumes(), objects::of)
                .putMap("secrets", project.secrets(), objects::of)
                .putMap("configs", project.configs(), objects::of)
                .putMap("models", project.models(), SettingsForm::model);
        project.extension().ifPresent(extension -> root.put(ExtensionForm.KEY, ExtensionForm.of(extension)));
        new TreeMap<>(project.extensions()).forEach((key, data) -> root.put(key, ExtensionForm.data(data)));
        if (!presentation.normalized()) {
            new AsWritten(project.sources()).apply(root);
        }
        return presentation.filledIn() ? root : verbatim(root);
    }

    /** The same document with every text as it is. */
    private static Value verbatim(Value value) {
        if (value instanceof Value.Items items) {
            return new Value.Items(
                    items.values().stream().map(CanonicalForm::verbatim).toList());
        } else if (value instanceof Fields fields) {
            var out = new Fields();
            fields.values().forEach((key, field) -> out.put(key, verbatim(field)));
            return out;
        }
        return value instanceof Value.Text text ? new Value.Verbatim(text.text()) : value;
    }
}
