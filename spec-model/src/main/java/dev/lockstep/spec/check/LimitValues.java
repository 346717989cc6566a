package dev.lockstep.spec.check;

import dev.lockstep.spec.model.BlockIo;
import dev.lockstep.spec.model.ByteSize;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.Ulimit;
import java.util.Optional;

/** Limits that the kernel takes, and that do not contradict each other. */
final class LimitValues {
    private final Findings findings;
    private final Service service;
    private final String path;

    private LimitValues(Findings findings, Service service) {
        this.findings = findings;
        this.service = service;
        this.path = Findings.service(service.name());
    }

    static void check(Findings findings) {
        findings.project().services().values().forEach(service -> {
            var check = new LimitValues(findings, service);
            check.memory();
            check.processors();
            check.ulimits();
            service.limits().blockIo().ifPresent(check::blockIo);
        });
    }

    private void memory() {
        var memory = service.limits().memory();
        var limit = service.resources().memoryLimit().map(ByteSize::bytes).filter(bytes -> bytes > 0);
        var reservation = service.resources().memoryReservation().map(ByteSize::bytes);
        if (limit.isPresent() && reservation.isPresent() && reservation.get() > limit.get()) {
            findings.error(
                    findings.written(path + ".mem_reservation", path + ".deploy.resources.reservations.memory"),
                    "reserves " + reservation.get() + " bytes, more than the limit of " + limit.get());
        }
        var swap = memory.swapLimit().map(ByteSize::bytes).filter(bytes -> bytes > 0);
        if (swap.isPresent() && limit.isEmpty()) {
            findings.error(path + ".memswap_limit", "needs mem_limit, which it contains. Write both");
        } else if (swap.isPresent() && limit.isPresent() && swap.get() < limit.get()) {
            findings.error(
                    path + ".memswap_limit",
                    "is memory and swap together, and less than the memory alone (" + limit.get() + " bytes)");
        }
        memory.swappiness()
                .map(ByteSize::bytes)
                .filter(value -> value < 0 || value > 100)
                .ifPresent(
                        value -> findings.error(path + ".mem_swappiness", "must be between 0 and 100, not " + value));
    }

    private void processors() {
        var cpu = service.limits().cpu();
        if (cpu.cpus().filter(cpus -> cpus.signum() > 0).isPresent()
                && (cpu.quota().isPresent() || cpu.period().isPresent())) {
            findings.error(
                    path + ".cpus",
                    "is quota and period in one, and "
                            + findings.place(findings.written(path + ".cpu_quota", path + ".cpu_period"))
                            + " is written too. Write only one of them");
        }
        var cpus = service.resources().cpus();
        var reserved = service.resources().reservedCpus();
        if (cpus.isPresent() && reserved.isPresent() && reserved.get().compareTo(cpus.get()) > 0) {
            findings.error(
                    path + ".deploy.resources.reservations.cpus",
                    "reserves " + reserved.get() + " CPUs, more than the limit of " + cpus.get());
        }
        between(cpu.shares().filter(s -> s != 0), path + ".cpu_shares", 2, 262_144);
        between(cpu.period().filter(s -> s != 0), path + ".cpu_period", 1_000, 1_000_000);
        between(cpu.quota().filter(s -> s > 0), path + ".cpu_quota", 1_000, Long.MAX_VALUE);
        between(service.limits().pids(), path + ".pids_limit", -1, Long.MAX_VALUE);
    }

    private void between(Optional<Long> value, String where, long least, long most) {
        value.filter(number -> number < least || number > most)
                .ifPresent(number -> findings.error(
                        where,
                        most == Long.MAX_VALUE
                                ? "must be at least " + least + ", not " + number
                                : "must be between " + least + " and " + most + ", not " + number));
    }

    private void ulimits() {
        service.limits().ulimits().forEach((name, limit) -> {
            var where = path + ".ulimits." + name;
            if (!Ulimit.NAMES.contains(name)) {
                findings.error(
                        where,
                        "Linux has no limit \"" + name + "\""
                                + Findings.didYouMean(name, Ulimit.NAMES, ". Write for example nofile"));
            }
            if (limit instanceof Ulimit.Pair(var soft, var hard) && hard >= 0 && (soft < 0 || soft > hard)) {
                findings.error(where, "the soft limit is above the hard one (" + hard + ")");
            }
        });
    }

    private void blockIo(BlockIo blockIo) {
        var where = path + ".blkio_config";
        blockIo.weight().ifPresent(weight -> weight(where + ".weight", weight));
        var devices = blockIo.weightDevices();
        for (var i = 0; i < devices.size(); i++) {
            weight(where + ".weight_device[" + i + "].weight", devices.get(i).weight());
        }
    }

    /** 0 leaves it to the kernel. */
    private void weight(String where, int weight) {
        between(Optional.of((long) weight).filter(w -> w != 0), where, 10, 1000);
    }
}
