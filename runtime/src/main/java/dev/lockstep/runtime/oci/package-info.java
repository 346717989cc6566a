/**
 * The OCI bundle: {@code config.json} with Docker's defaults, the seccomp profile, and whom a user name means inside a
 * root file system. Pure but for reading the profile and the container's own passwd.
 */
@NullMarked
package dev.lockstep.runtime.oci;

import org.jspecify.annotations.NullMarked;
