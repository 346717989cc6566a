package dev.lockstep.reconciler.cli;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Every command there is. Its class is loaded when {@link #command()} is called and not before. */
enum Verb {
    VALIDATE("validate", "Check the files of a stack, and say everything that is wrong"),
    LINT("lint", "Say what in Dockerfiles and Compose files is allowed and not wise"),
    CONFIG("config", "Print a stack's files as one, with everything filled in"),
    PLAN("plan", "Show what would change on this host, and why"),
    APPLY("apply", "Make this host what the files say"),
    DIFF("diff", "Show what a range of commits changes, on every host"),
    DOWN("down", "Stop and remove a stack's containers and networks"),
    AGENT("agent", "Follow Git repositories and keep this host in step"),
    SYNC("sync", "Make the agent look now, and wait for the outcome"),
    APPROVE("approve", "Agree to a plan that the agent holds"),
    SUSPEND("suspend", "Make the agent leave a stack, or the host, as it is"),
    RESUME("resume", "End a suspension"),
    HISTORY("history", "Show what was done to stacks, when and why"),
    ROLLBACK("rollback", "Bring a stack back to a revision that was well"),
    STATUS("status", "Show what each stack should be and what became of it"),
    BUILDS("builds", "Show what was built of repositories, and build it again"),
    SECRET("secret", "Keep secrets of stacks on this host"),
    UP("up", "Make and start containers, and show what they write"),
    CREATE("create", "Make containers without starting them"),
    SCALE("scale", "Change how many containers a service has"),
    BUILD("build", "Build an image from a Dockerfile, or those of services"),
    PULL("pull", "Get the images of services"),
    START("start", "Start existing containers"),
    STOP("stop", "Stop containers"),
    RESTART("restart", "Restart containers"),
    KILL("kill", "Send a signal to containers"),
    PAUSE("pause", "Let containers stand still"),
    UNPAUSE("unpause", "Let paused containers go on"),
    RM("rm", "Remove stopped containers"),
    WAIT("wait", "Wait until containers have ended"),
    PS("ps", "List containers"),
    LS("ls", "List the stacks of this host"),
    IMAGES("images", "List the images of containers"),
    TOP("top", "Show the processes of containers"),
    PORT("port", "Print where a port is published"),
    LOGS("logs", "Show what containers wrote"),
    RUN("run", "Run a program in a container of its own"),
    EXEC("exec", "Run a program in a container"),
    ATTACH("attach", "Connect a terminal to a container"),
    CP("cp", "Copy files out of containers and into them"),
    STATS("stats", "Show what containers use"),
    EVENTS("events", "Show what happens to containers"),
    INSPECT("inspect", "Print everything about containers"),
    CONTAINER("container", "Do to containers by name or id what Docker does"),
    IMAGE("image", "Get, list, check and remove images"),
    NETWORK("network", "Make, list and remove networks, and connect containers to them"),
    VOLUME("volume", "Make, list, copy and remove volumes"),
    SYSTEM("system", "Show what is on the disk, and remove what nobody needs"),
    DOCTOR("doctor", "Check that this host has what Lockstep needs"),
    VERSION("version", "Print the version"),
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

    /** Why a command of Compose's or Docker's is not there; empty for any other word. */
    static Optional<String> refusal(String word) {
        return Optional.ofNullable(
                switch (word) {
                    case "push" ->
                        "'lockstep build --push' pushes what it builds; 'lockstep image push NAME' sends any image";
                    case "watch" ->
                        "files of a repository are followed by 'lockstep agent'; 'lockstep up --build' builds what has changed";
                    case "commit" ->
                        "images are built from files; 'lockstep build' makes them, and 'lockstep cp' takes files out of a container";
                    case "export", "rename", "update" -> "'lockstep container " + word + "' does that";
                    case "load", "login", "logout", "save", "tag" -> "'lockstep image " + word + "' does that";
                    case "rmi" -> "'lockstep image rm' does that";
                    case "info" -> "'lockstep doctor' shows what this host has";
                    case "alpha", "publish", "viz" -> "Compose's experiments are not followed";
                    default -> null;
                });
    }

    /** The exit code for a flag that is unknown or makes no sense: that of the program whose command it is. */
    int wrongFlag() {
        return switch (this) {
            case CONFIG,
                    DOWN,
                    UP,
                    CREATE,
                    SCALE,
                    BUILD,
                    PULL,
                    START,
                    STOP,
                    RESTART,
                    KILL,
                    PAUSE,
                    UNPAUSE,
                    RM,
                    WAIT,
                    PS,
                    LS,
                    IMAGES,
                    TOP,
                    PORT,
                    LOGS,
                    RUN,
                    EXEC,
                    ATTACH,
                    CP,
                    STATS,
                    EVENTS,
                    VERSION -> ExitCodes.COMPOSE_FLAG;
            case INSPECT, CONTAINER, IMAGE, NETWORK, VOLUME, SYSTEM -> ExitCodes.ENGINE;
            case DIFF -> DiffCommand.TROUBLE;
            case LINT -> LintCommand.UNREADABLE;
            case VALIDATE,
                    PLAN,
                    APPLY,
                    AGENT,
                    SYNC,
                    APPROVE,
                    SUSPEND,
                    RESUME,
                    HISTORY,
                    ROLLBACK,
                    STATUS,
                    BUILDS,
                    SECRET,
                    DOCTOR,
                    CONTAINER_EXIT,
                    TRAIN -> ExitCodes.ERROR;
        };
    }

    /** Whether it is about the stack here, as most of those that Compose has are. */
    boolean isOfStack() {
        return switch (this) {
            case PLAN, APPLY -> true;
            case LS, VERSION -> false;
            default -> wrongFlag() == ExitCodes.COMPOSE_FLAG;
        };
    }

    /** Whether it changes nothing on the host anyway. */
    boolean looksOnly() {
        return switch (this) {
            case VALIDATE,
                    LINT,
                    CONFIG,
                    PLAN,
                    DIFF,
                    STATUS,
                    HISTORY,
                    PS,
                    LS,
                    IMAGES,
                    TOP,
                    PORT,
                    LOGS,
                    STATS,
                    EVENTS,
                    INSPECT,
                    DOCTOR,
                    VERSION -> true;
            case APPLY,
                    DOWN,
                    AGENT,
                    SYNC,
                    APPROVE,
                    ROLLBACK,
                    SUSPEND,
                    RESUME,
                    UP,
                    CREATE,
                    SCALE,
                    BUILD,
                    PULL,
                    START,
                    STOP,
                    RESTART,
                    KILL,
                    PAUSE,
                    UNPAUSE,
                    RM,
                    WAIT,
                    RUN,
                    EXEC,
                    ATTACH,
                    CP,
                    CONTAINER,
                    IMAGE,
                    BUILDS,
                    SECRET,
                    SYSTEM,
                    NETWORK,
                    VOLUME,
                    CONTAINER_EXIT,
                    TRAIN -> false;
        };
    }

    /** By its word, or by another one that Compose has for it. */
    static Optional<Verb> of(String word) {
        if (word.equals("convert")) {
            return Optional.of(CONFIG);
        }
        return Arrays.stream(values()).filter(v -> v.word.equals(word)).findFirst();
    }

    /** A new command of that name. */
    Command command() {
        return switch (this) {
            case VALIDATE -> new ValidateCommand();
            case LINT -> new LintCommand();
            case CONFIG -> new ConfigCommand();
            case PLAN -> new PlanCommand();
            case APPLY -> new ApplyCommand();
            case DIFF -> new DiffCommand();
            case DOWN -> new DownCommand();
            case AGENT -> new AgentCommand();
            case SYNC -> new SyncCommand();
            case APPROVE -> new ApproveCommand();
            case SUSPEND -> new SuspendCommand();
            case RESUME -> new SuspendCommand.Resume();
            case HISTORY -> new HistoryCommand();
            case ROLLBACK -> new RollbackCommand();
            case STATUS -> new StatusCommand();
            case BUILDS -> new BuildsCommand();
            case SECRET -> new SecretCommand();
            case UP -> new UpCommand();
            case CREATE -> new UpCommand.Create();
            case SCALE -> new UpCommand.Scale();
            case BUILD -> new BuildCommand();
            case PULL -> new PullCommand();
            case START -> new LifecycleCommands.Start();
            case STOP -> new LifecycleCommands.Stop();
            case RESTART -> new LifecycleCommands.Restart();
            case KILL -> new LifecycleCommands.Kill();
            case PAUSE -> new LifecycleCommands.Pause();
            case UNPAUSE -> new LifecycleCommands.Unpause();
            case RM -> new LifecycleCommands.Remove();
            case WAIT -> new WaitCommand();
            case PS -> new PsCommand();
            case LS -> new LsCommand();
            case IMAGES -> new ImagesCommand();
            case TOP -> new TopCommand();
            case PORT -> new PortCommand();
            case VERSION -> new VersionCommand();
            case LOGS -> new LogsCommand();
            case RUN -> new RunCommand();
            case EXEC -> new ExecCommand(By.SERVICE);
            case ATTACH -> new AttachCommand(By.SERVICE);
            case CP -> new CpCommand(By.SERVICE);
            case STATS -> new StatsCommand();
            case EVENTS -> new EventsCommand(By.SERVICE);
            case INSPECT -> new InspectCommand();
            case CONTAINER -> new ContainerCommand();
            case IMAGE -> new ImageCommand();
            case NETWORK -> new NetworkCommand();
            case VOLUME -> new VolumeCommand();
            case SYSTEM -> new SystemCommand();
            case DOCTOR -> new DoctorCommand();
            case CONTAINER_EXIT -> new ContainerExitCommand();
            case TRAIN -> new TrainCommand();
        };
    }
}
