package dev.lockstep.reconciler.plan;

/**
 * How one operation is called wherever it is shown.
 *
 * @param symbol as Terraform's plans have it: {@code +}, {@code ~}, {@code -/+}, {@code -}; {@code >} for a start
 * @param action verb of the plan: {@code create}, {@code update}, …
 * @param done the same in the past, for progress
 * @param kind of the object: {@code container}, {@code network}, {@code volume}, {@code image}
 */
public record OperationWords(String symbol, String action, String done, String kind) {
    /** The words for that operation. */
    public static OperationWords of(Operation operation) {
        return switch (operation) {
            case Operation.BuildImage _ -> new OperationWords("+", "build", "built", "image");
            case Operation.PullImage _ -> new OperationWords("+", "pull", "pulled", "image");
            case Operation.CreateNetwork _ -> create("network");
            case Operation.UpdateNetwork _ -> update("network");
            case Operation.RepairNetwork _ -> new OperationWords("~", "update", "put right", "network");
            case Operation.ReplaceNetwork _ -> replace("network");
            case Operation.RemoveNetwork _ -> remove("network");
            case Operation.CreateVolume _ -> create("volume");
            case Operation.UpdateVolume _ -> update("volume");
            case Operation.RemoveVolume _ -> remove("volume");
            case Operation.CreateContainer create ->
                new OperationWords("+", "create", create.started() ? "started" : "created", "container");
            case Operation.ReplaceContainer _ -> replace("container");
            case Operation.UpdateContainer _ -> update("container");
            case Operation.StartContainer _ -> new OperationWords(">", "start", "started", "container");
            case Operation.RestartContainer _ -> new OperationWords(">", "restart", "restarted", "container");
            case Operation.StopContainer _ -> new OperationWords("-", "stop", "stopped", "container");
            case Operation.RemoveContainer _ -> remove("container");
        };
    }

    private static OperationWords create(String kind) {
        return new OperationWords("+", "create", "created", kind);
    }

    private static OperationWords update(String kind) {
        return new OperationWords("~", "update", "updated", kind);
    }

    private static OperationWords replace(String kind) {
        return new OperationWords("-/+", "replace", "replaced", kind);
    }

    private static OperationWords remove(String kind) {
        return new OperationWords("-", "remove", "removed", kind);
    }
}
