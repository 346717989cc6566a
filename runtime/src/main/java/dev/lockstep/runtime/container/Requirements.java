package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.Cgroups;
import dev.lockstep.runtime.linux.CpuList;
import dev.lockstep.runtime.log.Journal;
import dev.lockstep.runtime.oci.CdiEdits;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * What a container asks of its host, whatever its image is. Only looked at, so that it can be told before anything is
 * touched; a host may lose it later.
 */
record Requirements(ContainerRooms rooms, ContainerStore store, Host host) {
    /** Throws {@link IllegalArgumentException} with a sentence without its end, when the host has something not. */
    @FunctionalInterface
    private interface Look {
        void at() throws IOException;
    }

    /**
     * All that this host has not.
     *
     * @param comes whether a container of that name will be there by then
     */
    List<UnmetRequirement> unmet(ContainerSpec spec, Predicate<String> comes) throws IOException {
        var unmet = new ArrayList<UnmetRequirement>();
        var isolation = spec.options().isolation();
        isolation
                .runtime()
                .flatMap(rooms.namedRuntime()::missing)
                .ifPresent(why -> unmet.add(new UnmetRequirement("runtime", why)));
        look(unmet, "init", () -> init(spec));
        look(unmet, "devices", () -> Bundling.devices(spec, CdiEdits.NONE));
        look(unmet, "gpus", () -> Creation.cdi(spec, rooms));
        look(unmet, "sysctls", () -> Bundling.sysctls(spec, UserNamespace.isAskedFor(spec)));
        var profile = isolation.security().apparmor();
        if (profile.isPresent()) {
            look(unmet, "security_opt", () -> AppArmor.ofThisHost().profile(profile, isolation.privileged()));
        }
        look(unmet, "cpuset", () -> processors(spec));
        noMemory(spec.resources(), host.cgroups()).ifPresent(unmet::add);
        noJournal(spec, rooms.journal()).ifPresent(why -> unmet.add(new UnmetRequirement("logging", why)));
        var namespaces = isolation.namespaces();
        other(unmet, "network_mode", namespaces.network(), comes);
        other(unmet, "pid", namespaces.pid(), comes);
        other(unmet, "ipc", namespaces.ipc(), comes);
        for (var from : spec.options().storage().volumesFrom()) {
            other(unmet, "volumes_from", Optional.of(new NamespaceMode.Of(from.container())), comes);
        }
        return unmet;
    }

    private static void look(List<UnmetRequirement> unmet, String attribute, Look look) throws IOException {
        try {
            look.at();
        } catch (IllegalArgumentException e) {
            unmet.add(new UnmetRequirement(attribute, String.valueOf(e.getMessage())));
        }
    }

    private void init(ContainerSpec spec) {
        if (spec.options().process().init()) {
            try {
                rooms.init().get();
            } catch (IOException e) {
                throw new IllegalArgumentException(
                        String.valueOf(e.getMessage()).replaceFirst("\\.$", ""), e);
            }
        }
    }

    private void processors(ContainerSpec spec) throws IOException {
        var asked = spec.resources().cpuset();
        if (asked.isEmpty()) {
            return;
        }
        var has = LimitFiles.hostCpus(host.cgroups().at("/"));
        if (has.isPresent()) {
            var beyond = CpuList.parse(asked.get());
            beyond.andNot(CpuList.parse(has.get()));
            if (!beyond.isEmpty()) {
                throw new IllegalArgumentException(
                        "this host has the processors " + has.get() + ", and not " + beyond.nextSetBit(0));
            }
        }
    }

    /** The first limit of memory that nobody here keeps; the runtime would name a file that it does not find. */
    static Optional<UnmetRequirement> noMemory(Resources asked, Cgroups cgroups) throws IOException {
        record Limit(String attribute, String what, Optional<Long> bytes) {}
        var first = Stream.of(
                        new Limit("mem_limit", "memory limit", asked.memory()),
                        new Limit("mem_reservation", "memory reservation", asked.memoryReservation()),
                        new Limit("memswap_limit", "limit of memory and swap", asked.memorySwap()))
                .filter(limit -> limit.bytes().isPresent())
                .findFirst();
        if (first.isEmpty() || cgroups.has("memory")) {
            return Optional.empty();
        }
        return first.map(limit -> new UnmetRequirement(
                limit.attribute(),
                "the " + limit.what() + " of " + limit.bytes().orElseThrow()
                        + " bytes needs the cgroup controller memory, and this host's kernel has it not. Put"
                        + " cgroup_enable=memory on the kernel's command line (on a Raspberry Pi"
                        + " /boot/firmware/cmdline.txt) and reboot, or take the limit out"));
    }

    /** Why what it writes cannot go where it is to go. */
    static Optional<String> noJournal(ContainerSpec spec, Journal journal) {
        return spec.options().log().driver() != LogSettings.Driver.JOURNALD || journal.isThere()
                ? Optional.empty()
                : Optional.of("this host has no journal for its output: " + journal.socket()
                        + " is missing. Start systemd-journald, or choose json-file");
    }

    private void other(
            List<UnmetRequirement> unmet, String attribute, Optional<NamespaceMode> mode, Predicate<String> comes)
            throws IOException {
        if (mode.orElse(new NamespaceMode.Own()) instanceof NamespaceMode.Of(var container)
                && !comes.test(container)
                && store.find(container).isEmpty()) {
            unmet.add(new UnmetRequirement(attribute, "there is no container " + container + " to share with"));
        }
    }
}
