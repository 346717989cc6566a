package dev.lockstep.reconciler.cli;

import dev.lockstep.runtime.image.ImageReference;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The projects that {@link TrainCommand} works on. */
final class TrainingFiles {
    /** A file that is wrong in several ways. */
    static final String WRONG = "wrong.yaml";

    private static final String SMALL = """
            name: shop
            services:
              web:
                image: IMAGE
                ports: ["8080:80", "127.0.0.1:8443:443"]
                depends_on: {db: {condition: service_healthy}}
                environment: {LEVEL: "${LEVEL:-info}"}
                volumes: ["./html:/html:ro"]
                networks: [front, back]
                labels: {tier: web}
                mem_limit: 64m
                cpus: 0.5
              db:
                image: IMAGE
                command: ["sh", "-c", "sleep 1000"]
                environment: ["NAME=shop"]
                restart: unless-stopped
                volumes: ["data:/data"]
                networks: {back: {aliases: [store]}}
                healthcheck: {test: ["CMD", "true"], interval: 5s, timeout: 2s, retries: 3}
              worker:
                image: IMAGE
                depends_on: [db]
                networks: [back]
            networks: {front: {}, back: {}}
            volumes: {data: {}}
            """;

    /** Put over the small one: something of every part of the specification. */
    private static final String OVERRIDE = """
            x-common: &common
              logging: {driver: json-file, options: {max-size: 10m}}
              ulimits: {nofile: 1024, nproc: {soft: 10, hard: 20}}
            x-other: [5, 1.5, true, null, {key: text}]
            services:
              web:
                <<: *common
                build: {context: ., args: [A=1], additional_contexts: {base: docker-image://base}, secrets: [key]}
                env_file: [web.env, {path: other.env, required: false}]
                extra_hosts: ["db.example.com:10.0.0.1"]
                ports: !override ["127.0.0.1:8080-8081:80-81/udp", {target: 90, published: "9000"}]
                secrets: [key, {source: token, target: /t, mode: 0440}]
                configs: [app]
                cap_drop: [ALL]
                deploy: {replicas: 2, resources: {limits: {cpus: "0.5", memory: 64m}, reservations: {memory: 1.5g}}}
                dns: 9.9.9.9
                sysctls:
                  - net.core.somaxconn=1024
                  - net.core.wmem_max=1
                tmpfs: /tmp:size=10m
                tty: true
              worker:
                extends: {file: base.yaml, service: worker}
                command: echo "$$HOME" ${NAME} $UNSET
                healthcheck: {test: "exit 0", start_period: 1m30s}
                volumes: [./data:/data:ro, /cache, {type: tmpfs, target: /t}]
                network_mode: none
                networks: !reset null
              debug: {image: IMAGE, profiles: [debug], pid: "service:web", gpus: all, devices: [/dev/fuse]}
            networks:
              back: {driver: bridge, ipam: {config: [{subnet: 10.9.0.0/24, gateway: 10.9.0.1}]}, labels: [a=b]}
            volumes: {data: {driver_opts: {type: none, o: bind, device: ./data}}}
            secrets: {key: {file: ./key}, token: {environment: TOKEN}}
            configs: {app: {content: "a=${NAME}"}}
            """;

    private static final String BASE = """
            services:
              worker: {image: IMAGE, user: "1000:1000", stop_grace_period: 1m, restart: always}
            """;

    private static final String BROKEN = """
            services:
              web: {imgae: x, ports: ["a"], depends_on: [nobody], mem_limit: 5q}
              worker: [1]
            """;

    private TrainingFiles() {}

    /** A project in one file. */
    static void writeSmall(Path directory, ImageReference image) throws IOException {
        write(directory, "compose.yaml", SMALL, image);
        Files.createDirectory(directory.resolve("html"));
    }

    /** A project in several files, with something of everything, and one that is {@link #WRONG}. */
    static void write(Path directory, ImageReference image) throws IOException {
        writeSmall(directory, image);
        write(directory, "compose.override.yaml", OVERRIDE, image);
        write(directory, "base.yaml", BASE, image);
        write(directory, WRONG, BROKEN, image);
        write(directory, ".env", "NAME=shop\nOTHER=\"${NAME} x\"\n", image);
        write(directory, "web.env", "# Variables\nexport A='1'\nB=${A:-2}\nC\n", image);
    }

    private static void write(Path directory, String name, String text, ImageReference image) throws IOException {
        Files.writeString(directory.resolve(name), text.replace("IMAGE", image.toString()));
    }
}
