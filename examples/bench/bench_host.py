"""What the benchmarks share: the built distribution on roots of its own, and an image made of busybox."""
import dataclasses
import hashlib
import io
import json
import os
import pathlib
import resource
import shutil
import subprocess
import sys
import tarfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
LOCKSTEP = TOP / "reconciler/target/lockstep/bin/lockstep"
IMAGE = "localhost/bench:1"
# Ends at once on SIGTERM, so that taking down measures nothing but itself.
COMMAND = ["sh", "-c", "trap 'exit 0' TERM; sleep 1000000 & wait"]


def agent_java(*arguments) -> list:
    """A class of the tests in a virtual machine like an agent's: with the options and the cache that bin/lockstep gives it."""
    lib = LOCKSTEP.parents[1] / "lib"
    caches = sorted(c for c in lib.glob("lockstep-*.aot") if not c.stem.endswith(("-files", "-images")))
    return [pathlib.Path(os.environ["JAVA_HOME"]) / "bin/java", "-XX:+UseSerialGC", "-Xms16m", "-Xmn8m", "-Xmx192m",
            *(f"-XX:AOTCache={c}" for c in caches[-1:]), "--enable-native-access=ALL-UNNAMED",
            "-cp", f"{lib}/lockstep.jar:{TOP}/runtime/target/test-classes", *arguments]


def needed(*names: str) -> str:
    for name in names:
        if path := shutil.which(name):
            return path
    sys.exit(f"{' or '.join(names)} is missing; .ci/packages host test installs it")


def see_one_cgroup_tree(runtime: str) -> None:
    """crun starts nothing on a host with controllers in both trees of cgroups. There the script begins again where
    the second tree is not to be seen: in a mount namespace of its own."""
    unified = "/sys/fs/cgroup/unified"
    if runtime == "crun" and os.path.ismount(unified):
        os.execvp("unshare", ["unshare", "-m", "sh", "-c", f'umount {unified} && exec "$0" "$@"', sys.executable, *sys.argv])


def busybox_image(path: pathlib.Path, reference: str) -> None:
    """Writes an archive like `docker save` makes, of busybox and nothing else."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        tar.add(os.path.realpath(needed("busybox")), "bin/busybox")
        for applet in ("sh", "sleep", "true"):
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(link)
    digest = hashlib.sha256(layer.getvalue()).hexdigest()
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    config = json.dumps({"architecture": machine, "os": "linux", "config": {"Env": ["PATH=/bin"], "Cmd": COMMAND},
                         "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]}}).encode()
    manifest = [{"Config": "config.json", "RepoTags": [reference], "Layers": [f"{digest}/layer.tar"]}]
    with tarfile.open(path, "w") as tar:
        for name, data in (("config.json", config), (f"{digest}/layer.tar", layer.getvalue()),
                           ("manifest.json", json.dumps(manifest).encode())):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))


@dataclasses.dataclass(frozen=True)
class Run:
    """One cold command, in seconds: from the start of its process to its end, and the CPU time of it and its children."""
    wall: float
    cpu: float


def children_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Lockstep:
    """The command on a project in `scratch`, with a root and a run root of its own. The image is in its store."""

    def __init__(self, scratch: pathlib.Path, compose: str, run_root: pathlib.Path | None = None):
        if not LOCKSTEP.exists():
            sys.exit(f"{LOCKSTEP} is missing: run 'mvn package' first")
        self.run_root = run_root or scratch / "run"
        self.directory = scratch / "bench"
        self.directory.mkdir(exist_ok=True)
        self.options = [LOCKSTEP, "--root", scratch / "root", "--run-root", self.run_root,
                        "--project-directory", self.directory]
        (self.directory / "compose.yaml").write_text(compose)
        archive = scratch / "bench.tar"
        busybox_image(archive, IMAGE)
        self.run("image", "import", archive)

    def run(self, *arguments) -> Run:
        cpu, begin = children_cpu(), time.monotonic()
        done = subprocess.run([*self.options, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        took = Run(time.monotonic() - begin, children_cpu() - cpu)
        if done.returncode:
            sys.exit(f"lockstep {' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return took

    def down(self) -> None:
        """At the end, whatever happened before."""
        subprocess.run([*self.options, "down", "-v", "-y"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def remove(scratch: pathlib.Path) -> None:
    # podman leaves its store mounted over itself.
    store = scratch / "podman/overlay"
    if os.path.ismount(store):
        subprocess.run(["umount", store])
    if any(f" {scratch}/" in line for line in open("/proc/self/mountinfo")):
        print(f"mounts below {scratch} are still there, so the directory stays", file=sys.stderr)
    else:
        shutil.rmtree(scratch)
