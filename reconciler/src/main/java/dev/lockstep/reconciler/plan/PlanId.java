package dev.lockstep.reconciler.plan;

import dev.lockstep.spec.settings.Guard;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;
import java.util.TreeMap;

/**
 * Names a plan by what it does and why: twelve hexadecimal digits, the same for the same operations with the same
 * causes, whichever commit brings them. What a person agreed to is this plan and no other one. Images that are here
 * already need no pull, so pulls do not count.
 */
public record PlanId(String text) {
    private static final int DIGITS = 12;

    public PlanId {
        if (!text.matches("[0-9a-f]{" + DIGITS + "}")) {
            throw new IllegalArgumentException("not an id of a plan: " + text);
        }
    }

    /**
     * The plan's id.
     *
     * @param guards that hold it
     */
    public static PlanId of(Plan plan, Collection<Guard> guards) {
        var text = new StringBuilder(plan.host() + "\n" + plan.stack() + "\n" + guards + "\n");
        for (var step : plan.steps()) {
            if (!(step.operation() instanceof Operation.OnImage)) {
                text.append(step.operation().getClass().getSimpleName() + " " + step.id() + made(step.operation()))
                        .append('\n');
                step.causes()
                        .forEach(c -> text.append(c.kind() + " " + c.field() + " " + c.before() + " " + c.after())
                                .append('\n'));
            }
        }
        try {
            var digest =
                    MessageDigest.getInstance("SHA-256").digest(text.toString().getBytes(StandardCharsets.UTF_8));
            return new PlanId(HexFormat.of().formatHex(digest).substring(0, DIGITS));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** What a container that is made is to be, in all that plans know of one. */
    private static String made(Operation operation) {
        return Operation.made(operation)
                .map(spec -> " " + spec.image() + "@" + spec.digest()
                        + ContainerFields.ALL.stream()
                                .map(field -> new TreeMap<>(field.asked().apply(spec)))
                                .toList())
                .orElse("");
    }

    @Override
    public String toString() {
        return text;
    }
}
