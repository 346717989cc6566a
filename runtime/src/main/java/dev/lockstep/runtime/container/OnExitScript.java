package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.NoSpace;
import dev.lockstep.runtime.linux.ProcessSpawner;
import dev.lockstep.runtime.oci.OciRuntime;
import dev.lockstep.runtime.store.AtomicFiles;
import dev.lockstep.runtime.store.Root;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;

/**
 * The script that conmon runs when a container has ended. conmon was told its path when the container started and
 * cannot be told another one, so the path never changes, and containers of older versions run the script of today.
 */
public final class OnExitScript {
    private final Root root;

    /** The script of that root. */
    public OnExitScript(Root root) {
        this.root = root;
    }

    /** Where it is. */
    public Path path() {
        return root.state().resolve("on-exit");
    }

    /** Writes it when it is missing or different, and notes which program restarts containers. */
    public void install(Optional<Path> launcher) throws IOException {
        if (launcher.isPresent()) {
            put(root.state().resolve("launcher"), launcher.get().toAbsolutePath() + "\n", "rw-r--r--");
        }
        put(path(), text(), "rwxr-xr-x");
    }

    private static void put(Path file, String text, String mode) throws IOException {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        if (Files.exists(file) && java.util.Arrays.equals(Files.readAllBytes(file), bytes)) {
            return;
        }
        try {
            AtomicFiles.write(file, bytes, PosixFilePermissions.fromString(mode));
        } catch (IOException e) {
            // What an earlier version wrote does as well until there is room; without any nothing would start again.
            if (!NoSpace.isWhy(e) || !Files.exists(file)) {
                throw e;
            }
        }
    }

    /** Runs it as conmon would, without waiting for it. */
    void runDetached(String id) throws IOException {
        var nothing = new ProcessSpawner.Stream.Nothing();
        // The shell in between ends at once and leaves the script to init, so that we have no child to wait for.
        ProcessSpawner.reap(ProcessSpawner.spawn(new ProcessSpawner.Command(
                List.of("/bin/sh", "-c", "\"$0\" \"$1\" &", path().toString(), id),
                OciRuntime.ENVIRONMENT,
                nothing,
                nothing,
                nothing,
                List.of())));
    }

    String text() {
        return """
                #!/bin/sh
                # Written by Lockstep. conmon runs it with the id of a container that has ended.
                # It restarts the container when its policy says so, or removes it where 'run --rm' asked for that,
                # and no agent is there to do it.
                root=%s
                run=%s
                id=$1
                case $id in '' | *[!0-9a-f]*) exit 0 ;; esac
                [ -e "$root/containers/$id/restart" ] || [ -e "$root/containers/$id/remove" ] || exit 0
                # A lock that cannot be shared is held: the agent deals with every exit, and who waits for the end of
                # this container (run --rm) with that one.
                for lock in "$run/locks/agent" "$run/locks/attended/$id"; do
                    [ ! -e "$lock" ] || flock -n -s "$lock" true || exit 0
                done
                # The file is touched by each start: what it said before the wait was of the run that has ended.
                of=$(stat -c %%y "$root/containers/$id/restart" 2>/dev/null)
                [ "${2-$of}" = "$of" ] || exit 0
                # Somebody works on the container, a stop or a start or what has nothing to do with its end. The next
                # one may wait for conmon, which waits for us: so a process of its own waits, and looks again then.
                lock=$run/locks/container/$id
                if [ -e "$lock" ] && ! flock -n -s "$lock" true; then
                    (flock -s "$lock" true && exec "$0" "$id" "$of") </dev/null >/dev/null 2>&1 &
                    exit 0
                fi
                launcher=lockstep
                [ ! -r "$root/launcher" ] || read -r launcher < "$root/launcher"
                # Its distribution was moved or replaced by one elsewhere, and nobody has called that one yet.
                [ -x "$launcher" ] || launcher=lockstep
                unset _OCI_SYNCPIPE _OCI_STARTPIPE _OCI_ATTACHPIPE
                exec "$launcher" --root "$root" --run-root "$run" container-exit "$id"
                """.formatted(quoted(root.state()), quoted(root.run()));
    }

    private static String quoted(Path path) {
        return "'" + path.toString().replace("'", "'\\''") + "'";
    }
}
