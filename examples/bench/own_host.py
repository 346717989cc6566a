"""A host for a benchmark alone: its own network, mounts and view of cgroups, so that nothing of the real one is touched."""
import os
import pathlib
import subprocess
import sys
import tempfile

from bench_host import TOP, remove

INSIDE = "LOCKSTEP_BENCH_HOST"
# /sys shows the network of who mounted it, and dockerd asks it about bridges. A tmpfs is what /run is.
ENTER = ('mkdir "$0/cgroups" && mount --rbind /sys/fs/cgroup "$0/cgroups" && mount -t sysfs sysfs /sys'
         ' && mount --rbind "$0/cgroups" /sys/fs/cgroup && umount -l "$0/cgroups"'
         ' && mkdir "$0/memory" && mount -t tmpfs tmpfs "$0/memory" && ip link set lo up && exec "$@"')


def in_own_host(measure) -> None:
    """Calls `measure` with a scratch directory in which `memory` is a tmpfs; the script begins again for it."""
    if INSIDE in os.environ:
        return measure(pathlib.Path(os.environ[INSIDE]))
    scratch = tempfile.mkdtemp(prefix="lockstep-bench-", dir="/var/tmp")
    java = subprocess.run([TOP / ".ci/jdk"], stdout=subprocess.PIPE, check=True, text=True).stdout.strip()
    code = subprocess.run(["unshare", "--net", "--mount", "--propagation", "private", "sh", "-c", ENTER, scratch,
                           sys.executable, *sys.argv], env={**os.environ, INSIDE: scratch, "JAVA_HOME": java}).returncode
    remove(pathlib.Path(scratch))
    sys.exit(code)
