#!/usr/bin/env bash
# Real Docker, ufw and firewalld beside Lockstep, in a host of its own: another root file system over this one, other
# namespaces, a machine outside. Nothing of the real host's firewall or files is touched.
# Runs what is installed (docker.io, ufw, firewalld; none of them is installed for it) and says what it did not run.
# usage: .ci/tests/neighbours.sh [DISTRIBUTION]
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
built=${1:-$top/reconciler/target/lockstep}
[ -x "$built/bin/lockstep" ] || { echo "$built/bin/lockstep is missing: run 'mvn package' first" >&2; exit 1; }
export PATH=$PATH:/usr/sbin:/sbin
found=
for program in dockerd ufw firewalld; do
    if command -v "$program" >/dev/null; then
        found+=" $program"
    elif [ -z "${LOCKSTEP_NEIGHBOURS:-}" ]; then
        echo "not run: $program is not installed"
    fi
done
command -v iptables >/dev/null || { echo "not run: iptables, which they stand on, is not installed" && found=; }
[ -n "$found" ] || exit 0
case $(iptables --version) in *nf_tables*) ;; *) echo "not run: iptables is not that of nftables" && exit 0 ;; esac

if [ -z "${LOCKSTEP_NEIGHBOURS:-}" ]; then
    JAVA_HOME=$("$top/.ci/jdk") || exit
    scratch=$(mktemp -d) && trap 'rmdir "$scratch"' EXIT
    # shellcheck disable=SC2016 # expanded inside
    LOCKSTEP_NEIGHBOURS=$scratch LOCKSTEP_JAVA_HOME=$JAVA_HOME unshare --mount --net --pid --ipc --uts --fork --kill-child --propagation private bash -c '
        set -e
        at=$LOCKSTEP_NEIGHBOURS
        mount -t tmpfs -o size=2g scratch "$at"
        mkdir "$at"/{over,work,root}
        mount -t overlay overlay -o "lowerdir=/,upperdir=$at/over,workdir=$at/work" "$at/root"
        cd "$at/root"
        mkdir -p home/distribution home/project old
        mount --bind "$1" home/distribution
        mount --bind "$2" home/project
        mount -t proc proc proc
        mount --rbind /dev dev
        mount -t sysfs sysfs sys
        mount --rbind /sys/fs/cgroup sys/fs/cgroup
        for place in run tmp var/lib/lockstep var/lib/docker etc/lockstep; do mkdir -p $place && mount -t tmpfs tmpfs $place; done
        pivot_root . old
        cd /
        umount -l /old
        hostname neighbours
        exec bash /home/project/.ci/tests/neighbours.sh /home/distribution' bash "$built" "$top"
    code=$?
    # What the killed machine left of its cgroups.
    for ours in $(find /sys/fs/cgroup -depth -type d -path "*/lockstep-neighbours-*" 2>/dev/null); do rmdir "$ours"; done
    exit "$code"
fi

# ---- from here on inside
export NO_COLOR=1
lockstep() { "$built/bin/lockstep" "$@" </dev/null; }
passed=0 failed=0
check() {
    local name=$1
    shift
    if "$@"; then passed=$((passed + 1)) && echo "ok   $name"; else failed=$((failed + 1)) && echo "FAIL $name: $(tail -n 3 /tmp/said 2>/dev/null)"; fi
}
until_true() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.2
    done
}
run() { "$@" >/tmp/said 2>&1; }
said() { grep -q "$@" /tmp/said; }

# A machine outside, with a page.
ip link set lo up
unshare --net sleep infinity &
outside=$!
elsewhere() { [ "$(readlink "/proc/$outside/ns/net")" != "$(readlink /proc/$$/ns/net)" ]; }
# Not before it has left our network: the link's other end would stay here.
until_true 5 elsewhere
until_true 5 ip link add ext0 type veth peer name eth0 netns "$outside"
ip address add 203.0.113.1/24 dev ext0 && ip link set ext0 up
out() { nsenter -t "$outside" -n "$@"; }
out ip link set lo up && out ip address add 203.0.113.2/24 dev eth0 && out ip link set eth0 up
mkdir /tmp/world && echo world >/tmp/world/index.html
out busybox httpd -p 80 -h /tmp/world

# An image of busybox alone, like those of `docker save`.
layer=/tmp/layer && mkdir -p "$layer"/{bin,etc,tmp,proc,sys,dev} && chmod 1777 "$layer/tmp" && cp /bin/busybox "$layer/bin/"
for applet in sh httpd wget mkdir echo sleep; do ln -s busybox "$layer/bin/$applet"; done
mkdir /tmp/image && tar -C "$layer" -cf /tmp/image/layer.tar .
digest=$(sha256sum /tmp/image/layer.tar | cut -d' ' -f1)
echo '{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/bin"],"Cmd":["sh"]},"rootfs":{"type":"layers","diff_ids":["sha256:'"$digest"'"]}}' >/tmp/image/config.json
echo '[{"Config":"config.json","RepoTags":["busybox:1"],"Layers":["layer.tar"]}]' >/tmp/image/manifest.json
tar -C /tmp/image -cf /tmp/busybox.tar manifest.json config.json layer.tar
serve='mkdir -p /tmp/w; echo NAME > /tmp/w/index.html; exec httpd -f -p 80 -h /tmp/w'
mkdir /tmp/stack && cd /tmp/stack && cat >compose.yaml <<YAML
name: stack
services:
  web: {image: "busybox:1", ports: ["8080:80"], command: ["sh", "-c", "${serve/NAME/web}"]}
  app: {image: "busybox:1", command: ["sh", "-c", "${serve/NAME/app}"]}
