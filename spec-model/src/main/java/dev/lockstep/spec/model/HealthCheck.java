package dev.lockstep.spec.model;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How to find out whether a container is well. What is empty comes from the image, then from the engine's defaults.
 *
 * @param disabled {@code disable: true}; the image's check does not run either
 */
public record HealthCheck(
        boolean disabled,
        Optional<Test> test,
        Optional<Duration> interval,
        Optional<Duration> timeout,
        Optional<Duration> startPeriod,
        Optional<Duration> startInterval,
        Optional<Integer> retries) {
    /** What is run inside the container. */
    public sealed interface Test {
        /** As {@code test} lists it: the word that says how it is run, and what follows it. */
        List<String> command();

        /** A program with its arguments ({@code CMD}). */
        record Exec(List<String> arguments) implements Test {
            public Exec {
                arguments = List.copyOf(arguments);
            }

            @Override
            public List<String> command() {
                return HealthCheck.command("CMD", arguments);
            }
        }

        /** Words for the container's shell after {@code -c} ({@code CMD-SHELL}); the first is the script. */
        record Shell(List<String> words) implements Test {
            public Shell {
                words = List.copyOf(words);
            }

            @Override
            public List<String> command() {
                return HealthCheck.command("CMD-SHELL", words);
            }
        }

        /** {@code NONE}: no check, not even the image's. */
        record None() implements Test {
            @Override
            public List<String> command() {
                return HealthCheck.command("NONE", List.of());
            }
        }
    }

    private static List<String> command(String first, List<String> rest) {
        return Stream.concat(Stream.of(first), rest.stream()).toList();
    }

    /** True if no check runs, whichever way the file says so. */
    public boolean off() {
        return disabled || test.filter(Test.None.class::isInstance).isPresent();
    }
}
