package dev.lockstep.reconciler.building;

import dev.lockstep.reconciler.contexts.UnbuildableException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** The combinations of a matrix. Pure. */
final class Matrix {
    /** More are a mistake, or take the host for themselves. */
    static final int MOST = 64;

    private Matrix() {}

    /**
     * Every combination, those of the first name's first value before the others. One without anything for a matrix
     * without anything.
     *
     * @throws UnbuildableException when there are too many
     */
    static List<Map<String, String>> combinations(Map<String, List<String>> matrix) throws UnbuildableException {
        var all = List.<Map<String, String>>of(Map.of());
        for (var row : matrix.entrySet()) {
            var longer = new ArrayList<Map<String, String>>();
            for (var begun : all) {
                for (var value : row.getValue()) {
                    var one = new LinkedHashMap<>(begun);
                    one.put(row.getKey(), value);
                    longer.add(Collections.unmodifiableMap(one));
                }
            }
            if (longer.size() > MOST) {
                throw new UnbuildableException("test.matrix has more than " + MOST
                        + " combinations; take values out, or make several builds of it");
            }
            all = longer;
        }
        return all;
    }

    /** {@code PYTHON=3.12 EXTRA=no}. */
    static String name(Map<String, String> combination) {
        return combination.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .collect(Collectors.joining(" "));
    }
}
