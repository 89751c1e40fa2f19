#include "http/shared_caches.h"

#include <new>

namespace filestore::http {

namespace {

/// libcurl wants one initialisation per process; it stays, because no moment is known to be safe for taking it back.
void initialise_curl() {
    static std::once_flag once;
    std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

}  // namespace

CURLSH* SharedCaches::handle() {
    const std::lock_guard lock(making_);
    if (handle_ != nullptr) {
        return handle_;
    }
    initialise_curl();
    handle_ = curl_share_init();
    if (handle_ == nullptr) {
        throw std::bad_alloc();
    }
    curl_share_setopt(handle_, CURLSHOPT_USERDATA, this);
    curl_share_setopt(handle_, CURLSHOPT_LOCKFUNC, &SharedCaches::lock);
    curl_share_setopt(handle_, CURLSHOPT_UNLOCKFUNC, &SharedCaches::unlock);
    curl_share_setopt(handle_, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    return handle_;
}

SharedCaches::~SharedCaches() {
    curl_share_cleanup(handle_);
}

void SharedCaches::lock(CURL*, curl_lock_data what, curl_lock_access, void* self) {
    static_cast<SharedCaches*>(self)->mutexes_[what].lock();
}

void SharedCaches::unlock(CURL*, curl_lock_data what, void* self) {
    static_cast<SharedCaches*>(self)->mutexes_[what].unlock();
}

}  // namespace filestore::http
