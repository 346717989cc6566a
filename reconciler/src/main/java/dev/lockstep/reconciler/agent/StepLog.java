package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.apply.ApplyListener;
import dev.lockstep.reconciler.apply.StepResult;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What became of the steps of a stack's plan, in the agent's log.
 *
 * @param shown what may be told of why something was not done
 */
record StepLog(String stack, UnaryOperator<String> shown) implements ApplyListener {
    private static final Logger LOG = LoggerFactory.getLogger(StepLog.class);

    @Override
    public void finished(StepResult result) {
        switch (result) {
            case StepResult.Done _ -> {
                // the applier has logged it
            }
            case StepResult.Failed(var step, var why) ->
                LOG.warn("failed stack={} step={} because={}", stack, step.id(), shown.apply(why));
            case StepResult.Skipped(var step, var _, var why) ->
                LOG.info("skipped stack={} step={} {}", stack, step.id(), shown.apply(why));
        }
    }
}
