package dev.lockstep.runtime.store;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads records just as {@link Json#mapper} writes them, and of the types that records of ours are made of. What is
 * otherwise, in the text or in a type, it does not understand ({@link Unusual}), and its caller asks Jackson, whose
 * word counts: what is read here means the same there. It is here for cold commands, which read a record of each
 * container: Jackson looks at every class, its supertypes, members and annotations before it reads the first one, which
 * took a fifth of a plan's time.
 */
final class PlainRecords {
    /** What {@code @JsonTypeInfo} of our sealed interfaces calls it. */
    private static final String TYPE = "type";

    private final Wholeness wholeness = new Wholeness();
    private final Map<Class<?>, RecordType> records = new ConcurrentHashMap<>();
    private final Map<Class<?>, Method> texts = new ConcurrentHashMap<>();
    private final Map<Class<?>, Map<String, Class<?>>> alternatives = new ConcurrentHashMap<>();

    /** Nothing is wrong with it, perhaps; it only is not what is read here. */
    static final class Unusual extends IOException {
        private static final long serialVersionUID = 1;

        Unusual(String what) {
            super(what);
        }
    }

    /** Reads the value whose first token the parser is at, and leaves it at the last one. */
    private interface Reader {
        @Nullable
        Object read(JsonParser in) throws IOException;
    }

    /** A component of a record: how it is read, and what it is when nobody says. */
    private static final class Component {
        final RecordComponent declared;
        final @Nullable Object absent;
        // Of a type that many files never mention, nothing is looked up. Made twice by two threads it is the same.
        private volatile @Nullable Reader reader;

        Component(RecordComponent declared) {
            this.declared = declared;
            this.absent = absent(declared.getType());
        }

        Reader reader(PlainRecords all) throws Unusual {
            var known = reader;
            if (known == null) {
                known = all.reader(declared.getGenericType());
                reader = known;
            }
            return known;
        }

        private static @Nullable Object absent(Class<?> type) {
            if (type == Optional.class) {
                return Optional.empty();
            } else if (type == boolean.class) {
                return false;
            } else if (type == int.class) {
                return 0;
            } else if (type == long.class) {
                return 0L;
            } else if (type == double.class) {
                return 0.0;
            }
            return null;
        }
    }

    private record RecordType(Constructor<?> constructor, List<Component> components, Map<String, Integer> places) {}

    /**
     * The record at the parser's token.
     *
     * @throws Unusual when it is not understood, as {@link Unusual} says
     */
    <T> T read(JsonParser in, Class<T> type) throws IOException {
        return type.cast(record(in, type));
    }

    private Reader reader(Type type) throws Unusual {
        if (type instanceof Class<?> plain) {
            return reader(plain);
        }
        if (!(type instanceof ParameterizedType generic)) {
            throw new Unusual(type.toString());
        }
        var of = generic.getActualTypeArguments();
        var raw = generic.getRawType();
        if (raw == Optional.class) {
            var value = reader(of[0]);
            return in ->
                    in.currentToken() == JsonToken.VALUE_NULL ? Optional.empty() : Optional.of(present(value.read(in)));
        } else if (raw == List.class || raw == Collection.class) {
            var element = reader(of[0]);
            return in -> elements(in, element);
        } else if (raw == Set.class) {
            var element = reader(of[0]);
            return in -> new LinkedHashSet<>(elements(in, element));
        } else if (raw == Map.class && of[0] instanceof Class<?> key) {
            return map(key, of[1]);
        }
        throw new Unusual(type.toString());
    }

    private Reader reader(Class<?> type) throws Unusual {
        if (type == String.class) {
            return PlainRecords::text;
        } else if (type.isRecord()) {
            return in -> record(in, type);
        } else if (type == boolean.class || type == Boolean.class) {
            return PlainRecords::flag;
        } else if (type == int.class || type == Integer.class) {
            return in -> at(in, JsonToken.VALUE_NUMBER_INT).getIntValue();
        } else if (type == long.class || type == Long.class) {
            return in -> at(in, JsonToken.VALUE_NUMBER_INT).getLongValue();
        } else if (type == double.class || type == Double.class) {
            return PlainRecords::number;
        } else if (type.isEnum()) {
            return in -> constant(type, text(in));
        } else if (type == Instant.class) {
            return in -> Instant.parse(text(in));
        } else if (type == Duration.class) {
            return in -> Duration.parse(text(in));
        } else if (type == Path.class) {
            return in -> path(text(in));
        } else if (type.isSealed() && type.isInterface()) {
            return in -> alternative(in, type);
        }
        throw new Unusual(type.getName());
    }

    private static JsonParser at(JsonParser in, JsonToken token) throws Unusual {
        if (in.currentToken() != token) {
            throw new Unusual("another kind of value");
        }
        return in;
    }

    private static String text(JsonParser in) throws IOException {
        return at(in, JsonToken.VALUE_STRING).getText();
    }

    private static Boolean flag(JsonParser in) throws Unusual {
        // Not a switch: one with null in it is made when it first runs, which no AOT cache keeps.
        if (in.currentToken() == JsonToken.VALUE_TRUE) {
            return true;
        }
        at(in, JsonToken.VALUE_FALSE);
        return false;
    }

    private static Double number(JsonParser in) throws IOException {
        if (!in.currentToken().isNumeric()) {
            throw new Unusual("no number");
        }
        return in.getDoubleValue();
    }

    private static Object present(@Nullable Object value) throws Unusual {
        if (value == null) {
            throw new Unusual("nothing where something belongs");
        }
        return value;
    }

    private static Object constant(Class<?> type, String name) throws Unusual {
        for (var constant : type.getEnumConstants()) {
            if (((Enum<?>) constant).name().equals(name)) {
                return constant;
            }
        }
        throw new Unusual("a name of its own for a constant");
    }

    /** Jackson writes the URI. */
    private static Path path(String text) {
        return text.indexOf(':') < 0 ? Path.of(text) : Path.of(URI.create(text));
    }

    private static List<Object> elements(JsonParser in, Reader element) throws IOException {
        at(in, JsonToken.START_ARRAY);
        var elements = new ArrayList<>();
        while (in.nextToken() != JsonToken.END_ARRAY) {
            elements.add(present(element.read(in)));
        }
        return elements;
    }

    private Reader map(Class<?> key, Type valueType) throws Unusual {
        if (key != String.class && !key.isEnum()) {
            throw new Unusual(key.getName());
        }
        var value = reader(valueType);
        return in -> {
            at(in, JsonToken.START_OBJECT);
            var entries = new LinkedHashMap<>();
            while (in.nextToken() != JsonToken.END_OBJECT) {
                var name = in.currentName();
                in.nextToken();
                entries.put(key == String.class ? name : constant(key, name), present(value.read(in)));
            }
            return entries;
        };
    }

    /** One of the records of a sealed interface, whose kind is said first. */
    private Object alternative(JsonParser in, Class<?> type) throws IOException {
        at(in, JsonToken.START_OBJECT);
        if (!TYPE.equals(in.nextFieldName())) {
            throw new Unusual("no type");
        }
        var kind = kinds(type).get(in.nextTextValue());
        if (kind == null) {
            throw new Unusual("an unknown type");
        }
        return members(in, kind);
    }

    private Map<String, Class<?>> kinds(Class<?> type) {
        return alternatives.computeIfAbsent(type, unused -> {
            var kinds = new HashMap<String, Class<?>>();
            var info = type.getAnnotation(JsonTypeInfo.class);
            var subtypes = type.getAnnotation(JsonSubTypes.class);
            if (info != null && info.property().equals(TYPE) && subtypes != null) {
                for (var subtype : subtypes.value()) {
                    kinds.put(subtype.name(), subtype.value());
                }
            }
            return kinds;
        });
    }

    private Object record(JsonParser in, Class<?> type) throws IOException {
        if (in.currentToken() == JsonToken.VALUE_STRING) {
            return ofText(type, in.getText());
        }
        at(in, JsonToken.START_OBJECT);
        return members(in, type);
    }

    /** A record that is written as text ({@code @JsonValue}) is read by its {@code @JsonCreator}. */
    private Object ofText(Class<?> type, String text) throws IOException {
        var parse = texts.get(type);
        if (parse == null) {
            parse = Arrays.stream(type.getDeclaredMethods())
                    .filter(PlainRecords::isOfText)
                    .findFirst()
                    .orElseThrow(() -> new Unusual("text for " + type.getName()));
            parse.setAccessible(true);
            texts.put(type, parse);
        }
        try {
            return present(parse.invoke(null, text));
        } catch (ReflectiveOperationException e) {
            throw new Unusual(e.toString());
        }
    }

    private static boolean isOfText(Method method) {
        return Modifier.isStatic(method.getModifiers())
                && method.getParameterCount() == 1
                && method.getParameterTypes()[0] == String.class
                && method.getReturnType() == method.getDeclaringClass()
                && method.isAnnotationPresent(JsonCreator.class);
    }

    /** The members of an object, up to its end; the parser is before the name of the first one. */
    private Object members(JsonParser in, Class<?> class_) throws IOException {
        var type = type(class_);
        var values = new @Nullable Object[type.components.size()];
        var said = new boolean[values.length];
        for (var name = in.nextFieldName(); name != null; name = in.nextFieldName()) {
            in.nextToken();
            var place = type.places.get(name);
            if (place == null) {
                in.skipChildren(); // readers accept additions
            } else {
                values[place] = type.components.get(place).reader(this).read(in);
                said[place] = true;
            }
        }
        at(in, JsonToken.END_OBJECT);
        var lacking = false;
        for (var i = 0; i < values.length; i++) {
            if (!said[i]) {
                values[i] = type.components.get(i).absent;
                lacking |= values[i] == null;
            }
        }
        Object record;
        try {
            record = type.constructor.newInstance(values);
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            throw new Unusual(e.toString());
        }
        // What nobody said the record may fill in itself.
        if (lacking && wholeness.missing(record).isPresent()) {
            throw new Unusual("something is missing");
        }
        return record;
    }

    private RecordType type(Class<?> type) throws Unusual {
        var known = records.get(type);
        if (known != null) {
            return known;
        }
        var declared = type.getRecordComponents();
        if (declared == null) {
            throw new Unusual(type.getName());
        }
        var components = new Component[declared.length];
        var places = HashMap.<String, Integer>newHashMap(declared.length);
        for (var i = 0; i < declared.length; i++) {
            components[i] = new Component(declared[i]);
            places.put(declared[i].getName(), i);
        }
        try {
            var constructor = type.getDeclaredConstructor(
                    Arrays.stream(declared).map(RecordComponent::getType).toArray(Class<?>[]::new));
            constructor.setAccessible(true);
            var made = new RecordType(constructor, List.of(components), places);
            records.put(type, made);
            return made;
        } catch (NoSuchMethodException e) {
            throw new Unusual(e.toString());
        }
    }
}
