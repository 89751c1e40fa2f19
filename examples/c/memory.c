/* A store of the program's own, in memory, with a service on it: a start for one in a database, or for tests without a disk.
 *
 * usage: memory FILE...        stores the files, lists them, and writes each to standard output
 */

#define _POSIX_C_SOURCE 200809L

#include <filestore.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A file of the store. Its bytes do not change, and go with the last one who has them. */
struct bytes {
    size_t uses;
    size_t size;
    char data[];
};

struct file {
    char id[FILESTORE_ID_SIZE];
    char* path;
    char* content_type;
    char* metadata;
    char version[24];
    int64_t stored_at;
    struct bytes* bytes;
};

/* Files in the order of their IDs, as `list` tells them. All is done under the lock. */
struct store {
    pthread_mutex_t lock;
    struct file* files;
    size_t count;
    size_t capacity;
    uint64_t uploads;
};

struct writer {
    struct bytes* bytes;
    size_t capacity;
};

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* Under the lock, or where nobody else has them. */
static void let_go(struct bytes* bytes) {
    if (bytes != NULL && --bytes->uses == 0) {
        free(bytes);
    }
}

static void free_file(struct file* file) {
    free(file->path);
    free(file->content_type);
    free(file->metadata);
    let_go(file->bytes);
}

