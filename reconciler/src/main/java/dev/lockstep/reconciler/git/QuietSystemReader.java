package dev.lockstep.reconciler.git;

import java.io.File;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.eclipse.jgit.lib.Config;
import org.eclipse.jgit.lib.ConfigConstants;
import org.eclipse.jgit.storage.file.FileBasedConfig;
import org.eclipse.jgit.util.FS;
import org.eclipse.jgit.util.SystemReader;
import org.jspecify.annotations.Nullable;

/**
 * Keeps JGit to itself. Left alone it runs the {@code git} program to find the system's configuration, reads the user's
 * {@code ~/.gitconfig} (proxies, rewritten URLs, other credentials), and writes {@code ~/.config/jgit/config}. Here all
 * three are empty and kept in memory, and {@code GIT_*} variables are not seen.
 */
final class QuietSystemReader extends SystemReader.Delegate {
    private QuietSystemReader(SystemReader platform) {
        super(platform);
    }

    /** JGit has one reader per process; this sets it once, before the first repository is opened. */
    static void install() {
        synchronized (QuietSystemReader.class) {
            var current = SystemReader.getInstance();
            if (!(current instanceof QuietSystemReader)) {
                SystemReader.setInstance(new QuietSystemReader(current));
            }
        }
    }

    @Override
    public @Nullable String getenv(String name) {
        return name.startsWith("GIT_") || name.startsWith("XDG_") ? null : super.getenv(name);
    }

    @Override
    public FileBasedConfig openSystemConfig(Config parent, FS fs) {
        return new InMemory(parent, fs);
    }

    @Override
    public FileBasedConfig openUserConfig(Config parent, FS fs) {
        return new InMemory(parent, fs);
    }

    @Override
    public FileBasedConfig openJGitConfig(Config parent, FS fs) {
        return new InMemory(parent, fs);
    }

    private static final class InMemory extends FileBasedConfig {
        private static final Duration RACY = Duration.ofSeconds(2);

        InMemory(Config parent, FS fs) {
            super(parent, new File("/dev/null"), fs);
        }

        @Override
        public void load() {
            // Empty for ever.
        }

        @Override
        public void save() {
            // Values live as long as the process.
        }

        @Override
        public boolean isOutdated() {
            return false;
        }

        /**
         * JGit would measure for seconds how finely this file system tells times, in each process. Two seconds are its
         * own answer where it cannot: what is younger is read again.
         */
        @Override
        public long getTimeUnit(
                String section, @Nullable String subsection, String name, long defaultValue, TimeUnit wantUnit) {
            return section.equals(ConfigConstants.CONFIG_FILESYSTEM_SECTION)
                    ? wantUnit.convert(RACY)
                    : super.getTimeUnit(section, subsection, name, defaultValue, wantUnit);
        }
    }
}