YAML

get() { curl -s --max-time 5 "$2" >/tmp/said 2>&1 && [ "$(cat /tmp/said)" = "$1" ]; }
from_outside() { out curl -s --max-time 5 http://203.0.113.1:8080/ >/tmp/said 2>&1 && said -x web; }
from_container() { run lockstep exec -T web wget -q -O - -T 5 "http://$1/" && said -x "$2"; }
works() {
    check "$1: published, from outside" from_outside
    check "$1: published, from the host" get web http://127.0.0.1:8080/
    check "$1: published, from a container" from_container 203.0.113.1:8080 web
    check "$1: a name" from_container app app
    check "$1: the world" from_container 203.0.113.2 world
    run lockstep plan --detailed-exitcode
    check "$1: an empty plan" said "No changes"
    run lockstep doctor
    check "$1: doctor sees nothing in the way" [ "$(grep -c '^missing *firewall' /tmp/said)" -eq 0 ]
}
refused() { # NAME: with foreign-firewall: leave nothing is opened, and doctor and apply say so
    echo 'foreign-firewall: leave' >/etc/lockstep/agent.yaml
    run lockstep apply -y
    check "$1, left alone: apply says so" said "drops"
    run lockstep doctor
    check "$1, left alone: doctor says so and how to change it" said '^missing *firewall.*foreign-firewall: accept'
    check "$1, left alone: it is" not_marked
    run lockstep down -y
    rm /etc/lockstep/agent.yaml
}
marked() { { nft list ruleset && { ! run firewall-cmd --get-active-zones || cat /tmp/said; }; } 2>/dev/null | grep -q 'lockstep:\|  interfaces: ls'; }
not_marked() { ! marked; }
up() { run lockstep apply -y && check "$1: the marked rule is there" marked; }
down() { run lockstep down -y && check "$1: the marked rule went with the last network" not_marked; }

run lockstep image import /tmp/busybox.tar || { cat /tmp/said && exit 1; }

if [[ $found = *dockerd* ]]; then
    # As on a host where Docker is the one that turns forwarding on.
    echo 0 >/proc/sys/net/ipv4/ip_forward
    dockerd --storage-driver=vfs --cgroup-parent=/lockstep-neighbours-docker >/tmp/dockerd.log 2>&1 &
    docker=$!
    until_true 30 docker info || { tail -n 5 /tmp/dockerd.log && failed=1; }
    docker load -q -i /tmp/busybox.tar >/dev/null
    docker run -d --name neighbour -p 7080:80 busybox:1 sh -c "${serve/NAME/docker}" >/dev/null
    dockers() {
        until_true 5 get docker http://203.0.113.1:7080/
        check "$1: Docker's published port works" get docker http://203.0.113.1:7080/
        check "$1: Docker's container reaches the world" [ "$(docker exec neighbour wget -q -O - -T 5 http://203.0.113.2/)" = world ]
    }
    nft list chain ip filter FORWARD >/tmp/said
    check "Docker drops what it does not know" said "policy drop"
    dockers before
    up Docker && works Docker && dockers "beside us"
    iptables -S >/tmp/said 2>&1
    check "iptables goes on working" said "^-A DOCKER-USER -i ls.*lockstep"
    down Docker && dockers after
    refused Docker
    docker rm -f neighbour >/dev/null
    kill "$docker" && wait "$docker"
    nft flush ruleset
fi
if [[ $found = *ufw* ]]; then
    ufw --force enable >/tmp/said 2>&1 || cat /tmp/said
    up ufw && works ufw
    ufw status verbose >/tmp/said 2>&1
    check "ufw goes on working" said "Status: active"
    iptables -S >/tmp/said 2>&1
    check "iptables goes on working" said "^-A ufw-user-input -i ls.*lockstep"
    ufw reload >/dev/null 2>&1
    run lockstep plan
    check "ufw: its reload is noticed" said "changed on the host"
    run lockstep apply -y
    works "ufw, reloaded"
    down ufw
    refused ufw
    ufw --force disable >/dev/null 2>&1
    nft flush ruleset
fi
if [[ $found = *firewalld* ]]; then
    mkdir -p /run/dbus && dbus-daemon --system --fork
    firewalld --nofork --nopid >/tmp/firewalld.log 2>&1 &
    until_true 60 firewall-cmd --state || { tail -n 5 /tmp/firewalld.log && failed=1; }
    up firewalld && works firewalld
    firewall-cmd --reload >/dev/null 2>&1
    run lockstep plan
    check "firewalld: its reload is noticed" said "changed on the host"
    run lockstep apply -y
    works "firewalld, reloaded"
    down firewalld
    refused firewalld
fi
echo "neighbours: $passed passed, $failed failed"
[ "$failed" -eq 0 ]
