package dev.lockstep.reconciler.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Every command there is. Its class is loaded when {@link #command()} is called and not before. */
enum Verb {
    VALIDATE("validate", "Check the files of a stack, and say everything that is wrong"),
    CONFIG("config", "Print a stack's files as one, with everything filled in"),
    PLAN("plan", "Show what would change on this host, and why"),
    APPLY("apply", "Make this host what the files say"),
    DOWN("down", "Stop and remove a stack's containers and networks"),
    AGENT("agent", "Follow Git repositories and keep this host in step"),
    SYNC("sync", "Make the agent look now, and wait for the outcome"),
    STATUS("status", "Show what each stack should be and what became of it"),
    PS("ps", "List containers"),
    LOGS("logs", "Show what containers wrote"),
    EXEC("exec", "Run a program in a container"),
    IMAGE("image", "Get, list, check and remove images"),
    SYSTEM("system", "Show what is on the disk, and remove what nobody needs"),
    DOCTOR("doctor", "Check that this host has what Lockstep needs"),
    CONTAINER_EXIT("container-exit", ""),
    TRAIN("train", "");

    private final String word;
    private final String summary;

    Verb(String word, String summary) {
        this.word = word;
        this.summary = summary;
    }

    /** As it is typed. */
    String word() {
        return word;
    }

    /** One line for the list of commands; empty for what no person types. */
    String summary() {
        return summary;
    }

    /** Those that people type. */
    static List<Verb> shown() {
        return Arrays.stream(values()).filter(v -> !v.summary.isEmpty()).toList();
    }

    static Optional<Verb> of(String word) {
        return Arrays.stream(values()).filter(v -> v.word.equals(word)).findFirst();
    }

    /** A new command of that name. */
    Command command() {
        return switch (this) {
            case VALIDATE -> new ValidateCommand();
            case CONFIG -> new ConfigCommand();
            case PLAN -> new PlanCommand();
            case APPLY -> new ApplyCommand();
            case DOWN -> new DownCommand();
            case AGENT -> new AgentCommand();
            case SYNC -> new SyncCommand();
            case STATUS -> new StatusCommand();
            case PS -> new PsCommand();
            case LOGS -> new LogsCommand();
            case EXEC -> new ExecCommand();
            case IMAGE -> new ImageCommand();
            case SYSTEM -> new SystemCommand();
            case DOCTOR -> new DoctorCommand();
            case CONTAINER_EXIT -> new ContainerExitCommand();
            case TRAIN -> new TrainCommand();
        };
    }
}
