package dev.lockstep.spec.canonical;

import dev.lockstep.spec.canonical.Value.Fields;
import dev.lockstep.spec.canonical.Value.Items;
import dev.lockstep.spec.model.Data;
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
        return switch (data) {
            case Data.Nothing() -> new Value.Null();
            case Data.Flag(var value) -> new Value.Bool(value);
            case Data.Numeral(var value) -> new Value.Decimal(value);
            case Data.Text(var text) -> new Value.Text(text);
            case Data.Items(var items) ->
                new Items(items.stream().map(ExtensionForm::data).toList());
            case Data.Entries(var entries) -> {
                var out = new Fields();
                entries.forEach((key, value) -> out.put(key, data(value)));
                yield out;
            }
        };
    }
}
