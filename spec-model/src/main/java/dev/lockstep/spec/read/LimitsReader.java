package dev.lockstep.spec.read;

import dev.lockstep.spec.model.CpuSet;
import dev.lockstep.spec.model.Decimal;
import dev.lockstep.spec.model.Limits;
import dev.lockstep.spec.yaml.Reading;
import java.util.Optional;

/** Reads how much of the host a service's containers may use. */
final class LimitsReader {
    private static final Decimal ALL = Decimal.parse("100");

    private final NestedReaders nested;
    private final Amounts amounts;

    LimitsReader(Reading reading, NestedReaders nested) {
        this.nested = nested;
        this.amounts = new Amounts(reading);
    }

    Limits read(Attributes service) {
        var fields = service.fields();
        return new Limits(
                new Limits.Cpu(
                        amounts.cpus(fields, "cpus"),
                        count(service),
                        percent(service),
                        service.whole("cpu_shares"),
                        service.whole("cpu_period"),
                        service.whole("cpu_quota"),
                        service.whole("cpu_rt_period"),
                        service.whole("cpu_rt_runtime"),
                        service.written("cpuset", CpuSet::parse)),
                new Limits.Memory(
                        service.bytes("mem_limit"),
                        service.bytes("mem_reservation"),
                        service.bytes("memswap_limit"),
                        service.bytes("mem_swappiness"),
                        service.bytes("shm_size"),
                        service.flag("oom_kill_disable"),
                        fields.integer("oom_score_adj", -1000, 1000)),
                service.whole("pids_limit"),
                nested.blockIo().read(fields),
                nested.ulimits().read(fields));
    }

    private static Optional<Long> count(Attributes service) {
        var count = service.whole("cpu_count");
        if (count.isPresent() && count.get() < 0) {
            service.fields().error("cpu_count", "must not be negative");
        }
        return count;
    }

    private Optional<Decimal> percent(Attributes service) {
        var fields = service.fields();
        var percent = fields.node("cpu_percent")
                .flatMap(node -> amounts.decimal(fields.path("cpu_percent"), node, "a number of percent"));
        if (percent.isPresent() && percent.get().compareTo(ALL) > 0) {
            fields.error("cpu_percent", "must be between 0 and 100, not " + percent.get());
        }
        return percent;
    }
}
