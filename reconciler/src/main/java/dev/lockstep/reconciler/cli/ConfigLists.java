package dev.lockstep.reconciler.cli;

import dev.lockstep.spec.canonical.Canonical;
import dev.lockstep.spec.load.UsedVariable;
import dev.lockstep.spec.model.Project;
import dev.lockstep.spec.model.Service;
import dev.lockstep.spec.model.Written;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Parts of a project that {@code config} prints one per line, sorted. */
final class ConfigLists {
    private ConfigLists() {}

    /** {@code --images}; what is built has the name that the built image gets. */
    static String images(Project project) {
        return lines(project.services().values().stream()
                .filter(service -> service.provider().isEmpty())
                .map(service -> image(project, service))
                .toList());
    }

    private static String image(Project project, Service service) {
        return service.image().reference().map(Written::text).orElse(project.name() + "-" + service.name());
    }

    /** {@code --profiles}: those of every service, be it on or off. */
    static String profiles(Project project) {
        var profiles = new TreeSet<String>();
        project.services().values().forEach(s -> profiles.addAll(s.lifecycle().profiles()));
        project.disabled().values().forEach(s -> profiles.addAll(s.lifecycle().profiles()));
        return lines(profiles);
    }

    /**
     * {@code --hash}: a service and its hash on each line.
     *
     * @param wanted names with commas between, or {@code *}
     */
    static String hashes(Project project, Path directory, String wanted) throws CommandException {
        var names = wanted.equals("*")
                ? List.copyOf(new TreeSet<>(project.services().keySet()))
                : List.of(wanted.split(",", -1));
        var text = new StringBuilder();
        for (var name : names) {
            var service = project.services().get(name);
            if (service == null) {
                throw new CommandException("no such service: " + name
                        + (project.disabled().containsKey(name) ? "; it is off, as none of its profiles is on" : ""));
            }
            text.append(name)
                    .append(' ')
                    .append(Canonical.hash(project, service, directory))
                    .append('\n');
        }
        return text.toString();
    }

    /** {@code --variables}: what the files ask for, and what stands for it when it is missing. */
    static String variables(List<UsedVariable> variables, String format) {
        return format.equals("json")
                ? JsonText.document(json -> {
                    json.writeStartObject();
                    for (var variable : variables) {
                        json.writeObjectFieldStart(variable.name());
                        json.writeStringField("name", variable.name());
                        json.writeBooleanField("required", variable.required());
                        json.writeStringField("defaultValue", variable.defaultValue());
                        json.writeStringField("alternative", variable.alternative());
                        json.writeEndObject();
                    }
                    json.writeEndObject();
                })
                : table(variables);
    }

    private static String table(List<UsedVariable> variables) {
        var table = new Table("NAME", "REQUIRED", "DEFAULT VALUE", "ALTERNATE VALUE");
        variables.forEach(v -> table.row(
                v.name(), Boolean.toString(v.required()).toLowerCase(Locale.ROOT), v.defaultValue(), v.alternative()));
        return table.toString();
    }

    /** {@code --environment}: every variable that the files could ask for. */
    static String environment(SortedMap<String, String> variables) {
        var text = new StringBuilder();
        variables.forEach(
                (name, value) -> text.append(name).append('=').append(value).append('\n'));
        return text.toString();
    }

    static String lines(Collection<String> names) {
        return new TreeSet<>(names).stream().map(name -> name + "\n").collect(Collectors.joining());
    }
}
