/* fork() while the library's threads are at work.
 *
 * usage: forking NAME DIRECTORY        NAME is "s3" or that of a local store
 */

#define _XOPEN_SOURCE 700

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "border.h"

static const char* directory;
static const char* name;
static int answered = 0;

static void count_answer(void* context, filestore_answer* answer) {
    (void)context;
    filestore_answer_destroy(answer);
    __atomic_add_fetch(&answered, 1, __ATOMIC_SEQ_CST);
}

/* A child that hangs is killed. */
static pid_t fork_with_alarm(void) {
    const pid_t child = fork();
    require(child >= 0, "fork");
    if (child == 0) {
        alarm(120);
    }
    return child;
}

static void wait_for_child(pid_t child, const char* what) {
    int status = 0;
    require(waitpid(child, &status, 0) == child, "waitpid");
    require(WIFEXITED(status) && WEXITSTATUS(status) == 0, what);
}

static void be_refused(filestore_service* inherited) {
    char id[FILESTORE_ID_SIZE];
    char byte;
    size_t length;
    int32_t flag;
    filestore_list_page* page;
    filestore_buffer* buffer;
    const int32_t forked = FILESTORE_FORKED;
    require(filestore_upload_buffer(inherited, "x", 1, NULL, id, NULL) == forked, "upload");
    require(filestore_download_into(inherited, UNKNOWN_ID, &byte, 1, NULL, &length, NULL) == forked,
            "download");
    require(filestore_delete(inherited, UNKNOWN_ID, NULL, &flag, NULL) == forked, "delete");
    require(filestore_exists(inherited, UNKNOWN_ID, NULL, &flag, NULL) == forked, "exists");
    require(filestore_metadata(inherited, UNKNOWN_ID, NULL, &buffer, NULL) == forked, "metadata");
    require(filestore_list(inherited, NULL, 0, NULL, &page, NULL) == forked, "list");
    require(filestore_history(inherited, UNKNOWN_ID, NULL, &buffer, NULL) == forked, "history");
}

/* Leaves by exit(), as a program does that knows nothing of all this. */
static void be_a_child(filestore_service* inherited, int closes) {
    be_refused(inherited);
    filestore_service* own = open_store(&linked_library, directory, name);
    use_store(&linked_library, own);
    filestore_close(own);
    if (closes) {
        filestore_close(inherited);
    }
    exit(0);
}

static void keep_busy(filestore_service* service, int calls) {
    for (int call = 0; call < calls / 2; ++call) {
        require(filestore_exists_async(service, UNKNOWN_ID, NULL, count_answer, NULL, NULL) == FILESTORE_OK,
                "a call that is under way");
        require(
            filestore_upload_buffer_async(service, "x", 1, NULL, count_answer, NULL, NULL) == FILESTORE_OK,
            "an upload that is under way");
    }
}

/* The allocators of sanitizers leave their locks in the child as other threads have them: with these nothing may be under way at fork(). */
static int is_quiet(void) {
    return getenv("BORDER_SANITIZED") != NULL;
}

int main(int argc, char** argv) {
    enum { calls = 50 };
    const int forks = is_quiet() ? 4 : as_often_as(20);
    int uploads = 0;
    filestore_cancel* cancel = NULL;
    filestore_upload_options* options = NULL;
    require(argc == 3, "usage: forking NAME DIRECTORY");
    name = argv[1];
    directory = argv[2];
    filestore_service* service = open_store(&linked_library, directory, name);
    use_store(&linked_library, service);
    filestore_cancel_create(&cancel, NULL);
    filestore_upload_options_create(&options, NULL);
    filestore_upload_options_set_cancel(options, cancel, NULL);
    const int endless_uploads = is_quiet() ? 0 : 1;
    if (endless_uploads != 0) {
        filestore_upload_callback_async(service, endless, NULL, &uploads, FILESTORE_UNKNOWN_SIZE, options,
                                        count_answer, NULL, NULL);
        wait_for_calls(&uploads, 2);
    }
    for (int number = 0; number < forks; ++number) {
        keep_busy(service, calls);
        if (is_quiet()) {
            wait_for_threads(1);
        }
        const pid_t child = fork_with_alarm();
        if (child == 0) {
            be_a_child(service, number % 2);
        }
        wait_for_child(child, "the child is told, and can work by itself");
        use_store(&linked_library, service);
    }
    filestore_cancel_request(cancel);
    wait_for_calls(&answered, forks * calls + endless_uploads);
    filestore_upload_options_destroy(options);
    filestore_cancel_destroy(cancel);
    filestore_close(service);
    return 0;
}
