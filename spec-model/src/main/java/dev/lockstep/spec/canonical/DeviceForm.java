package dev.lockstep.spec.canonical;

import dev.lockstep.spec.canonical.Value.Fields;
import dev.lockstep.spec.model.Device;
import dev.lockstep.spec.model.DeviceRequest;
import dev.lockstep.spec.model.DeviceRequest.Selection;

/** {@code devices}, {@code gpus} and the devices of reservations in their long forms. */
final class DeviceForm {
    private DeviceForm() {}

    static Fields device(Device device) {
        return new Fields()
                .put("source", device.source())
                .put("target", device.target())
                .putText("permissions", device.permissions());
    }

    static Fields request(DeviceRequest request) {
        var out = new Fields().putTexts("capabilities", request.capabilities()).putText("driver", request.driver());
        if (request.selection() instanceof Selection.Ids chosen) {
            out.putTexts("device_ids", chosen.ids());
        } else {
            out.put("count", request.selection() instanceof Selection.Count some ? some.devices() : -1);
        }
        return out.putMap("options", request.options());
    }
}
