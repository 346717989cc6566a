package dev.lockstep.runtime.container;

import dev.lockstep.runtime.linux.DeviceNumber;
import dev.lockstep.runtime.linux.Directory;
import dev.lockstep.runtime.linux.FileStatus;
import dev.lockstep.runtime.linux.RawPath;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** What disks, editors and bugs do to a state file. */
enum Damage {
    TRUNCATED {
        @Override
        void to(Path file) throws IOException {
            try (var content = new RandomAccessFile(file.toFile(), "rw")) {
                content.setLength(content.length() / 2);
            }
        }
    },
    EMPTY {
        @Override
        void to(Path file) throws IOException {
            Files.write(file, new byte[0]);
        }
    },
    GARBAGE {
        @Override
        void to(Path file) throws IOException {
            Files.write(file, new byte[] {0, -1, 27, '[', '2', 'J', -2, 10, 0});
        }
    },
    ANOTHER_TYPE {
        @Override
        void to(Path file) throws IOException {
            Files.writeString(file, Files.readString(file).replaceFirst("\"record\" ?: ?\\{.*", "\"record\":{}}"));
        }
    },
    /** Root reads what it likes; but not what is no file. */
    UNREADABLE {
        @Override
        void to(Path file) throws IOException {
            Files.delete(file);
            Files.createDirectory(file);
        }
    },
    /** Who reads it waits for ever, unless they look first. */
    FIFO {
        @Override
        void to(Path file) throws IOException {
            Files.delete(file);
            try (var parent = Directory.open(Objects.requireNonNull(file.getParent()))) {
                parent.makeNode(
                        RawPath.of(file.getFileName().toString()), FileStatus.Type.FIFO, new DeviceNumber(0, 0));
            }
        }
    },
    MISSING {
        @Override
        void to(Path file) throws IOException {
            Files.delete(file);
        }
    },
    HUGE {
        @Override
        void to(Path file) throws IOException {
            try (var content = new RandomAccessFile(file.toFile(), "rw")) {
                content.setLength(8L << 30); // a hole
            }
        }
    };

    abstract void to(Path file) throws IOException;
}
