package dev.lockstep.reconciler.apply;

import dev.lockstep.reconciler.plan.Operation;
import dev.lockstep.reconciler.plan.Plan;
import dev.lockstep.runtime.network.IpAddress;
import dev.lockstep.runtime.network.LeaseKey;
import dev.lockstep.runtime.network.Networks;
import java.io.IOException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The addresses that containers of a plan ask for. They are kept for them as soon as their network is there: a
 * container that asks for none comes first, perhaps, and would be given one of them.
 *
 * @param slots by name of a network and address: whose it is to be
 */
record FixedAddresses(Map<String, Map<IpAddress, LeaseKey>> slots) {
    static FixedAddresses of(Plan plan) {
        var slots = new LinkedHashMap<String, Map<IpAddress, LeaseKey>>();
        for (var step : plan.steps()) {
            Operation.wanted(step.operation())
                    .ifPresent(spec -> spec.networks().stream()
                            .filter(attachment -> !attachment.addresses().isEmpty())
                            .forEach(attachment -> attachment
                                    .addresses()
                                    .forEach(address -> slots.computeIfAbsent(
                                                    attachment.network(), _ -> new LinkedHashMap<>())
                                            // The last one: one that lets go of something asks twice.
                                            .put(address, spec.leaseKey()))));
        }
        return new FixedAddresses(Collections.unmodifiableMap(slots));
    }

    Set<String> networks() {
        return slots.keySet();
    }

    /** Keeps those of one network, if that is there; what cannot be had is told by who asks for it. */
    void reserve(Networks networks, String network) throws IOException {
        var wanted = slots.get(network);
        if (wanted != null) {
            networks.reserve(network, wanted);
        }
    }
}