/* Where a file of this ID stands, or would stand. */
static size_t place_of(const struct store* store, const char* id) {
    size_t low = 0;
    size_t high = store->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(store->files[middle].id, id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct file* find(struct store* store, const filestore_backend_call* call) {
    const char* id = filestore_backend_call_id(call);
    const size_t place = place_of(store, id);
    return place < store->count && strcmp(store->files[place].id, id) == 0 ? &store->files[place] : NULL;
}

static int32_t check_conditions(const struct file* file, const filestore_backend_call* call) {
    const char* version = filestore_backend_call_if_version(call);
    if (filestore_backend_call_create_only(call) && file != NULL) {
        return FILESTORE_ALREADY_EXISTS;
    }
    if (version[0] != '\0' && (file == NULL || strcmp(file->version, version) != 0)) {
        return FILESTORE_PRECONDITION_FAILED;
    }
    return FILESTORE_OK;
}

static void destroy(void* context) {
    struct store* store = context;
    for (size_t index = 0; index < store->count; ++index) {
        free_file(&store->files[index]);
    }
    free(store->files);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

static int32_t describe(void* context, filestore_backend_call* call) {
    struct store* store = context;
    int32_t code = FILESTORE_NOT_FOUND;
    pthread_mutex_lock(&store->lock);
    const struct file* file = find(store, call);
    if (file != NULL) {
        code = filestore_backend_call_set_info(call, file->bytes->size, file->stored_at, file->path,
                                               file->content_type, file->metadata, file->version, NULL);
    }
    pthread_mutex_unlock(&store->lock);
    return code;
}

static int32_t open_reader(void* context, filestore_backend_call* call, void** reader, uint64_t* size) {
    struct store* store = context;
    pthread_mutex_lock(&store->lock);
    const struct file* file = find(store, call);
    if (file != NULL) {
        ++file->bytes->uses;
        *reader = file->bytes;
        *size = file->bytes->size;
    }
    pthread_mutex_unlock(&store->lock);
    return file != NULL ? FILESTORE_OK : FILESTORE_NOT_FOUND;
}

static int32_t read_bytes(void* context, filestore_backend_call* call, void* reader, uint64_t offset,
                          void* buffer, size_t capacity, size_t* length) {
    const struct bytes* bytes = reader;
    const size_t rest = offset < bytes->size ? bytes->size - (size_t)offset : 0;
    (void)context;
    (void)call;
    *length = rest < capacity ? rest : capacity;
    memcpy(buffer, bytes->data + (bytes->size - rest), *length);
    return FILESTORE_OK;
}

static void close_reader(void* context, void* reader) {
    struct store* store = context;
    pthread_mutex_lock(&store->lock);
    let_go(reader);
    pthread_mutex_unlock(&store->lock);
}

/* Whether there is room for as many bytes. */
static int grow(struct writer* writer, size_t size) {
    if (writer->bytes != NULL && size <= writer->capacity) {
        return 1;
    }
    const size_t capacity = size + size / 2 + 64;
    struct bytes* bytes = realloc(writer->bytes, sizeof *bytes + capacity);
    if (bytes == NULL) {
        return 0;
    }
    bytes->size = writer->bytes == NULL ? 0 : bytes->size;
    bytes->uses = 1;
    writer->bytes = bytes;
    writer->capacity = capacity;
    return 1;
}

static int32_t open_writer(void* context, filestore_backend_call* call, void** opened) {
    struct writer* writer = calloc(1, sizeof *writer);
    (void)context;
    (void)call;
    if (writer == NULL || !grow(writer, 0)) {
        free(writer);
        return FILESTORE_NO_MEMORY;
    }
    *opened = writer;
    return FILESTORE_OK;
}

static int32_t write_bytes(void* context, filestore_backend_call* call, void* opened, const void* data,
                           size_t size) {
    struct writer* writer = opened;
    (void)context;
    (void)call;
    if (!grow(writer, writer->bytes->size + size)) {
        return FILESTORE_NO_MEMORY;
    }
    memcpy(writer->bytes->data + writer->bytes->size, data, size);
    writer->bytes->size += size;
    return FILESTORE_OK;
}

/* The file of an upload; 0 where there is no memory. */
static int make_file(struct file* file, const filestore_backend_call* call, struct writer* writer,
                     uint64_t number) {
    memset(file, 0, sizeof *file);
    snprintf(file->id, sizeof file->id, "%s", filestore_backend_call_id(call));
    snprintf(file->version, sizeof file->version, "v%" PRIu64, number);
    file->path = strdup(filestore_backend_call_path(call));
    file->content_type = strdup(filestore_backend_call_content_type(call));
    file->metadata = strdup(filestore_backend_call_metadata(call));
    file->stored_at = now();
    if (file->path == NULL || file->content_type == NULL || file->metadata == NULL) {
        free_file(file);
        return 0;
    }
    file->bytes = writer->bytes;
    writer->bytes = NULL;
    return 1;
}

/* Makes room for a file at its place; NULL where there is no memory. */
static struct file* insert(struct store* store, size_t place) {
    if (store->count == store->capacity) {
        const size_t capacity = store->capacity * 2 + 16;
        struct file* files = realloc(store->files, capacity * sizeof *files);
        if (files == NULL) {
            return NULL;
        }
        store->files = files;
        store->capacity = capacity;
    }
    memmove(&store->files[place + 1], &store->files[place], (store->count - place) * sizeof *store->files);
    ++store->count;
    return &store->files[place];
}

static int32_t put(struct store* store, const filestore_backend_call* call, struct writer* writer) {
    struct file made;
    struct file* old = find(store, call);
    const int32_t code = check_conditions(old, call);
    if (code != FILESTORE_OK) {
        return code;
    }
    if (!make_file(&made, call, writer, store->uploads + 1)) {
        return FILESTORE_NO_MEMORY;
    }
    if (old != NULL) {
        free_file(old);
    } else {
        old = insert(store, place_of(store, made.id));
    }
    if (old == NULL) {
        free_file(&made);
        return FILESTORE_NO_MEMORY;
    }
    *old = made;
    ++store->uploads;
    return FILESTORE_OK;
}

static int32_t commit(void* context, filestore_backend_call* call, void* opened, uint64_t size) {
    struct store* store = context;
    (void)size;
    pthread_mutex_lock(&store->lock);
    const int32_t code = put(store, call, opened);
    pthread_mutex_unlock(&store->lock);
    return code;
}

static void close_writer(void* context, void* opened) {
    struct writer* writer = opened;
    (void)context;
    free(writer->bytes);
    free(writer);
}

static int32_t remove_file(void* context, filestore_backend_call* call, int32_t* removed) {
    struct store* store = context;
    pthread_mutex_lock(&store->lock);
    struct file* file = find(store, call);
    const int32_t code = check_conditions(file, call);
    if (file != NULL && code == FILESTORE_OK) {
        free_file(file);
        --store->count;
        memmove(file, file + 1, (size_t)(store->files + store->count - file) * sizeof *file);
        *removed = 1;
    }
    pthread_mutex_unlock(&store->lock);
    return code;
}

static int32_t list(void* context, filestore_backend_call* call) {
    struct store* store = context;
    const char* cursor = filestore_backend_call_cursor(call);
    const size_t limit = filestore_backend_call_limit(call);
    int32_t code = FILESTORE_OK;
    pthread_mutex_lock(&store->lock);
    size_t place = place_of(store, cursor);
    place += place < store->count && strcmp(store->files[place].id, cursor) == 0;
    const size_t end = store->count - place < limit ? store->count : place + limit;
    for (; place < end && code == FILESTORE_OK; ++place) {
        const struct file* file = &store->files[place];
        code = filestore_backend_call_add_file(call, file->id, file->bytes->size, file->stored_at, NULL);
    }
    if (code == FILESTORE_OK && end < store->count) {
        code = filestore_backend_call_set_next(call, store->files[end - 1].id, NULL);
    }
    pthread_mutex_unlock(&store->lock);
    return code;
}

static int32_t open_memory(filestore_backend** backend, filestore_error** error) {
    const filestore_backend_table table = {
        .struct_size = sizeof table,
        .abilities = FILESTORE_COMPARES_UPLOADS + FILESTORE_COMPARES_DELETIONS,
        .name = "memory",
        .destroy = destroy,
        .describe = describe,
        .open_reader = open_reader,
        .read = read_bytes,
        .close_reader = close_reader,
        .open_writer = open_writer,
        .write = write_bytes,
        .commit = commit,
        .close_writer = close_writer,
        .remove = remove_file,
        .list = list,
    };
    struct store* store = calloc(1, sizeof *store);
    if (store != NULL) {
        pthread_mutex_init(&store->lock, NULL);
    }
    /* From here on the store is the backend's, also where this fails. */
    return store != NULL ? filestore_backend_create(&table, store, NULL, backend, error)
                         : FILESTORE_NO_MEMORY;
}

/* A service on the backend, that records nothing elsewhere. */
static int32_t open_service(filestore_service** service, filestore_error** error) {
    filestore_backend* backend = NULL;
    filestore_options* options = NULL;
    int32_t code = open_memory(&backend, error);
    if (code == FILESTORE_OK) {
        code = filestore_options_create(&options, error);
    }
    if (code == FILESTORE_OK) {
        code = filestore_options_set(options, "catalogue_path", "off", error);
    }
    if (code == FILESTORE_OK) {
        code = filestore_open_on(backend, options, service, error);
    }
    filestore_options_destroy(options);
    filestore_backend_close(backend);
    return code;
}

static int32_t write_out(void* context, const void* data, size_t size) {
    return fwrite(data, 1, size, context) == size ? 0 : 1;
}

static int32_t show(filestore_service* service, const char* id, filestore_error** error) {
    filestore_buffer* json = NULL;
    int32_t code = filestore_metadata(service, id, NULL, &json, error);
    if (code == FILESTORE_OK) {
        printf("%s\n", filestore_buffer_data(json));
        code = filestore_download_callback(service, id, write_out, stdout, NULL, error);
    }
    filestore_buffer_destroy(json);
    return code;
}

static int32_t show_all(filestore_service* service, filestore_error** error) {
    filestore_list_page* page = NULL;
    int32_t code = filestore_list(service, NULL, 0, NULL, &page, error);
    for (size_t index = 0; code == FILESTORE_OK && index < filestore_list_page_count(page); ++index) {
        code = show(service, filestore_list_page_id(page, index), error);
    }
    filestore_list_page_destroy(page);
    return code;
}

int main(int argc, char** argv) {
    filestore_service* service = NULL;
    filestore_error* error = NULL;
    char id[FILESTORE_ID_SIZE];
    if (argc < 2) {
        fprintf(stderr, "usage: %s FILE...\n", argv[0]);
        return 2;
    }
    int32_t code = open_service(&service, &error);
    for (int index = 1; code == FILESTORE_OK && index < argc; ++index) {
        code = filestore_upload_path(service, argv[index], NULL, id, &error);
    }
    if (code == FILESTORE_OK) {
        code = show_all(service, &error);
    }
    if (code != FILESTORE_OK) {
        fprintf(stderr, "memory: %s (%s)\n", filestore_error_message(error), filestore_code_name(code));
    }
    filestore_error_destroy(error);
    filestore_close(service);
    return code == FILESTORE_OK ? 0 : 1;
}
