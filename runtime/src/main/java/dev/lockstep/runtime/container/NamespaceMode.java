package dev.lockstep.runtime.container;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;

/** Whose namespace a container is in. */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
@JsonSubTypes({
    @JsonSubTypes.Type(value = NamespaceMode.Own.class, name = "private"),
    @JsonSubTypes.Type(value = NamespaceMode.Shareable.class, name = "shareable"),
    @JsonSubTypes.Type(value = NamespaceMode.Host.class, name = "host"),
    @JsonSubTypes.Type(value = NamespaceMode.None.class, name = "none"),
    @JsonSubTypes.Type(value = NamespaceMode.Of.class, name = "container")
})
public sealed interface NamespaceMode {
    /** One of its own. */
    record Own() implements NamespaceMode {
        @Override
        public String toString() {
            return "private";
        }
    }

    /** One of its own, which others may enter; of IPC. */
    record Shareable() implements NamespaceMode {
        @Override
        public String toString() {
            return "shareable";
        }
    }

    /** The host's. */
    record Host() implements NamespaceMode {
        @Override
        public String toString() {
            return "host";
        }
    }

    /** One of its own without shared memory; of IPC. */
    record None() implements NamespaceMode {
        @Override
        public String toString() {
            return "none";
        }
    }

    /**
     * That of another container of this root, which must run.
     *
     * @param container its name or id
     */
    record Of(String container) implements NamespaceMode {
        @Override
        public String toString() {
            return "container:" + container;
        }
    }
}
