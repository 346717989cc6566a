/**
 * How a command reaches a running agent: a request file below the run root, an answer file beside it. There is no
 * socket; who may write the directory is root.
 */
@NullMarked
package dev.lockstep.reconciler.requests;

import org.jspecify.annotations.NullMarked;
