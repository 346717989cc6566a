/** What containers wrote: reads and rotates conmon's log files. Knows nothing of containers but a directory. */
@NullMarked
package dev.lockstep.runtime.log;

import org.jspecify.annotations.NullMarked;
