/**
 * From files to a project: discovery, environment, merge, typing. Reads only through
 * {@link dev.lockstep.spec.load.FileTree}, so that a commit can be loaded as well as a directory.
 */
@NullMarked
package dev.lockstep.spec.load;

import org.jspecify.annotations.NullMarked;
