package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.building.BuildQueue;
import dev.lockstep.reconciler.requests.Answer;
import dev.lockstep.reconciler.requests.Request;
import java.io.IOException;
import java.util.Optional;

/** Answers requests of people who want something built again. */
record BuildRequests(BuildQueue builds) {
    Answer answer(Request request) {
        var number = request.arguments().getOrDefault("number", "");
        if (!number.matches("[0-9]{1,18}")) {
            return Answer.error("\"" + number + "\" is not the number of a build");
        }
        try {
            return switch (builds.retry(Long.parseLong(number))) {
                case BuildQueue.Retried.No(var why) -> Answer.error(why);
                case BuildQueue.Retried.Queued(var record) ->
                    Answer.ok("Build " + record.number() + " of " + record.name() + " is build " + number
                            + " again; 'lockstep builds logs " + record.number() + " -f' shows it.");
            };
        } catch (IOException e) {
            return Answer.error(Optional.ofNullable(e.getMessage()).orElse(e.toString()));
        }
    }
}
