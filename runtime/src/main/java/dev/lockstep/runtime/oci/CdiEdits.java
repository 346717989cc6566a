package dev.lockstep.runtime.oci;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What devices of the Container Device Interface make of a container (CDI specification, containerEdits).
 *
 * @param environment over the image's and under the container's own
 * @param hooks by the name that the OCI runtime specification has for the moment
 * @param gids further groups of its processes
 */
public record CdiEdits(
        Map<String, String> environment,
        BundleDevices devices,
        List<BundleMount> mounts,
        Map<String, List<ObjectNode>> hooks,
        List<Integer> gids) {
    /** Nothing. */
    public static final CdiEdits NONE = new CdiEdits(Map.of(), BundleDevices.NONE, List.of(), Map.of(), List.of());

    public CdiEdits {
        environment = Collections.unmodifiableMap(new LinkedHashMap<>(environment));
        mounts = List.copyOf(mounts);
        hooks = Collections.unmodifiableMap(new LinkedHashMap<>(hooks));
        gids = List.copyOf(gids);
    }

    /** These, and others after them. */
    CdiEdits and(CdiEdits more) {
        var allVariables = new LinkedHashMap<>(environment);
        allVariables.putAll(more.environment);
        var allHooks = new LinkedHashMap<String, List<ObjectNode>>();
        hooks.forEach((moment, list) -> allHooks.put(moment, new ArrayList<>(list)));
        more.hooks.forEach((moment, list) ->
                allHooks.computeIfAbsent(moment, _ -> new ArrayList<>()).addAll(list));
        return new CdiEdits(
                allVariables,
                new BundleDevices(
                        concat(devices.nodes(), more.devices.nodes()), concat(devices.rules(), more.devices.rules())),
                concat(mounts, more.mounts),
                allHooks,
                concat(gids, more.gids));
    }

    private static <T> List<T> concat(List<T> first, List<T> second) {
        var all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }
}
