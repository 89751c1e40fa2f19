/* How many threads there are, and what becomes of calls under way when their service ends.
 *
 * usage: threads bound|executor|close|close_of_silence NAME DIRECTORY
 */

#define _XOPEN_SOURCE 700

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "border.h"

/* Those of the executor, of the event loops, of the reactor and of name lookups, as the headers name them. */
enum { most_of_a_service = 4 + 4 + 1 + 4 };

enum { most_calls = 10000 };

static int answers[most_calls];
static int answered = 0;
static int cancelled = 0;
static int most_threads = 0;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* `context` is the place of the call among the answers. */
static void count_answer(void* context, filestore_answer* answer) {
    const int is_looked_at = ((int*)context - answers) % 100 == 0;
    const int threads = is_looked_at ? thread_count() : 0;
    pthread_mutex_lock(&lock);
    ++*(int*)context;
    cancelled += filestore_answer_code(answer) == FILESTORE_CANCELLED;
    most_threads = threads > most_threads ? threads : most_threads;
    pthread_mutex_unlock(&lock);
    filestore_answer_destroy(answer);
    __atomic_add_fetch(&answered, 1, __ATOMIC_SEQ_CST);
}

static void begin(filestore_service* service, int calls) {
    for (int call = 0; call < calls; ++call) {
        require(filestore_exists_async(service, UNKNOWN_ID, NULL, count_answer, &answers[call], NULL) ==
                    FILESTORE_OK,
                "a call begins");
    }
}

static void require_one_answer_each(int calls) {
    for (int call = 0; call < calls; ++call) {
        require(answers[call] == 1, "each call is answered once");
    }
}

static void bound(const char* name, const char* directory) {
    filestore_service* service = open_store(&linked_library, directory, name);
    require(thread_count() <= 1, "a service that was opened has no thread");
    const int calls = as_often_as(most_calls);
    begin(service, calls);
    wait_for_calls(&answered, calls);
    require_one_answer_each(calls);
    require(most_threads > 1 && most_threads <= 1 + most_of_a_service, "the threads are bounded");
    wait_for_threads(1);
    use_store(&linked_library, service);
    filestore_close(service);
    require(thread_count() <= 1, "a service that was closed has no thread");
}

/* A queue of tasks, and one thread that runs them. */
static struct {
    filestore_task* tasks[most_calls];
    size_t first;
    size_t end;
    int is_over;
    pthread_mutex_t lock;
    pthread_cond_t changed;
} queue = {{NULL}, 0, 0, 0, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER};

static int32_t execute(void* context, filestore_task* task) {
    (void)context;
    pthread_mutex_lock(&queue.lock);
    const int has_room = queue.end - queue.first < most_calls;
    if (has_room) {
        queue.tasks[queue.end++ % most_calls] = task;
    }
    pthread_cond_signal(&queue.changed);
    pthread_mutex_unlock(&queue.lock);
    return has_room ? 0 : 1;
}

static filestore_task* next_task(void) {
    filestore_task* task = NULL;
    pthread_mutex_lock(&queue.lock);
    while (queue.first == queue.end && !queue.is_over) {
        pthread_cond_wait(&queue.changed, &queue.lock);
    }
    if (queue.first < queue.end) {
        task = queue.tasks[queue.first++ % most_calls];
    }
    pthread_mutex_unlock(&queue.lock);
    return task;
}

static void* run_tasks(void* context) {
    (void)context;
    for (filestore_task* task = next_task(); task != NULL; task = next_task()) {
        filestore_task_run(task);
    }
    return NULL;
}

/* Work on a local store is all the program's thread's. */
static void executor(const char* name, const char* directory) {
    const int calls = as_often_as(1000);
    char path[512];
    pthread_t thread;
    filestore_options* options = NULL;
    filestore_service* service = NULL;
    filestore_options_create(&options, NULL);
    snprintf(path, sizeof path, "%s/%s", directory, name);
    filestore_options_set(options, "base_path", path, NULL);
    filestore_options_set_executor(options, execute, NULL, NULL);
    require(filestore_open(options, &service, NULL) == FILESTORE_OK, "open");
    filestore_options_destroy(options);
    begin(service, calls);
    require(answered == 0, "nothing runs before the program lets it");
    pthread_create(&thread, NULL, run_tasks, NULL);
    wait_for_calls(&answered, calls);
    require_one_answer_each(calls);
    require(most_threads == 2, "the threads are those of the program");
    filestore_close(service);
    pthread_mutex_lock(&queue.lock);
    queue.is_over = 1;
    pthread_cond_signal(&queue.changed);
    pthread_mutex_unlock(&queue.lock);
    pthread_join(thread, NULL);
}

/* Where the server never answers, every call is under way when the service ends. */
static void end_with_calls(const char* name, const char* directory, int is_silent) {
    enum { calls = 100 };
    filestore_service* service = open_store(&linked_library, directory, name);
    begin(service, calls);
    filestore_close(service);
    require(answered == calls, "every call is answered before the end");
    require_one_answer_each(calls);
    require(!is_silent || cancelled == calls, "the answer is that it was cancelled");
    wait_for_threads(1);
}

int main(int argc, char** argv) {
    require(argc == 4, "usage: threads CASE NAME DIRECTORY");
    if (strcmp(argv[1], "bound") == 0) {
        bound(argv[2], argv[3]);
    } else if (strcmp(argv[1], "executor") == 0) {
        executor(argv[2], argv[3]);
    } else if (strcmp(argv[1], "close") == 0) {
        end_with_calls(argv[2], argv[3], 0);
    } else if (strcmp(argv[1], "close_of_silence") == 0) {
        end_with_calls(argv[2], argv[3], 1);
    } else {
        require(0, "a case of this name");
    }
    return 0;
}
