/* A program that has curl, OpenSSL and signals of its own.
 *
 * usage: host CASE DIRECTORY
 */

#define _XOPEN_SOURCE 700

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "border.h"

static const char* directory;

static filestore_service* open_s3(void) {
    return open_store(&linked_library, directory, "s3");
}

static void use_and_close(void) {
    filestore_service* service = open_s3();
    use_store(&linked_library, service);
    filestore_close(service);
}

/* The program's curl begins before and ends while a service is open, and begins and ends again. */
static void own_curl(long flags) {
    require(curl_global_init(flags) == CURLE_OK, "curl_global_init");
    filestore_service* service = open_s3();
    use_store(&linked_library, service);
    curl_global_cleanup();
    use_store(&linked_library, service);
    filestore_close(service);
    require(curl_global_init(flags) == CURLE_OK, "curl_global_init again");
    use_and_close();
    curl_global_cleanup();
    use_and_close();
}

static size_t take(char* data, size_t size, size_t count, void* context) {
    (void)data;
    (void)context;
    return size * count;
}

/* What the server answers to somebody without a signature does not matter. */
static void* transfer(void* context) {
    (void)context;
    for (int time = 0; time < as_often_as(50); ++time) {
        CURL* curl = curl_easy_init();
        curl_easy_setopt(curl, CURLOPT_URL, getenv("BORDER_ENDPOINT"));
        curl_easy_setopt(curl, CURLOPT_CAINFO, getenv("BORDER_CA_FILE"));
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
        require(curl_easy_perform(curl) == CURLE_OK, "a transfer of the program's own");
        curl_easy_cleanup(curl);
    }
    return NULL;
}

static void transfers_beside(void) {
    pthread_t thread;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    filestore_service* service = open_s3();
    pthread_create(&thread, NULL, transfer, NULL);
    for (int time = 0; time < as_often_as(20); ++time) {
        use_store(&linked_library, service);
    }
    pthread_join(thread, NULL);
    filestore_close(service);
    curl_global_cleanup();
}

static filestore_service* kept;

/* Nothing of a service uses OpenSSL once its calls have ended. */
static void own_openssl(int leaks) {
    require(OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL) == 1, "OPENSSL_init_crypto");
    kept = open_s3();
    use_store(&linked_library, kept);
    wait_for_threads(1);
    if (!leaks) {
        filestore_close(kept);
        kept = NULL;
    }
    OPENSSL_cleanup();
}

/* The queue of errors of a thread of the program is the program's. */
static void keep_errors(void) {
    filestore_service* service = open_s3();
    char id[FILESTORE_ID_SIZE];
    ERR_clear_error();
    use_store(&linked_library, service);
    require(ERR_peek_error() == 0, "no error is left on a thread of the program");
    require(filestore_upload_buffer(NULL, "x", 1, NULL, id, NULL) == FILESTORE_INVALID_ARGUMENT, "refused");
    ERR_new();
    ERR_set_error(ERR_LIB_USER, 7, NULL);
    use_store(&linked_library, service);
    require(ERR_GET_REASON(ERR_peek_last_error()) == 7, "the program's own error stays");
    filestore_close(service);
}

#define SIGNALS 64

static void dispositions_now(struct sigaction actions[SIGNALS]) {
    memset(actions, 0, SIGNALS * sizeof *actions);
    for (int number = 1; number < SIGNALS; ++number) {
        sigaction(number, NULL, &actions[number]);
    }
}

static void require_same_dispositions(const struct sigaction* before, const struct sigaction* after) {
    char what[64];
    for (int number = 1; number < SIGNALS; ++number) {
        snprintf(what, sizeof what, "signal %d is handled as before", number);
        require(before[number].sa_handler == after[number].sa_handler &&
                    before[number].sa_flags == after[number].sa_flags,
                what);
    }
}

static int is_blocked(int number) {
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    return sigismember(&mask, number);
}

/* The server goes away in the middle of the body. */
static void write_to_one_who_leaves(void) {
    struct sigaction before[SIGNALS];
    struct sigaction after[SIGNALS];
    char id[FILESTORE_ID_SIZE];
    const size_t size = 8000000;
    char* bytes = calloc(1, size);
    require(bytes != NULL, "memory");
    dispositions_now(before);
    require(before[SIGPIPE].sa_handler == SIG_DFL && !is_blocked(SIGPIPE), "SIGPIPE is as it is");
    filestore_service* service = open_s3();
    for (int time = 0; time < 2; ++time) {
        const int32_t code = filestore_upload_buffer(service, bytes, size, NULL, id, NULL);
        require(code != FILESTORE_OK && code != FILESTORE_INTERNAL, "an upload to one who leaves fails");
    }
    filestore_close(service);
    dispositions_now(after);
    require_same_dispositions(before, after);
    require(!is_blocked(SIGPIPE), "no mask has changed");
    free(bytes);
}

/* Connections are kept, and end with the service. */
static void keep_signals(void) {
    struct sigaction before[SIGNALS];
    struct sigaction after[SIGNALS];
    dispositions_now(before);
    use_and_close();
    dispositions_now(after);
    require_same_dispositions(before, after);
    require(!is_blocked(SIGPIPE), "no mask has changed");
}

int main(int argc, char** argv) {
    require(argc == 3, "usage: host CASE DIRECTORY");
    directory = argv[2];
    if (strcmp(argv[1], "curl") == 0) {
        own_curl(CURL_GLOBAL_DEFAULT);
    } else if (strcmp(argv[1], "curl_of_nothing") == 0) {
        own_curl(CURL_GLOBAL_NOTHING);
    } else if (strcmp(argv[1], "transfers_beside") == 0) {
        transfers_beside();
    } else if (strcmp(argv[1], "openssl") == 0) {
        own_openssl(0);
    } else if (strcmp(argv[1], "openssl_with_a_service_left") == 0) {
        own_openssl(1);
    } else if (strcmp(argv[1], "errors_of_openssl") == 0) {
        keep_errors();
    } else if (strcmp(argv[1], "signals") == 0) {
        keep_signals();
    } else if (strcmp(argv[1], "one_who_leaves") == 0) {
        write_to_one_who_leaves();
    } else {
        require(0, "a case of this name");
    }
    return 0;
}
