package dev.lockstep.runtime.network;

import java.util.List;

/**
 * A container on its networks, kept under the run root: it ends with the kernel's links, at a reboot.
 *
 * @param request what was asked
 * @param answered whether its names are answered
 * @param endpoints the main one first
 */
record AttachmentRecord(AttachRequest request, boolean answered, List<Endpoint> endpoints) {
    AttachmentRecord {
        endpoints = List.copyOf(endpoints);
    }

    AttachmentRecord withAnswered(boolean changed) {
        return new AttachmentRecord(request, changed, endpoints);
    }
}
