/* What a backend in C does with many files, or with the whole store. */

#include <string.h>

#include "memory_backend.h"

static int32_t remove_files(void* context, filestore_backend_call* call) {
    struct MemoryStore* store = context;
    int32_t code = FILESTORE_OK;
    pthread_mutex_lock(&store->mutex);
    ++store->requests.batches;
    for (size_t i = 0; i < filestore_backend_call_id_count(call) && code == FILESTORE_OK; ++i) {
        int32_t removed = 0;
        const int32_t outcome = remove_memory_file(store, filestore_backend_call_id_at(call, i),
                                                   filestore_backend_call_if_version_at(call, i), &removed);
        code = filestore_backend_call_set_outcome(call, i, outcome, removed, 0, NULL, NULL);
    }
    pthread_mutex_unlock(&store->mutex);
    return code;
}

static int32_t discard_file(void* context, filestore_backend_call* call) {
    struct MemoryStore* store = context;
    int32_t removed = 0;
    pthread_mutex_lock(&store->mutex);
    ++store->requests.discards;
    const int32_t code = remove_memory_file(store, filestore_backend_call_id(call), "", &removed);
    pthread_mutex_unlock(&store->mutex);
    return code;
}

/* A file is damaged where it does not begin as those of the tests do. */
static int32_t look_at_files(struct MemoryStore* store, filestore_backend_call* call, uint64_t* bytes) {
    int32_t code = FILESTORE_OK;
    for (size_t i = 0; i < store->count && code == FILESTORE_OK; ++i) {
        const struct MemoryFile* file = &store->files[i];
        *bytes += file->size;
        if (file->size == 0 || file->bytes[0] != 'h') {
            code = filestore_backend_call_add_finding(call, file->id, "corrupt", "it does not begin with h",
                                                      filestore_backend_call_repair(call), NULL);
        }
        filestore_backend_call_tell_progress(call, i + 1, store->count, *bytes);
    }
    return code;
}

static int32_t look_for_missing(struct MemoryStore* store, filestore_backend_call* call) {
    char id[FILESTORE_ID_SIZE] = "";
    int32_t recorded = 0;
    int32_t code = filestore_backend_call_next_recorded(call, NULL, id, NULL);
    while (code == FILESTORE_OK && id[0] != '\0') {
        if (find_memory_file(store, id) == NULL) {
            code = filestore_backend_call_is_recorded(call, id, &recorded, NULL);
            if (code == FILESTORE_OK && recorded) {
                code = filestore_backend_call_add_finding(call, id, "missing", "it is gone", 0, NULL);
            }
        }
        if (code == FILESTORE_OK) {
            char after[FILESTORE_ID_SIZE];
            memcpy(after, id, sizeof after);
            code = filestore_backend_call_next_recorded(call, after, id, NULL);
        }
    }
    return code;
}

static int32_t verify_files(void* context, filestore_backend_call* call) {
    struct MemoryStore* store = context;
    uint64_t bytes = 0;
    pthread_mutex_lock(&store->mutex);
    store->requests.repair = filestore_backend_call_repair(call);
    store->requests.resume = filestore_backend_call_resume(call);
    store->requests.parallel = filestore_backend_call_parallel(call);
    int32_t code = fail_as_told(store, call);
    if (code == FILESTORE_OK) {
        code = look_at_files(store, call, &bytes);
    }
    if (code == FILESTORE_OK) {
        code = look_for_missing(store, call);
    }
    if (code == FILESTORE_OK) {
        code = filestore_backend_call_set_verified(call, store->count, bytes, 3, 4, 5, NULL);
    }
    pthread_mutex_unlock(&store->mutex);
    return code;
}

static int32_t sweep(void* context, filestore_backend_call* call) {
    struct MemoryStore* store = context;
    pthread_mutex_lock(&store->mutex);
    ++store->requests.sweeps;
    store->requests.dry_run = filestore_backend_call_dry_run(call);
    store->requests.older_than = filestore_backend_call_older_than(call);
    store->requests.swept_files = filestore_backend_call_id_count(call);
    pthread_mutex_unlock(&store->mutex);
    if (filestore_backend_call_add_id(call, "x", NULL) != FILESTORE_INVALID_ARGUMENT) {
        return FILESTORE_INTERNAL;
    }
    return filestore_backend_call_add_id(call, "00000000-0000-4000-8000-000000000000", NULL);
}

static int32_t count_versions(void* context, filestore_backend_call* call) {
    (void)context;
    return filestore_backend_call_set_kept(call, 1, 2, 3, NULL);
}

filestore_backend_table memory_upkeep_table(void) {
    filestore_backend_table table = memory_backend_table();
    table.abilities += FILESTORE_MAY_STORE_LATE;
    table.remove_batch = remove_files;
    table.discard = discard_file;
    table.verify = verify_files;
    table.sweep_uploads = sweep;
    table.kept_versions = count_versions;
    return table;
}
