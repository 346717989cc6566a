/**
 * Dockerfiles as records with positions, their variables, and the graph of their stages. Pure: reads text, touches no
 * file and no engine, and knows no other room.
 */
@NullMarked
package dev.lockstep.runtime.dockerfile;

import org.jspecify.annotations.NullMarked;
