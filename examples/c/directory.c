/* Stores every file below a directory, shows how far it is, and prints the ID of each beside its name.
 *
 * usage: directory DIRECTORY [STORE]        STORE is a directory, ./storage by default
 *
 * Control-C cancels: the file that was under way leaves nothing, those before it stay. One that cannot be stored is told of, and the
 * rest goes on; the exit code is 1 then.
 */

#define _XOPEN_SOURCE 700

#include <filestore.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What the walk over the directory uses, which hands nothing through. */
static struct {
    filestore_service* service;
    filestore_cancel* cancel;
    size_t root_length;
    uint64_t files;
    uint64_t bytes;
    uint64_t failures;
} run;

static volatile sig_atomic_t interrupted = 0;

static void interrupt(int signal_number) {
    (void)signal_number;
    interrupted = 1;
}

static void tell(const char* name, filestore_error* error) {
    fprintf(stderr, "%s: %s (%s)\n", name, filestore_error_message(error),
            filestore_code_name(filestore_error_code(error)));
    filestore_error_destroy(error);
}

/* On a thread of the library. A signal handler must not cancel by itself: here it is seen to. */
static void show(void* context, uint64_t bytes_done, uint64_t bytes_total) {
    if (interrupted) {
        filestore_cancel_request(run.cancel);
    }
    if (isatty(STDERR_FILENO) && bytes_total != 0 && bytes_total != FILESTORE_UNKNOWN_SIZE) {
        fprintf(stderr, "\r%3u%% %s\033[K%s", (unsigned)((double)bytes_done / (double)bytes_total * 100.0),
                (const char*)context, bytes_done == bytes_total ? "\r\033[K" : "");
    }
}

static int32_t set_options(filestore_upload_options* options, char* name, filestore_error** error) {
    int32_t code = filestore_upload_options_set_path(options, name, error);
    if (code == FILESTORE_OK) {
        code = filestore_upload_options_set_cancel(options, run.cancel, error);
    }
    if (code == FILESTORE_OK) {
        code = filestore_upload_options_set_progress(options, show, name, error);
    }
    return code;
}

static int32_t store(const char* path, char* name, char id[FILESTORE_ID_SIZE], filestore_error** error) {
    filestore_upload_options* options = NULL;
    int32_t code = filestore_upload_options_create(&options, error);
    if (code == FILESTORE_OK) {
        code = set_options(options, name, error);
    }
    if (code == FILESTORE_OK) {
        code = filestore_upload_path(run.service, path, options, id, error);
    }
    filestore_upload_options_destroy(options);
    return code;
}

static int visit(const char* path, const struct stat* status, int kind, struct FTW* place) {
    char id[FILESTORE_ID_SIZE];
    char name[4096];
    filestore_error* error = NULL;
    (void)place;
    if (interrupted) {
        return 1;
    }
    if (kind == FTW_DNR || kind == FTW_NS) {
        fprintf(stderr, "%s: cannot be read\n", path);
        ++run.failures;
        return 0;
    }
    if (kind != FTW_F || !S_ISREG(status->st_mode)) {
        return 0;
    }
    snprintf(name, sizeof name, "%s", path + run.root_length + (path[run.root_length] == '/'));
    if (store(path, name, id, &error) != FILESTORE_OK) {
        tell(path, error);
        ++run.failures;
        return 0;
    }
    printf("%s  %s\n", id, name);
    ++run.files;
    run.bytes += (uint64_t)status->st_size;
    return 0;
}

static int open_store(const char* base_path) {
    filestore_error* error = NULL;
    filestore_options* options = NULL;
    int32_t code = filestore_options_create(&options, &error);
    if (code == FILESTORE_OK) {
        code = filestore_options_set(options, "base_path", base_path, &error);
    }
    if (code == FILESTORE_OK) {
        code = filestore_open(options, &run.service, &error);
    }
    if (code == FILESTORE_OK) {
        code = filestore_cancel_create(&run.cancel, &error);
    }
    filestore_options_destroy(options);
    if (code != FILESTORE_OK) {
        tell(base_path, error);
    }
    return code == FILESTORE_OK;
}

static int store_below(char* directory) {
    const int most_open = 32;
    run.root_length = strlen(directory);
    while (run.root_length > 1 && directory[run.root_length - 1] == '/') {
        directory[--run.root_length] = '\0';
    }
    if (nftw(directory, visit, most_open, FTW_PHYS) < 0) {
        perror(directory);
        return 1;
    }
    fprintf(stderr, "%" PRIu64 " files, %" PRIu64 " bytes stored, %" PRIu64 " failed%s\n", run.files,
            run.bytes, run.failures, interrupted ? ", interrupted" : "");
    return run.failures != 0 || interrupted;
}

int main(int argc, char** argv) {
    struct sigaction action = {0};
    int exit_code = 1;
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: %s DIRECTORY [STORE]\n", argv[0]);
        return 2;
    }
    action.sa_handler = interrupt;
    sigaction(SIGINT, &action, NULL);
    if (open_store(argc == 3 ? argv[2] : "./storage")) {
        exit_code = store_below(argv[1]);
    }
    filestore_cancel_destroy(run.cancel);
    filestore_close(run.service);
    return exit_code;
}
