/* The library is loaded and unloaded, with live services left behind, and twice into one process.
 *
 * usage: loading cycles DIRECTORY LIBRARY
 *        loading plugin DIRECTORY PLUGIN        the library is part of PLUGIN
 *        loading copies DIRECTORY LIBRARY COPY
 */

#define _XOPEN_SOURCE 700

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "border.h"

static void find(void* handle, const char* name, void* place) {
    void* address = dlsym(handle, name);
    require(address != NULL, name);
    /* ISO C knows no conversion from an object's address to a function's. */
    memcpy(place, &address, sizeof address);
}

static void* load(const char* path, struct Library* library) {
    void* handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    require(handle != NULL, path);
    find(handle, "filestore_options_create", &library->options_create);
    find(handle, "filestore_options_set", &library->options_set);
    find(handle, "filestore_options_destroy", &library->options_destroy);
    find(handle, "filestore_open", &library->open);
    find(handle, "filestore_close", &library->close);
    find(handle, "filestore_error_message", &library->error_message);
    find(handle, "filestore_upload_buffer", &library->upload_buffer);
    find(handle, "filestore_download_into", &library->download_into);
    find(handle, "filestore_delete", &library->remove);
    find(handle, "filestore_exists_async", &library->exists_async);
    find(handle, "filestore_answer_destroy", &library->answer_destroy);
    return handle;
}

#define CYCLES 200

/* Whoever looks for leaks finds them here. */
static filestore_service* leaked[CYCLES];
static int answered = 0;

static void count_answer(void* context, filestore_answer* answer) {
    const struct Library* library = context;
    library->answer_destroy(answer);
    __atomic_add_fetch(&answered, 1, __ATOMIC_SEQ_CST);
}

static void load_and_leak(const char* directory, const char* path) {
    /* Answers come while the next cycle is at work. */
    static struct Library libraries[CYCLES];
    for (int cycle = 0; cycle < as_often_as(CYCLES); ++cycle) {
        struct Library* library = &libraries[cycle];
        void* handle = load(path, library);
        leaked[cycle] = open_store(library, directory, cycle % 10 == 0 ? "s3" : "store");
        if (cycle % 5 == 0) {
            use_store(library, leaked[cycle]);
        }
        require(library->exists_async(leaked[cycle], UNKNOWN_ID, NULL, count_answer, library, NULL) ==
                    FILESTORE_OK,
                "a call that is under way when the library is unloaded");
        dlclose(handle);
    }
    wait_for_calls(&answered, as_often_as(CYCLES));
    wait_for_threads(1);
}

/* A plugin has to end what it began before it is unloaded. */
static void load_and_close(const char* directory, const char* path) {
    for (int cycle = 0; cycle < as_often_as(CYCLES); ++cycle) {
        struct Library library;
        void* handle = load(path, &library);
        filestore_service* service = open_store(&library, directory, cycle % 10 == 0 ? "s3" : "store");
        if (cycle % 5 == 0) {
            use_store(&library, service);
        }
        library.close(service);
        dlclose(handle);
    }
    wait_for_threads(1);
}

struct Copy {
    struct Library library;
    filestore_service* local;
    filestore_service* s3;
};

static void* use_copy(void* context) {
    const struct Copy* copy = context;
    for (int time = 0; time < as_often_as(20); ++time) {
        use_store(&copy->library, copy->local);
        use_store(&copy->library, copy->s3);
    }
    return NULL;
}

/* On the same store, and the same catalogue. */
static void use_two_copies(const char* directory, const char* first_path, const char* second_path) {
    struct Copy copies[2];
    pthread_t threads[2];
    void* handles[2];
    const char* paths[2] = {first_path, second_path};
    for (int index = 0; index < 2; ++index) {
        handles[index] = load(paths[index], &copies[index].library);
        copies[index].local = open_store(&copies[index].library, directory, "store");
        copies[index].s3 = open_store(&copies[index].library, directory, "s3");
    }
    require(copies[0].library.open != copies[1].library.open, "there are two copies");
    for (int index = 0; index < 2; ++index) {
        pthread_create(&threads[index], NULL, use_copy, &copies[index]);
    }
    for (int index = 0; index < 2; ++index) {
        pthread_join(threads[index], NULL);
    }
    copies[0].library.close(copies[0].local);
    copies[0].library.close(copies[0].s3);
    dlclose(handles[0]);
    use_copy(&copies[1]);
    copies[1].library.close(copies[1].local);
    copies[1].library.close(copies[1].s3);
    dlclose(handles[1]);
    wait_for_threads(1);
}

int main(int argc, char** argv) {
    if (argc == 4 && strcmp(argv[1], "cycles") == 0) {
        load_and_leak(argv[2], argv[3]);
    } else if (argc == 4 && strcmp(argv[1], "plugin") == 0) {
        load_and_close(argv[2], argv[3]);
    } else if (argc == 5 && strcmp(argv[1], "copies") == 0) {
        use_two_copies(argv[2], argv[3], argv[4]);
    } else {
        fprintf(stderr, "usage: %s cycles|plugin|copies DIRECTORY LIBRARY [COPY]\n", argv[0]);
        return 2;
    }
    return 0;
}
