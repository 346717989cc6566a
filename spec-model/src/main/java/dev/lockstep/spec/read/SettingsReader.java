package dev.lockstep.spec.read;

import dev.lockstep.spec.model.CredentialSpec;
import dev.lockstep.spec.model.Logging;
import dev.lockstep.spec.model.ModelBinding;
import dev.lockstep.spec.model.Provider;
import dev.lockstep.spec.yaml.Fields;
import dev.lockstep.spec.yaml.Keys;
import dev.lockstep.spec.yaml.Reading;
import dev.lockstep.spec.yaml.YamlMapping;
import dev.lockstep.spec.yaml.YamlNode;
import dev.lockstep.spec.yaml.YamlScalar;
import dev.lockstep.spec.yaml.YamlSequence;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the small blocks of a service that are for something else than its container. */
final class SettingsReader {
    private static final Keys LOGGING = Keys.of("driver options");
    private static final Keys CREDENTIAL_SPEC = Keys.of("config file registry");
    private static final Keys MODEL = Keys.of("endpoint_var model_var");
    private static final Keys PROVIDER = Keys.of("type options");

    private final Reading reading;
    private final Lists lists;

    SettingsReader(Reading reading) {
        this.reading = reading;
        this.lists = new Lists(reading);
    }

    Optional<Logging> logging(Fields service) {
        return service.node("logging").map(node -> {
            var fields = service.fields("logging", LOGGING);
            return new Logging(Values.text(fields, "driver"), lists.optionsOrNothing(fields, "options"));
        });
    }

    Optional<CredentialSpec> credentialSpec(Fields service) {
        return service.node("credential_spec").map(node -> {
            var fields = service.fields("credential_spec", CREDENTIAL_SPEC);
            return new CredentialSpec(
                    Values.text(fields, "config"), Values.text(fields, "file"), Values.text(fields, "registry"));
        });
    }

    /** By the model's key; what says nothing more has no value. */
    Map<String, Optional<ModelBinding>> models(Fields service) {
        var models = new LinkedHashMap<String, Optional<ModelBinding>>();
        var path = service.path("models");
        service.node("models").ifPresent(node -> {
            if (!(node instanceof YamlMapping)) {
                lists.names(service, "models").forEach(name -> models.put(name, Optional.empty()));
                return;
            }
            reading.named(path, node).forEach((name, entry) -> {
                if (Reading.isNull(entry.value())) {
                    models.put(name, Optional.empty());
                    return;
                }
                var fields = reading.fields(path + "." + name, entry.keyAt(), entry.value(), MODEL);
                models.put(
                        name,
                        Optional.of(new ModelBinding(
                                Values.text(fields, "endpoint_var"), Values.text(fields, "model_var"))));
            });
        });
        return models;
    }

    Optional<Provider> provider(Fields service) {
        return service.node("provider").flatMap(node -> {
            var fields = service.fields("provider", PROVIDER);
            if (!fields.has("type")) {
                reading.error(fields.at(), fields.path(), "has no type. Write the program that provides the service");
            }
            var options = providerOptions(fields);
            return fields.text("type").map(type -> new Provider(type, options));
        });
    }

    private Map<String, List<String>> providerOptions(Fields provider) {
        var options = new LinkedHashMap<String, List<String>>();
        var path = provider.path("options");
        provider.node("options").ifPresent(node -> {
            if (!(node instanceof YamlMapping mapping)) {
                reading.mustBe(path, node, "a mapping");
                return;
            }
            mapping.entries().forEach((name, entry) -> {
                reading.place(path + "." + name, entry.keyAt());
                options.put(name, values(path + "." + name, entry.value()));
            });
        });
        return options;
    }

    private List<String> values(String path, YamlNode node) {
        var values = new ArrayList<String>();
        for (var item : node instanceof YamlSequence sequence ? sequence.items() : List.of(node)) {
            if (item instanceof YamlScalar scalar && !scalar.isNull()) {
                values.add(scalar.asText());
            } else {
                reading.mustBe(path, item, "a single value or a list of them");
            }
        }
        return values;
    }
}
