package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.build.BuildEvent;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** What happens in the build of one service of several, told among what happens in those of the others. */
final class ServiceEvents implements BuildEvent.Listener {
    private final BuildEvent.Listener all;
    private final String service;
    private final AtomicInteger numbers;
    private final Map<Integer, Integer> mine = new ConcurrentHashMap<>();

    /** @param numbers of steps, common to all services */
    ServiceEvents(BuildEvent.Listener all, String service, AtomicInteger numbers) {
        this.all = all;
        this.service = service;
        this.numbers = numbers;
    }

    @Override
    public void happened(BuildEvent event) {
        all.happened(
                switch (event) {
                    case BuildEvent.Started(var step, var title) -> new BuildEvent.Started(number(step), title(title));
                    case BuildEvent.Done(var step, var cached, var took) ->
                        new BuildEvent.Done(number(step), cached, took);
                    case BuildEvent.Failed(var step, var message, var took) ->
                        new BuildEvent.Failed(number(step), message, took);
                    case BuildEvent.Cancelled(var step) -> new BuildEvent.Cancelled(number(step));
                    case BuildEvent.Output(var step, var error, var line) ->
                        new BuildEvent.Output(number(step), error, line);
                    case BuildEvent.Progressed(var step, var what, var done, var total) ->
                        new BuildEvent.Progressed(number(step), what, done, total);
                    case BuildEvent.Warning(var text) -> new BuildEvent.Warning(service + ": " + text);
                });
    }

    private int number(int step) {
        return mine.computeIfAbsent(step, _ -> numbers.incrementAndGet());
    }

    /** {@code [web 2/3] RUN …}, as Compose has it. */
    private String title(String title) {
        return title.startsWith("[") ? "[" + service + " " + title.substring(1) : "[" + service + "] " + title;
    }
}
