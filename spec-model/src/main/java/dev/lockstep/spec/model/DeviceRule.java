package dev.lockstep.spec.model;

import java.util.regex.Pattern;

/**
 * A rule of the device cgroup.
 *
 * @param text such as {@code c 1:3 mr}: type, major and minor number or {@code *}, what is allowed
 */
public record DeviceRule(String text) {
    private static final Pattern RULE = Pattern.compile("[acb] (?:\\d{1,10}|\\*):(?:\\d{1,10}|\\*) [rwm]{1,3}");

    public DeviceRule {
        if (!RULE.matcher(text).matches()) {
            throw new IllegalArgumentException("\"" + text
                    + "\" is no rule for devices. Write type, major:minor and what is allowed, such as \"c 1:3 rwm\"");
        }
    }
}
