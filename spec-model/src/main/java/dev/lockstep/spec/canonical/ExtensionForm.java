package dev.lockstep.spec.canonical;

import dev.lockstep.spec.canonical.Value.Fields;
import dev.lockstep.spec.canonical.Value.Items;
import dev.lockstep.spec.model.Data;
import dev.lockstep.spec.model.NamespaceMode;
import dev.lockstep.spec.model.ProjectExtension;
import dev.lockstep.spec.model.ServiceExtension;
import dev.lockstep.spec.model.VolumeExtension;
import java.util.Locale;

/** {@code x-lockstep}, and the {@code x-} keys of others. */
final class ExtensionForm {
    static final String KEY = "x-lockstep";

    private ExtensionForm() {}

    static Fields of(ProjectExtension extension) {
        var out = new Fields();
        extension.drift().ifPresent(drift -> {
            out.put(
                    "drift",
                    new Fields()
                            .put("mode", drift.mode().name().toLowerCase(Locale.ROOT))
                            .putTexts("ignore", drift.ignore()));
        });
        extension
                .users()
                .ifPresent(users -> out.put("userns", users instanceof NamespaceMode.Host ? "host" : "private"));
        return out;
    }

    static Fields of(ServiceExtension extension) {
        var out = new Fields();
        extension.schedule().ifPresent(schedule -> {
            out.put(
                    "schedule",
                    new Fields()
                            .put("cron", schedule.cron().text())
                            .put("zone", schedule.zone().getId()));
        });
        return out;
    }

    static Fields of(VolumeExtension extension) {
        return new Fields().putIf("single_writer", extension.singleWriter());
    }

    static Value data(Data data) {
        if (data instanceof Data.Entries entries) {
            var out = new Fields();
            entries.entries().forEach((key, value) -> out.put(key, data(value)));
            return out;
        } else if (data instanceof Data.Items items) {
            return new Items(items.items().stream().map(ExtensionForm::data).toList());
        } else if (data instanceof Data.Text text) {
            return new Value.Text(text.text());
        } else if (data instanceof Data.Numeral number) {
            return new Value.Numeral(number.digits());
        }
        return data instanceof Data.Flag flag ? new Value.Bool(flag.value()) : new Value.Null();
    }
}
