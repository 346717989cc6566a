package dev.lockstep.reconciler.agent;

import dev.lockstep.reconciler.deploy.Deployment;
import dev.lockstep.reconciler.secret.HostSecrets;
import dev.lockstep.runtime.Engine;
import dev.lockstep.runtime.container.HealthMonitor;
import dev.lockstep.spec.settings.HostPolicy;
import dev.lockstep.spec.settings.ImagePolicy;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/** Makes the workers of an agent's stacks out of what the agent has. */
record StackWorkers(
        Engine engine,
        String host,
        ImagePolicy images,
        HostPolicy policy,
        HostSecrets secrets,
        HealthMonitor health,
        Supervisor supervisor,
        FollowedStacks stacks,
        Duration driftInterval,
        InstantSource clock,
        Function<Follower, WantedBuilds> builds,
        Consumer<String> out) {

    /** A worker for the stack of that name, not started. */
    StackWorker worker(String stack, Follower follower) {
        return new StackWorker(
                stack,
                engine,
                new Deployment(engine, host, images, policy, secrets),
                health,
                supervisor,
                records(stack),
                follower.stacks().earlier(stack),
                driftInterval,
                clock,
                new Backoff(RandomGenerator.getDefault()),
                out,
                () -> stacks.before(stack),
                new Permission(stack, engine, clock),
                builds.apply(follower));
    }

    StackRecords records(String stack) {
        return new StackRecords(engine.root(), host, stack, clock);
    }

    /** A person asks for the stack: what was started too often gets another chance. */
    void forgive(String stack) throws IOException {
        supervisor.forgive(stack);
    }
}
