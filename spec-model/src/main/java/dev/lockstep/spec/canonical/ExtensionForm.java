package dev.lockstep.spec.canonical;

import dev.lockstep.spec.canonical.Value.Fields;
import dev.lockstep.spec.canonical.Value.Items;
import dev.lockstep.spec.model.Data;
import dev.lockstep.spec.model.NamespaceMode;
import dev.lockstep.spec.model.ProjectExtension;
import dev.lockstep.spec.model.Schedule;
import dev.lockstep.spec.model.ServiceExtension;
import dev.lockstep.spec.model.VolumeExtension;
import java.time.LocalDate;
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
                            .putItems("ignore", drift.ignore(), ExtensionForm::ignored));
        });
        extension
                .users()
                .ifPresent(users -> out.put("userns", users instanceof NamespaceMode.Host ? "host" : "private"));
        return out;
    }

    private static Value ignored(ProjectExtension.Ignored ignored) {
        return ignored.reason().isEmpty() && ignored.until().isEmpty()
                ? new Value.Text(ignored.path())
                : new Fields()
                        .put("path", ignored.path())
                        .putText("reason", ignored.reason())
                        .putText("until", ignored.until().map(LocalDate::toString));
    }

    static Fields of(ServiceExtension extension) {
        var out = new Fields();
        extension.schedule().ifPresent(schedule -> {
            var fields = new Fields()
                    .put("cron", schedule.cron().text())
                    .put("zone", schedule.zone().getId());
            if (schedule.overlap() != Schedule.Overlap.SKIP) {
                fields.put("overlap", schedule.overlap().name().toLowerCase(Locale.ROOT));
            }
            if (schedule.missed() != Schedule.Missed.SKIP) {
                fields.put("missed", schedule.missed().name().toLowerCase(Locale.ROOT));
            }
            out.put("schedule", fields);
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
