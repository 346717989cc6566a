package dev.lockstep.spec.load;

import dev.lockstep.spec.yaml.Keys;

/** The keys of the Compose Specification: those that are read, and those that are refused for now. */
final class ComposeKeys {
    private ComposeKeys() {}

    static final Keys PROJECT = Keys.of("name version services networks volumes", "include secrets configs models");

    static final Keys SERVICE = Keys.of(
            "image command entrypoint environment env_file ports volumes networks depends_on restart healthcheck"
                    + " mem_limit cpus user working_dir labels hostname deploy",
            "annotations attach blkio_config build cap_add cap_drop cgroup cgroup_parent configs container_name"
                    + " cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period cpu_rt_runtime cpu_shares cpuset"
                    + " credential_spec develop device_cgroup_rules devices dns dns_opt dns_search domainname expose"
                    + " extends external_links extra_hosts gpus group_add init ipc isolation label_file links logging"
                    + " mac_address mem_reservation mem_swappiness memswap_limit models network_mode"
                    + " oom_kill_disable oom_score_adj pid pids_limit platform post_start pre_start pre_stop"
                    + " privileged profiles provider pull_policy pull_refresh_after read_only runtime scale secrets"
                    + " security_opt shm_size stdin_open stop_grace_period stop_signal storage_opt sysctls tmpfs tty"
                    + " ulimits use_api_socket userns_mode uts volumes_from");

    static final Keys ENV_FILE = Keys.of("path required format", "");

    static final Keys PORT = Keys.of("target published host_ip protocol mode name app_protocol", "");

    static final Keys MOUNT = Keys.of("type source target read_only bind volume tmpfs", "consistency image");
    static final Keys BIND = Keys.of("create_host_path propagation selinux", "recursive");
    static final Keys VOLUME_MOUNT = Keys.of("nocopy", "subpath labels");
    static final Keys TMPFS = Keys.of("size mode", "");

    static final Keys ATTACHMENT = Keys.of(
            "aliases ipv4_address priority",
            "ipv6_address link_local_ips mac_address driver_opts gw_priority interface_name");

    static final Keys DEPENDENCY = Keys.of("condition restart required", "");

    static final Keys HEALTH_CHECK = Keys.of("test interval timeout retries start_period start_interval disable", "");

    static final Keys DEPLOY = Keys.of(
            "replicas resources placement", "mode endpoint_mode labels restart_policy update_config rollback_config");
    /** Nothing of it is read, but {@code config} prints an empty one, as docker compose does. */
    static final Keys PLACEMENT = Keys.of("", "constraints preferences max_replicas_per_node");

    static final Keys RESOURCES = Keys.of("limits reservations", "");
    static final Keys LIMITS = Keys.of("cpus memory pids", "");
    static final Keys RESERVATIONS = Keys.of("cpus memory", "devices generic_resources");

    static final Keys NETWORK =
            Keys.of("name driver driver_opts ipam external internal attachable labels", "enable_ipv4 enable_ipv6");
    static final Keys IPAM = Keys.of("config", "driver options");
    static final Keys SUBNET = Keys.of("subnet gateway ip_range", "aux_addresses");

    static final Keys VOLUME = Keys.of("name driver external labels", "driver_opts");

    /** {@code external: {name: x}}, the old way to write it. */
    static final Keys EXTERNAL = Keys.of("name", "");
}
