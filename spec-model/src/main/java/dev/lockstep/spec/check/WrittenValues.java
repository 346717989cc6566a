package dev.lockstep.spec.check;

import dev.lockstep.spec.model.Attachment;
import dev.lockstep.spec.model.Deploy;
import dev.lockstep.spec.model.MountOptions;
import dev.lockstep.spec.model.Network;
import dev.lockstep.spec.model.RestartPolicy;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.UpdateConfig;
import dev.lockstep.spec.model.Written;
import java.util.Optional;

/** What Compose prints as it is written must mean something before it is run. */
final class WrittenValues {
    private final Findings findings;

    private WrittenValues(Findings findings) {
        this.findings = findings;
    }

    static void check(Findings findings) {
        var check = new WrittenValues(findings);
        findings.project().services().forEach((name, service) -> {
            var path = Findings.service(name) + ".";
            check.service(path, service);
            service.networking()
                    .networks()
                    .forEach((key, attachment) -> check.attachment(path + "networks." + key + ".", attachment));
            service.lifecycle().deploy().ifPresent(deploy -> check.deploy(path + "deploy.", deploy));
        });
        findings.project().networks().forEach((key, network) -> check.network("networks." + key, network));
    }

    private void service(String path, Service service) {
        value(path + "image", service.image().reference());
        value(path + "platform", service.image().platform());
        value(path + "hostname", service.identity().hostname());
        value(path + "domainname", service.identity().domainname());
        value(path + "pid", service.isolation().namespaces().pid());
        value(path + "ipc", service.isolation().namespaces().ipc());
        value(path + "uts", service.isolation().namespaces().uts());
        value(path + "userns_mode", service.isolation().namespaces().user());
        value(path + "cpuset", service.limits().cpu().set());
        value(path + "network_mode", service.networking().mode());
        value(path + "mac_address", service.networking().macAddress());
        value(path + "restart", service.lifecycle().restart());
        value(path + "stop_signal", service.lifecycle().stopSignal());
        var mounts = service.storage().mounts();
        for (var i = 0; i < mounts.size(); i++) {
            value(
                    path + "volumes[" + i + "].bind.propagation",
                    mounts.get(i).options().bind().flatMap(MountOptions.Bind::propagation));
        }
        var rules = service.devices().cgroupRules();
        for (var i = 0; i < rules.size(); i++) {
            value(path + "device_cgroup_rules[" + i + "]", Optional.of(rules.get(i)));
        }
    }

    private void attachment(String path, Attachment attachment) {
        value(path + "ipv4_address", attachment.ipv4Address());
        value(path + "ipv6_address", attachment.ipv6Address());
        value(path + "mac_address", attachment.macAddress());
        for (var i = 0; i < attachment.linkLocalAddresses().size(); i++) {
            value(
                    path + "link_local_ips[" + i + "]",
                    Optional.of(attachment.linkLocalAddresses().get(i)));
        }
    }

    private void deploy(String path, Deploy deploy) {
        value(path + "mode", deploy.mode());
        value(path + "endpoint_mode", deploy.endpointMode());
        value(path + "restart_policy.condition", deploy.restartPolicy().flatMap(RestartPolicy::condition));
        value(path + "update_config.failure_action", deploy.update().flatMap(UpdateConfig::failureAction));
        value(path + "rollback_config.failure_action", deploy.rollback().flatMap(UpdateConfig::failureAction));
    }

    private void network(String path, Network network) {
        for (var i = 0; i < network.subnets().size(); i++) {
            var subnet = network.subnets().get(i);
            var where = path + ".ipam.config[" + i + "].";
            value(where + "subnet", subnet.subnet());
            value(where + "gateway", subnet.gateway());
            value(where + "ip_range", subnet.range());
            subnet.auxiliary().forEach((name, address) -> value(where + "aux_addresses." + name, Optional.of(address)));
        }
    }

    private <T> void value(String path, Optional<Written<T>> value) {
        value.flatMap(Written::problem).ifPresent(problem -> findings.error(path, problem));
    }
}
