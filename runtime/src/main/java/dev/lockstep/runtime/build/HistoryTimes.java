package dev.lockstep.runtime.build;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * When the steps of an image were done. A step without a layer has no time of its own, so that the same steps found in
 * the cache make the same image; it gets that of the layer before it, or of the first new one (moby/buildkit,
 * exporter/containerimage/writer.go).
 */
final class HistoryTimes {
    private HistoryTimes() {}

    /**
     * The lines with their times.
     *
     * @param epoch the time of all new ones
     * @param inherited lines from the front that stay as they are
     */
    static List<HistoryEntry> fill(List<HistoryEntry> history, Optional<String> epoch, int inherited) {
        var own = history.subList(Math.min(inherited, history.size()), history.size());
        var filled = new ArrayList<>(history.subList(0, history.size() - own.size()));
        var before = history.stream()
                .limit(inherited)
                .flatMap(entry -> entry.created().stream())
                .reduce((_, last) -> last);
        var latest = own.stream()
                .flatMap(entry -> entry.created().stream())
                .findFirst()
                .or(() -> before);
        for (var entry : own) {
            if (entry.created().isPresent()) {
                latest = entry.created();
            }
            var time = latest;
            filled.add(at(entry, epoch.or(() -> time)));
        }
        return filled;
    }

    private static HistoryEntry at(HistoryEntry entry, Optional<String> created) {
        return new HistoryEntry(created, entry.createdBy(), entry.comment(), entry.author(), entry.emptyLayer());
    }
}
