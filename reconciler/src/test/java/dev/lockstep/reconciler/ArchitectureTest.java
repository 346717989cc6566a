package dev.lockstep.reconciler;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who may know whom. A rule that is broken here is a design that has changed: change it on purpose. */
class ArchitectureTest {
    private static final JavaClasses LOCKSTEP = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .withImportOption(location -> !location.contains("-tests.jar"))
            .importPackages("dev.lockstep");

    @ParameterizedTest(name = "{0} does not know {1}")
    @CsvSource({
        "dev.lockstep.runtime.., dev.lockstep.spec..",
        "dev.lockstep.runtime.., dev.lockstep.reconciler..",
        "dev.lockstep.spec.., dev.lockstep.runtime..",
        "dev.lockstep.spec.., dev.lockstep.reconciler..",
        "dev.lockstep.spec.yaml.., dev.lockstep.spec.model..",
        "dev.lockstep.spec.model.., dev.lockstep.spec.load..",
        "dev.lockstep.runtime.image.., dev.lockstep.runtime.registry..",
        "dev.lockstep.runtime.snapshot.., dev.lockstep.runtime.registry..",
        "dev.lockstep.runtime.network.., dev.lockstep.runtime.container..",
        "dev.lockstep.runtime.dockerfile.., dev.lockstep.runtime.[image|store|linux|lint|archive]..",
        "dev.lockstep.runtime.dockerfile.., java.nio.file..",
        "dev.lockstep.runtime.lint.., dev.lockstep.runtime.[store|linux|registry|container]..",
        "dev.lockstep.runtime.lint.., java.nio.file..",
        "dev.lockstep.spec.check.., dev.lockstep.spec.lint..",
        "dev.lockstep.reconciler.plan.., dev.lockstep.reconciler.apply..",
        "dev.lockstep.reconciler.plan.., java.nio.file..",
        "dev.lockstep.reconciler.deploy.., dev.lockstep.reconciler.agent..",
        "dev.lockstep.reconciler.deploy.., dev.lockstep.reconciler.git..",
    })
    void rooms_keep_to_themselves(String room, String other) {
        noClasses()
                .that()
                .resideInAPackage(room)
                .should()
                .dependOnClassesThat()
                .resideInAPackage(other)
                .check(LOCKSTEP);
    }

    @ParameterizedTest(name = "only {1} knows {0}")
    @CsvSource({
        "com.sun.jna.., dev.lockstep.runtime.linux..",
        "org.eclipse.jgit.., dev.lockstep.reconciler.git..",
        "picocli.., dev.lockstep.reconciler.cli..",
        "ch.qos.logback.., dev.lockstep.reconciler.cli..",
        "org.yaml.snakeyaml.., dev.lockstep.[spec|runtime.oci]..",
        "java.net.http.., dev.lockstep.runtime.registry..",
        "com.github.luben.zstd.., dev.lockstep.runtime.archive..",
    })
    void libraries_have_one_room(String library, String room) {
        noClasses()
                .that()
                .resideOutsideOfPackages(room, "dev.lockstep.reconciler.cli..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(library)
                .check(LOCKSTEP);
    }

    @Test
    void rooms_do_not_go_in_circles() {
        slices().matching("dev.lockstep.(spec|runtime|reconciler).(*)..")
                .should()
                .beFreeOfCycles()
                .check(LOCKSTEP);
    }

    @Test
    void nobody_sleeps_and_nobody_starts_programs_by_the_jdk() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.lockstep.reconciler.cli..") // doctor asks programs for their versions
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .orShould()
                .dependOnClassesThat()
                .areAssignableTo(ProcessBuilder.class)
                .check(LOCKSTEP);
    }
}
