package dev.lockstep.reconciler.cli;

import java.util.Optional;

/** What the packages that bring something are called, one or several with blanks between. */
record Packages(String debian, String redHat, String suse, String arch) {
    /** A package that has one name in all of them. */
    static Packages everywhere(String name) {
        return new Packages(name, name, name, name);
    }

    /** The command that installs them; where there is none that we know, what to look for. */
    String install(Optional<Distribution> distribution) {
        return distribution
                .map(family -> family.command() + " "
                        + switch (family) {
                            case DEBIAN -> debian;
                            case RED_HAT -> redHat;
                            case SUSE -> suse;
                            case ARCH -> arch;
                        })
                .orElseGet(() -> "install what Debian calls " + debian);
    }
}
