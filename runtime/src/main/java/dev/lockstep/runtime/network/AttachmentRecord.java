package dev.lockstep.runtime.network;

import java.util.List;

/**
 * A container on its networks, kept under the run root: it ends with the kernel's links, at a reboot.
 *
 * @param request what was asked
 * @param answered whether its names are answered
 * @param endpoints the main one first
 * @param leaving it is being taken off them: its rules are gone already, and its links go
 */
record AttachmentRecord(AttachRequest request, boolean answered, List<Endpoint> endpoints, boolean leaving) {
    AttachmentRecord {
        endpoints = List.copyOf(endpoints);
    }

    /** One that stays. */
    AttachmentRecord(AttachRequest request, boolean answered, List<Endpoint> endpoints) {
        this(request, answered, endpoints, false);
    }

    /** Whether the container has a name server of its own. */
    boolean asksItsOwn() {
        return endpoints.stream().anyMatch(Endpoint::asksItsOwn);
    }

    AttachmentRecord withAnswered(boolean changed) {
        return new AttachmentRecord(request, changed, endpoints, leaving);
    }

    AttachmentRecord asLeaving() {
        return new AttachmentRecord(request, answered, endpoints, true);
    }
}
