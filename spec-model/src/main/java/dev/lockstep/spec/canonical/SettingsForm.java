package dev.lockstep.spec.canonical;

import dev.lockstep.spec.canonical.Value.Fields;
import dev.lockstep.spec.canonical.Value.Items;
import dev.lockstep.spec.canonical.Value.Null;
import dev.lockstep.spec.canonical.Value.Text;
import dev.lockstep.spec.model.CredentialSpec;
import dev.lockstep.spec.model.Logging;
import dev.lockstep.spec.model.Model;
import dev.lockstep.spec.model.ModelBinding;
import dev.lockstep.spec.model.Provider;
import java.util.Optional;

/** The small blocks of a service that are for something else than its container, and models. */
final class SettingsForm {
    private SettingsForm() {}

    static Fields logging(Logging logging) {
        return new Fields().putText("driver", logging.driver()).putMap("options", logging.options());
    }

    static Fields credentialSpec(CredentialSpec spec) {
        return new Fields()
                .putText("config", spec.config())
                .putText("file", spec.file())
                .putText("registry", spec.registry());
    }

    static Value modelBinding(Optional<ModelBinding> binding) {
        return binding.<Value>map(b -> new Fields()
                        .putText("endpoint_var", b.endpointVariable())
                        .putText("model_var", b.modelVariable()))
                .orElseGet(Null::new);
    }

    static Fields provider(Provider provider) {
        return new Fields()
                .put("type", provider.type())
                .putMap(
                        "options",
                        provider.options(),
                        values -> new Items(values.stream().map(Text::new).toList()));
    }

    static Fields model(Model model) {
        return new Fields()
                .putText("name", model.name())
                .put("model", model.model())
                .putNumber("context_size", model.contextSize().filter(size -> size != 0))
                .putTexts("runtime_flags", model.runtimeFlags());
    }
}
