package dev.lockstep.reconciler.cli;

import java.lang.reflect.Proxy;

/**
 * Hears of signals: SIGWINCH, which the kernel sends when the terminal has another size (tty_ioctl(4)), and those that
 * a person sends. A signalfd(2) would need the signal blocked in the JVM's first thread, which runs no Java. What the
 * JDK has is {@code sun.misc.Signal}, in {@code jdk.unsupported} and exported on purpose (JEP 260); it is called by
 * name, since javac's warning about it can only be switched off for all such classes at once.
 */
final class Signals {
    private Signals() {}

    /**
     * Runs {@code heard} at each such signal from now on, in a thread of the JVM's, instead of what else would happen.
     *
     * @param name without {@code SIG}
     * @throws IllegalStateException in a JVM that has no such class
     */
    static void hear(String name, Runnable heard) {
        try {
            var signal = Class.forName("sun.misc.Signal");
            var handler = Class.forName("sun.misc.SignalHandler");
            var listener = Proxy.newProxyInstance(
                    Signals.class.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                        heard.run();
                        return null;
                    });
            signal.getMethod("handle", signal, handler)
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), listener);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("this JVM has no module jdk.unsupported", e);
        }
    }
}
