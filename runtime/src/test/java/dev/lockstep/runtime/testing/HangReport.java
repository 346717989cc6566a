package dev.lockstep.runtime.testing;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Says of a test that hangs where it hangs, and ends it: a run that is cut off from outside says nothing. First its
 * threads and processes are written out and its own thread is interrupted; then, because a wait in the kernel hears no
 * interrupt, every process that it started is killed; and where that frees nobody, this machine is halted, so that the
 * build goes on with the next class. JUnit finds it by itself ({@code META-INF/services}).
 */
public final class HangReport implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback, AfterAllCallback {
    /**
     * How long one test may take, or what is done before and after the tests of a class, in minutes: property
     * {@code lockstep.test.limit}, 10 where it is absent.
     */
    private static final Duration LIMIT = Duration.ofMinutes(Long.getLong("lockstep.test.limit", 10));

    /** What a freed test gets to tidy up before the next, harder step. */
    private static final Duration STEP = Duration.ofSeconds(45);

    private static final ExtensionContext.Namespace NAMESPACE = ExtensionContext.Namespace.create(HangReport.class);

    @Override
    public void beforeAll(ExtensionContext context) {
        watch(context).begin(context);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        watch(context).begin(context);
    }

    @Override
    public void afterEach(ExtensionContext context) {
        watch(context).begin(context);
    }

    @Override
    public void afterAll(ExtensionContext context) {
        watch(context).end();
    }

    private static Watch watch(ExtensionContext context) {
        return context.getRoot().getStore(NAMESPACE).computeIfAbsent(Watch.class);
    }

    /** Of all tests of this machine, which run one after the other; closed with JUnit's own store. */
    static final class Watch implements AutoCloseable {
        private final ScheduledExecutorService ticks = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("hang-report").factory());
        private @Nullable Future<?> alarm;

        private void begin(ExtensionContext context) {
            end();
            var test = Thread.currentThread();
            var name = context.getTestClass().map(Class::getName).orElse("?") + " " + context.getDisplayName();
            alarm = ticks.schedule(() -> free(name, test), LIMIT.toSeconds(), TimeUnit.SECONDS);
        }

        private void end() {
            if (alarm != null) {
                alarm.cancel(true);
            }
        }

        @Override
        public void close() {
            ticks.shutdownNow();
        }
    }

    private static void free(String name, Thread test) {
        PrintStream out = System.err;
        out.println("HANGS for " + LIMIT.toMinutes() + " minutes: " + name);
        out.println(stacks());
        ProcessHandle.current()
                .descendants()
                .forEach(process -> out.println("process " + process.pid() + ": " + process.info()));
        test.interrupt();
        try {
            Thread.sleep(STEP);
            out.println("it does not hear an interrupt, so its processes are killed: " + name);
            ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
            Thread.sleep(STEP);
            out.println("it hangs still, so this machine is halted: " + name);
            out.flush();
            Runtime.getRuntime().halt(1);
        } catch (InterruptedException freed) {
            out.println("it has come free: " + name);
        }
    }

    /** Also of virtual threads, which {@code Thread.getAllStackTraces} leaves out. */
    private static String stacks() {
        Path file = Path.of(System.getProperty("java.io.tmpdir"), "hang-" + System.nanoTime() + ".txt");
        try {
            ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                    .dumpThreads(file.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
            return Files.readString(file);
        } catch (IOException e) {
            return "its threads cannot be written out: " + e;
        } finally {
            var unused = file.toFile().delete();
        }
    }
}
