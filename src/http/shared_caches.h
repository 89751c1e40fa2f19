#pragma once

/// What the event loops of one transport share inside libcurl: TLS sessions. Only src/http includes this header.

#include <curl/curl.h>

#include <array>
#include <mutex>

namespace filestore::http {

/// A resource, held by std::shared_ptr and destroyed after every handle that uses it; thread-safe.
class SharedCaches {
public:
    SharedCaches() = default;
    SharedCaches(const SharedCaches&) = delete;
    SharedCaches& operator=(const SharedCaches&) = delete;
    ~SharedCaches();

    /// Initialises libcurl when it is first called. Throws std::bad_alloc.
    [[nodiscard]] CURLSH* handle();

private:
    static void lock(CURL* user, curl_lock_data what, curl_lock_access access, void* self);
    static void unlock(CURL* user, curl_lock_data what, void* self);

    std::array<std::mutex, CURL_LOCK_DATA_LAST> mutexes_;
    std::mutex making_;
    CURLSH* handle_ = nullptr;
};

}  // namespace filestore::http
