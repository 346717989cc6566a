package dev.lockstep.runtime.build;

import java.util.Optional;

/**
 * One line of an image's history (OCI image specification, config.md).
 *
 * @param created as the document writes it; absent where nobody said
 * @param createdBy the instruction
 * @param comment empty: none
 * @param author empty: none
 * @param emptyLayer whether no layer belongs to it
 */
public record HistoryEntry(
        Optional<String> created, String createdBy, String comment, String author, boolean emptyLayer) {}
