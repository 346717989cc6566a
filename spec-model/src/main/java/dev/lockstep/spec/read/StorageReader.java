package dev.lockstep.spec.read;

import dev.lockstep.spec.model.Storage;
import dev.lockstep.spec.model.TmpfsMount;
import dev.lockstep.spec.model.VolumesFrom;
import dev.lockstep.spec.yaml.Reading;

/** Reads what a service's containers find in their file system besides the image. */
final class StorageReader {
    private final NestedReaders nested;
    private final Lists lists;

    StorageReader(Reading reading, NestedReaders nested) {
        this.nested = nested;
        this.lists = new Lists(reading);
    }

    Storage read(Attributes service) {
        return new Storage(
                nested.mounts().read(service.fields()),
                service.oneOrMore("tmpfs").stream().map(TmpfsMount::parse).toList(),
                service.texts("volumes_from", VolumesFrom::parse),
                nested.grants().secrets(service.fields()),
                nested.grants().configs(service.fields()),
                lists.options(service.fields(), "storage_opt"));
    }
}
