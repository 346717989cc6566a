/**
 * What may go: which images, content and layers nobody needs. Decides without effects ({@code PrunePlan}) and removes
 * under the store's lock ({@code Housekeeping}); knows who uses images only from those who say so.
 */
@NullMarked
package dev.lockstep.runtime.prune;

import org.jspecify.annotations.NullMarked;
