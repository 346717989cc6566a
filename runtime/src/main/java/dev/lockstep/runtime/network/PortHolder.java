package dev.lockstep.runtime.network;

/** Who has a port of the host. */
public sealed interface PortHolder {
    /** A socket of some process. {@code command} is its short name, or empty when nothing says whose it is. */
    record OtherProcess(int pid, String command) implements PortHolder {
        @Override
        public String toString() {
            return pid == 0 ? "a process that cannot be seen from here" : "process " + pid + " (" + command + ")";
        }
    }

    /** A published port of a container of this root. */
    record Container(String id) implements PortHolder {
        @Override
        public String toString() {
            return "container " + id;
        }
    }

    /**
     * Nobody can have it.
     *
     * @param why a clause: {@code this host has no address 192.0.2.7}
     */
    record Nobody(String why) implements PortHolder {
        @Override
        public String toString() {
            return "nobody, since " + why;
        }
    }

    /** A published port of a container of another root. */
    record OtherRoot(String table) implements PortHolder {
        @Override
        public String toString() {
            return "a container of another Lockstep root (nftables table " + table + ")";
        }
    }
}
