package dev.lockstep.spec.model;

import java.util.Map;
import java.util.Optional;

/**
 * One service, its attributes grouped by what they are about. An empty {@code Optional} is what the file does not say;
 * defaults are the engine's, not the model's.
 *
 * @param name its key in the project
 * @param image what its containers are made from
 * @param identity names and words that describe a container
 * @param program what runs inside
 * @param isolation what a container may do and what it shares
 * @param devices devices of the host that it sees
 * @param limits how much of the host it may use
 * @param networking how it is reached and what it reaches
 * @param storage what it finds in its file system besides the image
 * @param lifecycle when containers start, stop and are started again, and how many there are
 * @param logging what becomes of its output
 * @param develop for {@code watch}; nothing on a host
 * @param models AI models that the service uses, by the model's key
 * @param provider a program outside of Compose that provides the service instead of a container
 * @param extension what {@code x-lockstep} says
 */
public record Service(
        String name,
        ServiceImage image,
        Identity identity,
        Program program,
        Isolation isolation,
        Devices devices,
        Limits limits,
        Networking networking,
        Storage storage,
        Lifecycle lifecycle,
        Optional<Logging> logging,
        Optional<Develop> develop,
        Map<String, Optional<ModelBinding>> models,
        Optional<Provider> provider,
        Optional<ServiceExtension> extension) {
    public Service {
        models = Copies.ordered(models);
    }

    /** How many containers the service wants: {@code scale} or {@code deploy.replicas}, else 1. */
    public int replicas() {
        return lifecycle
                .scale()
                .or(() -> lifecycle.deploy().flatMap(Deploy::replicas))
                .orElse(1);
    }

    /** The limits in force, whichever of the two places of the file they were written in. */
    public Resources resources() {
        var written = lifecycle.deploy().map(Deploy::resources).orElse(Resources.NONE);
        return new Resources(
                limits.cpu().cpus().or(() -> written.cpus()),
                limits.memory().limit().or(() -> written.memoryLimit()),
                limits.pids().or(() -> written.pids()),
                written.reservedCpus(),
                limits.memory().reservation().or(() -> written.memoryReservation()));
    }

    /** The same service with another program. */
    public Service withProgram(Program other) {
        return with(image, identity, other, lifecycle);
    }

    /** The same service with other names and labels. */
    public Service withIdentity(Identity other) {
        return with(image, other, program, lifecycle);
    }

    /** The same service made from another image. */
    public Service withImage(ServiceImage other) {
        return with(other, identity, program, lifecycle);
    }

    /** The same service that depends on others. */
    public Service withDependencies(Map<String, Dependency> others) {
        return with(image, identity, program, lifecycle.withDependencies(others));
    }

    private Service with(ServiceImage itsImage, Identity itsIdentity, Program itsProgram, Lifecycle itsLifecycle) {
        return new Service(
                name,
                itsImage,
                itsIdentity,
                itsProgram,
                isolation,
                devices,
                limits,
                networking,
                storage,
                itsLifecycle,
                logging,
                develop,
                models,
                provider,
                extension);
    }
}
