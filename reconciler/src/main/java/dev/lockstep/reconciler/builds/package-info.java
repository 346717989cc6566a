/**
 * Images that are built because of what happens in a repository: which builds there are, what starts them, what became
 * of each, and which digest an image's tag means by them. Built once; deployments run that digest and nothing else.
 */
@NullMarked
package dev.lockstep.reconciler.builds;

import org.jspecify.annotations.NullMarked;
