package dev.lockstep.spec.canonical;

import dev.lockstep.spec.canonical.Value.Fields;
import dev.lockstep.spec.canonical.Value.Numeral;
import dev.lockstep.spec.model.BlockIo;
import dev.lockstep.spec.model.Ulimit;

/** {@code ulimits} and {@code blkio_config} in their long forms. */
final class LimitForm {
    private LimitForm() {}

    /** A number or a pair, as it is written. */
    static Value ulimit(Ulimit limit) {
        return limit instanceof Ulimit.Single single
                ? new Numeral(Long.toString(single.value()))
                : new Fields().put("soft", limit.soft()).put("hard", limit.hard());
    }

    /** Keys in small letters, which load again; docker compose prints them capitalised, which do not. */
    static Fields blockIo(BlockIo blockIo) {
        return new Fields()
                .putNumber("weight", blockIo.weight().filter(weight -> weight != 0))
                .putItems(
                        "weight_device",
                        blockIo.weightDevices(),
                        device -> new Fields().put("path", device.path()).put("weight", device.weight()))
                .putItems("device_read_bps", blockIo.readBytes(), LimitForm::rate)
                .putItems("device_read_iops", blockIo.readOperations(), LimitForm::rate)
                .putItems("device_write_bps", blockIo.writeBytes(), LimitForm::rate)
                .putItems("device_write_iops", blockIo.writeOperations(), LimitForm::rate);
    }

    private static Fields rate(BlockIo.Rate rate) {
        return new Fields().put("path", rate.path()).put("rate", rate.rate().toString());
    }
}
