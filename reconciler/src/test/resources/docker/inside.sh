# Prints what a container is made of, as seen from inside; runs in a busybox. What only the machine decides is left out.
# usage: inside.sh [limits|privileged|pidhost]
say() { while IFS= read -r line; do echo "$1: $line"; done; }
own=$(cat /etc/hostname 2>/dev/null)
case $own in *[!0-9a-f]* | '') own=nobody ;; esac
# Names and addresses that were chosen by chance.
named() { sed -E -e 's#/[a-z0-9-]+/[0-9a-f]{64}#/ENGINE/ID#g' -e "s/$own/ID/g" -e 's/(^|[^.0-9])172(\.[0-9]+){3}/\1ADDRESS/g'; }
file() { [ ! -e "$2" ] || tr '\0' ' ' <"$2" | named | say "$1"; }

# What has to be the same for the rest to be comparable.
{
    read -r _ _ kernel _ </proc/version
    echo "Linux ${kernel%%.*}"
    ls /sys/fs/cgroup | tr '\n' ' '
    echo
    for path in /proc/acpi /proc/asound /proc/interrupts /proc/kcore /proc/keys /proc/latency_stats /proc/sched_debug /proc/scsi \
        /proc/timer_list /proc/timer_stats /proc/bus /proc/fs /proc/irq /proc/sysrq-trigger /sys/firmware \
        /sys/devices/virtual/powercap /sys/kernel/profiling /proc/net/if_inet6; do
        [ ! -e $path ] || echo $path
    done
} | say host

grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp:)' /proc/self/status | say status
env | grep -v -e ^PWD= -e ^SHLVL= -e ^OLDPWD= | sort | named | say env
pwd | say directory
umask | say umask
file name /proc/sys/kernel/hostname
file domain /proc/sys/kernel/domainname
file hostname /etc/hostname
file hosts /etc/hosts
grep -v -e '^#' -e '^$' /etc/resolv.conf | named | say resolv
# Those that nobody asked for are those of whoever starts the container.
[ "$1" != limits ] || grep -E 'open files|core file|processes' /proc/self/limits | say limit
file oom /proc/self/oom_score_adj
# Point, options, and the kind of the file system with its own options.
while read -r _ _ _ _ point options rest; do
    kind=${rest#*- }
    case $kind in
        overlay*) kind=overlay ;;
        proc* | tmpfs* | sysfs* | cgroup* | devpts* | mqueue*) ;;
        *) kind=disk ;;
    esac
    echo "$point $options $kind"
done </proc/self/mountinfo | sort | say mount
[ "$1" = privileged ] || ls -la /dev | grep -v '^total' | while read -r mode _ owner group a b c d e f g; do
    case $mode in
        [bc]*) echo "$mode $owner $group $a $b $f" ;;
        l*) echo "$mode $owner $group $e $f $g" ;;
        *) echo "$mode $owner $group $e" ;;
    esac
done | sort | say dev
# The fourth is the directory itself.
{ ls /proc/self/fd | tr '\n' ' '; echo; } | say descriptors
sort /sys/fs/cgroup/devices/devices.list | say devices
for path in acpi asound interrupts kcore keys latency_stats sched_debug scsi timer_list timer_stats; do
    if [ -d /proc/$path ]; then
        [ "$1" = privileged ] || echo "/proc/$path directory of $(ls /proc/$path | wc -l)"
    elif [ -e /proc/$path ]; then
        echo "/proc/$path $([ -c /proc/$path ] && echo device || echo file)"
    fi
done | say hidden
for path in /sys/firmware /sys/devices/virtual/powercap; do
    [ ! -d $path ] || echo "$path $([ -n "$(ls $path)" ] && echo full || echo empty)"
done | say hidden
for path in /proc/sys/kernel/domainname /proc/sysrq-trigger /proc/irq/default_smp_affinity /sys/kernel/profiling; do
    # Opened to write, and nothing written.
    [ ! -e $path ] || { (: >>$path) 2>/dev/null && echo "$path can be written" || echo "$path cannot be written"; }
done | say write
for file in net/ipv4/ip_unprivileged_port_start net/ipv4/ping_group_range kernel/shmmax kernel/msgmax \
    net/ipv4/conf/all/accept_local net/ipv6/conf/all/disable_ipv6; do
    [ ! -e /proc/sys/$file ] || echo "$file $(cat /proc/sys/$file)"
done | say sysctl
for file in memory/memory.limit_in_bytes memory/memory.memsw.limit_in_bytes memory/memory.soft_limit_in_bytes \
    memory/memory.oom_control memory/memory.swappiness cpu/cpu.shares cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us pids/pids.max; do
    [ ! -e /sys/fs/cgroup/$file ] || echo "$file $(cat /sys/fs/cgroup/$file | tr '\n' ' ')"
done | say cgroup
cut -d: -f2,3 /proc/self/cgroup | sort | named | say membership
[ "$1" = pidhost ] || { tr '\0' ' ' </proc/1/cmdline; echo; } | say process
[ ! -t 0 ] || echo terminal | say input
[ ! -t 1 ] || echo terminal | say output
echo end
