package dev.lockstep.spec.check;

/**
 * What a finding is an instance of; code hosts group and mute findings by it.
 *
 * @param id never changes once it is published
 * @param description one sentence that holds for all instances
 */
public record Rule(String id, String description) {
    /** Of loading: what stands in a file is not what may stand there. */
    public static final Rule INVALID_FILE = new Rule("invalid-file", "A file cannot be read as what it should be.");

    /** Of loading: probably a typing mistake. */
    public static final Rule UNKNOWN_KEY = new Rule("unknown-key", "A key that means nothing here.");

    /** Of loading: old forms, variables without a value. */
    public static final Rule QUESTIONABLE = new Rule("questionable", "Something is read, and probably not as meant.");

    /** Of {@code lockstep.yaml} and {@code agent.yaml}. */
    public static final Rule SETTINGS = new Rule("settings", "Settings are wrong or name what does not exist.");

    /** Of a repository: two stacks with one name. */
    public static final Rule STACK_NAME = new Rule("stack-name", "A stack's name is taken by another place.");

    /** Of a repository: ports and names of a host. */
    public static final Rule HOST_CONFLICT =
            new Rule("host-conflict", "Two stacks of one host claim what only one of them can have.");

    /** Of a stack: what its host or its repository does not let it ask for. */
    public static final Rule POLICY = new Rule("policy", "A stack asks for what a policy does not allow.");
}
