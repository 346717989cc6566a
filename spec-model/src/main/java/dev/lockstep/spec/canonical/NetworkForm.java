package dev.lockstep.spec.canonical;

import dev.lockstep.spec.canonical.Value.Fields;
import dev.lockstep.spec.canonical.Value.Null;
import dev.lockstep.spec.canonical.Value.Text;
import dev.lockstep.spec.model.Attachment;
import dev.lockstep.spec.model.Network;
import dev.lockstep.spec.model.Port;
import dev.lockstep.spec.model.Subnet;
import dev.lockstep.spec.model.Written;
import java.util.Optional;

/** Networks, how services join them, and ports in their long forms. */
final class NetworkForm {
    private final boolean explicit;

    /** @param explicit whether an empty {@code ipam} is written out */
    NetworkForm(boolean explicit) {
        this.explicit = explicit;
    }

    Fields of(Network network) {
        var out = new Fields()
                .put("name", network.name())
                .putText("driver", network.driver())
                .putMap("driver_opts", network.driverOptions());
        var ipam = new Fields()
                .putText("driver", network.ipam().driver())
                .putItems("config", network.subnets(), NetworkForm::subnet)
                .putMap("options", network.ipam().options());
        if (explicit || !ipam.values().isEmpty()) {
            out.put("ipam", ipam);
        }
        return out.putIf("external", network.external())
                .putIf("internal", network.internal())
                .putIf("attachable", network.attachable())
                .putMap("labels", network.labels())
                .putFlag("enable_ipv4", network.ipv4())
                .putFlag("enable_ipv6", network.ipv6());
    }

    private static Fields subnet(Subnet subnet) {
        return new Fields()
                .putText("subnet", subnet.subnet().map(Written::text))
                .putText("gateway", subnet.gateway().map(Written::text))
                .putText("ip_range", subnet.range().map(Written::text))
                .putMap("aux_addresses", subnet.auxiliary(), address -> new Text(address.text()));
    }

    static Value attachment(Attachment attachment) {
        var out = new Fields()
                .putNumber("priority", unlessZero(attachment.priority()))
                .putNumber("gw_priority", unlessZero(attachment.gatewayPriority()))
                .putTexts("aliases", attachment.aliases())
                .putText("interface_name", attachment.interfaceName())
                .putText("ipv4_address", attachment.ipv4Address().map(Written::text))
                .putText("ipv6_address", attachment.ipv6Address().map(Written::text))
                .putItems("link_local_ips", attachment.linkLocalAddresses(), address -> new Text(address.text()))
                .putText("mac_address", attachment.macAddress().map(Written::text))
                .putMap("driver_opts", attachment.driverOptions());
        return out.values().isEmpty() ? new Null() : out;
    }

    private static Optional<Integer> unlessZero(int number) {
        return Optional.of(number).filter(n -> n != 0);
    }

    static Fields port(Port port) {
        var out = new Fields()
                .putText("name", port.name())
                .put("mode", port.mode())
                .putText("host_ip", port.hostIp())
                .put("target", port.target());
        port.published().ifPresent(published -> out.put("published", published.toString()));
        return out.put("protocol", port.protocol().word()).putText("app_protocol", port.appProtocol());
    }
}
