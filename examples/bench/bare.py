"""conmon and the OCI runtime with nothing around: what no engine on top of them can go below."""
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

from bench_host import needed


class Bare:
    """conmon and the runtime, as an engine would call them, with nothing around."""

    def __init__(self, scratch: pathlib.Path, runtime: str | None = None):
        self.scratch = scratch
        self.conmon = needed("conmon")
        self.runtime = runtime or self.working_runtime()
        self.state = scratch / "runtime"

    def working_runtime(self) -> str:
        """crun is faster, but does not start on hosts with controllers in both cgroup trees."""
        bundle = self.scratch / "probe"
        self.own_bundle(bundle, "true", ["sleep", "0"])
        for name in ("crun", "runc"):
            if (path := shutil.which(name)) and not subprocess.run(
                    [path, "--root", self.scratch / "probe-state", "run", "-b", bundle, f"probe-{os.getpid()}-{name}"],
                    stdin=subprocess.DEVNULL, capture_output=True).returncode:
                return path
        sys.exit("neither crun nor runc starts a container on this host; 'lockstep doctor' says more")

    def own_bundle(self, bundle: pathlib.Path, name: str, command: list[str]) -> None:
        """A bundle with the runtime's own defaults, for the probe."""
        root = bundle / "rootfs"
        (root / "bin").mkdir(parents=True)
        shutil.copy(os.path.realpath(needed("busybox")), root / "bin/busybox")
        for applet in ("sh", "sleep", "true"):
            (root / "bin" / applet).symlink_to("busybox")
        subprocess.run([needed("runc", "crun"), "spec"], cwd=bundle, check=True)
        config = json.loads((bundle / "config.json").read_text())
        config["process"]["terminal"] = False
        config["process"]["args"] = command
        config["linux"]["cgroupsPath"] = f"/lockstep-bench-{os.getpid()}/{name}"
        (bundle / "config.json").write_text(json.dumps(config))

    def start(self, bundle: pathlib.Path, name: str) -> None:
        """Creates and starts one container; returns when the runtime says that it is started."""
        sync_read, sync_write = os.pipe()
        start_read, start_write = os.pipe()
        (bundle / "exits").mkdir(exist_ok=True)
        process = subprocess.Popen(
            [self.conmon, "--api-version", "1", "-c", name, "-u", name, "-n", name, "-r", self.runtime, "-b", bundle,
             "-p", bundle / "pid", "-P", bundle / "conmon.pid", "--exit-dir", bundle / "exits", "--log-level", "error",
             "-l", f"k8s-file:{bundle}/ctr.log", "--full-attach", "--runtime-arg", "--root", "--runtime-arg", self.state],
            env={"PATH": os.environ["PATH"], "_OCI_SYNCPIPE": str(sync_write), "_OCI_STARTPIPE": str(start_read)},
            pass_fds=[sync_write, start_read], stdin=subprocess.DEVNULL)
        os.close(sync_write)
        os.close(start_read)
        os.write(start_write, b"\0")
        os.close(start_write)
        process.wait()
        with os.fdopen(sync_read) as sync:
            answer = json.loads(sync.readline())
        if answer.get("data", -1) <= 0:
            raise RuntimeError(f"{name}: {answer.get('message', answer)}")
        subprocess.run([self.runtime, "--root", self.state, "start", name], check=True)

    def remove(self, name: str) -> None:
        subprocess.run([self.runtime, "--root", self.state, "delete", "-f", name], capture_output=True)

    def measure(self, bundles: list[pathlib.Path], parallel: int) -> float:
        names = [f"bare-{os.getpid()}-{i}" for i in range(len(bundles))]
        with concurrent.futures.ThreadPoolExecutor(parallel) as pool:
            try:
                begin = time.monotonic()
                list(pool.map(self.start, bundles, names))
                return time.monotonic() - begin
            finally:
                list(pool.map(self.remove, names))


def copied_bundles(run_root: pathlib.Path, into: pathlib.Path) -> list[pathlib.Path]:
    """The containers' own bundles, with another identity and cgroup and without what calls back to Lockstep."""
    copies = []
    for i, source in enumerate(sorted(run_root.rglob("config.json"))):
        config = json.loads(source.read_text())
        if "ociVersion" not in config:
            continue
        root = pathlib.Path(config["root"]["path"])
        config["root"]["path"] = str(root if root.is_absolute() else source.parent / root)
        config["linux"]["cgroupsPath"] = f"/lockstep-bench-{os.getpid()}/{i}"
        config.pop("hooks", None)
        bundle = into / str(i)
        bundle.mkdir(parents=True)
        (bundle / "config.json").write_text(json.dumps(config))
        copies.append(bundle)
    return copies


def remove_cgroups() -> None:
    # Deepest first: a cgroup goes only when it has no children.
    for found in sorted(pathlib.Path("/sys/fs/cgroup").glob(f"**/lockstep-bench-{os.getpid()}/**/"), reverse=True):
        try:
            found.rmdir()
        except OSError:
            pass
