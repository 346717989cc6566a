package dev.lockstep.spec.canonical;

import dev.lockstep.spec.canonical.Value.Fields;
import dev.lockstep.spec.canonical.Value.Numeral;
import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.model.Decimal;
import dev.lockstep.spec.model.Deploy;
import dev.lockstep.spec.model.Durations;
import dev.lockstep.spec.model.Placement;
import dev.lockstep.spec.model.RestartPolicy;
import dev.lockstep.spec.model.UpdateConfig;
import dev.lockstep.spec.model.Written;
import java.time.Duration;
import java.util.Optional;

/** {@code deploy} in its long form. */
final class DeployForm {
    private final boolean explicit;

    /** @param explicit whether empty resources and placement are written out */
    DeployForm(boolean explicit) {
        this.explicit = explicit;
    }

    Fields of(Deploy deploy) {
        var out = new Fields()
                .putText("mode", deploy.mode().map(Written::text))
                .putNumber("replicas", deploy.replicas())
                .putMap("labels", deploy.labels());
        deploy.update().ifPresent(update -> out.put("update_config", update(update)));
        deploy.rollback().ifPresent(rollback -> out.put("rollback_config", update(rollback)));
        block(out, "resources", resources(deploy));
        deploy.restartPolicy().ifPresent(policy -> out.put("restart_policy", restartPolicy(policy)));
        block(out, "placement", placement(deploy.placement()));
        return out.putText("endpoint_mode", deploy.endpointMode().map(Written::text));
    }

    private void block(Fields out, String key, Fields block) {
        if (explicit || !block.values().isEmpty()) {
            out.put(key, block);
        }
    }

    private static Fields update(UpdateConfig update) {
        var out = new Fields()
                .putNumber("parallelism", update.parallelism())
                .putText("delay", unlessZero(update.delay()))
                .putText("failure_action", update.failureAction().map(Written::text))
                .putText("monitor", unlessZero(update.monitor()));
        decimal(out, "max_failure_ratio", update.maxFailureRatio());
        return out.putText("order", update.order().map(UpdateConfig.Order::word));
    }

    private static Optional<String> unlessZero(Optional<Duration> duration) {
        return duration.filter(d -> !d.isZero()).map(Durations::text);
    }

    private static Fields resources(Deploy deploy) {
        var out = new Fields();
        deploy.limits().ifPresent(limits -> {
            var block = new Fields();
            decimal(block, "cpus", limits.cpus());
            memory(block, limits.memory());
            out.put("limits", block.putNumber("pids", limits.pids().filter(pids -> pids != 0)));
        });
        deploy.reservations().ifPresent(reservations -> {
            var block = new Fields();
            decimal(block, "cpus", reservations.cpus());
            memory(block, reservations.memory());
            block.putItems("devices", reservations.devices(), DeviceForm::request);
            block.putItems(
                    "generic_resources",
                    reservations.genericResources(),
                    resource -> new Fields()
                            .put(
                                    "discrete_resource_spec",
                                    new Fields().put("kind", resource.kind()).put("value", resource.value())));
            out.put("reservations", block);
        });
        return out;
    }

    private static void decimal(Fields out, String key, Optional<Decimal> number) {
        number.filter(n -> n.signum() != 0).ifPresent(n -> out.put(key, new Numeral(n.toString())));
    }

    private static void memory(Fields out, Optional<ByteSize> memory) {
        out.putText("memory", memory.filter(m -> m.bytes() != 0).map(ByteSize::toString));
    }

    private static Fields restartPolicy(RestartPolicy policy) {
        return new Fields()
                .putText("condition", policy.condition().map(Written::text))
                .putText("delay", policy.delay().map(Durations::text))
                .putNumber("max_attempts", policy.maxAttempts())
                .putText("window", policy.window().map(Durations::text));
    }

    private static Fields placement(Placement placement) {
        return new Fields()
                .putTexts("constraints", placement.constraints())
                .putItems("preferences", placement.spread(), spread -> new Fields().putText("spread", spread))
                .putNumber(
                        "max_replicas_per_node",
                        Optional.of(placement.maxReplicasPerNode()).filter(most -> most != 0));
    }
}
