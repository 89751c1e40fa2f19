/* The same by libcurl alone, which signs as well: by_curl ENDPOINT BUCKET ID */
#define _POSIX_C_SOURCE 200809L

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int count, char** words) {
    char url[1024];
    char keys[256];
    long status = 0;
    struct timespec now;
    if (count != 4 || getenv("AWS_ACCESS_KEY_ID") == NULL || getenv("AWS_SECRET_ACCESS_KEY") == NULL) {
        fprintf(stderr, "usage: by_curl ENDPOINT BUCKET ID, with the keys in the environment\n");
        return 2;
    }
    snprintf(url, sizeof url, "%s/%s/%s", words[1], words[2], words[3]);
    snprintf(keys, sizeof keys, "%s:%s", getenv("AWS_ACCESS_KEY_ID"), getenv("AWS_SECRET_ACCESS_KEY"));
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL* curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, "aws:amz:us-east-1:s3");
    curl_easy_setopt(curl, CURLOPT_USERPWD, keys);
    struct curl_slist* const headers = curl_slist_append(NULL, "x-amz-content-sha256: UNSIGNED-PAYLOAD");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    const CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    clock_gettime(CLOCK_MONOTONIC, &now);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    if (code != CURLE_OK || (status != 200 && status != 404)) {
        fprintf(stderr, "%s, status %ld\n", curl_easy_strerror(code), status);
        return 1;
    }
    printf("%lld.%09ld %d\n", (long long)now.tv_sec, now.tv_nsec, status == 200);
    return 0;
}
