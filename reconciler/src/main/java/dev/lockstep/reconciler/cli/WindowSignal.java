package dev.lockstep.reconciler.cli;

import java.lang.reflect.Proxy;

/**
 * Hears of SIGWINCH, which the kernel sends when the terminal has another size (tty_ioctl(4)). A signalfd(2) would need
 * the signal blocked in the JVM's first thread, which runs no Java. What the JDK has is {@code sun.misc.Signal}, in
 * {@code jdk.unsupported} and exported on purpose (JEP 260); it is called by name, since javac's warning about it can
 * only be switched off for all such classes at once.
 */
final class WindowSignal {
    private WindowSignal() {}

    /**
     * Runs {@code changed} at each change from now on, in a thread of the JVM's.
     *
     * @throws IllegalStateException in a JVM that has no such class
     */
    static void hear(Runnable changed) {
        try {
            var signal = Class.forName("sun.misc.Signal");
            var handler = Class.forName("sun.misc.SignalHandler");
            var listener = Proxy.newProxyInstance(
                    WindowSignal.class.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                        changed.run();
                        return null;
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance("WINCH"), listener);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JVM has no module jdk.unsupported", e);
        }
    }
}
