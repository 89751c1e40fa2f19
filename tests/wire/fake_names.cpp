#include "wire/fake_names.h"

#include <dlfcn.h>
#include <netdb.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

namespace filestore::test {

namespace {

struct Entry {
    std::vector<std::string> addresses;
    bool hangs = false;
    bool ended = false;
    std::size_t lookups = 0;
    std::size_t hanging = 0;
};

std::mutex mutex;
std::condition_variable changed;
std::map<std::string, Entry>& entries() {
    static std::map<std::string, Entry> all;
    return all;
}

using Lookup = int (*)(const char*, const char*, const addrinfo*, addrinfo**);

int look_up_really(const char* name, const char* service, const addrinfo* hints, addrinfo** result) {
    static const auto next = reinterpret_cast<Lookup>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    return next(name, service, hints, result);
}

/// Each list comes from the C library, so that its freeaddrinfo() fits.
int join_lists(const std::vector<std::string>& addresses, const char* service, const addrinfo* hints,
               addrinfo** result) {
    addrinfo wanted{};
    if (hints != nullptr) {
        wanted = *hints;
    }
    wanted.ai_family = AF_UNSPEC;
    *result = nullptr;
    addrinfo** end = result;
    for (const std::string& address : addresses) {
        if (const int failure = look_up_really(address.c_str(), service, &wanted, end); failure != 0) {
            return failure;
        }
        while (*end != nullptr) {
            end = &(*end)->ai_next;
        }
    }
    return *result == nullptr ? EAI_NONAME : 0;
}

}  // namespace

FakeName::FakeName(std::string name, std::vector<std::string> addresses) : name_(std::move(name)) {
    set_addresses(std::move(addresses));
}

FakeName::~FakeName() {
    std::unique_lock lock(mutex);
    entries()[name_].ended = true;
    changed.notify_all();
    changed.wait(lock, [&] { return entries()[name_].hanging == 0; });
    entries().erase(name_);
}

void FakeName::set_addresses(std::vector<std::string> addresses) {
    const std::lock_guard lock(mutex);
    entries()[name_].addresses = std::move(addresses);
}

void FakeName::hang() {
    const std::lock_guard lock(mutex);
    entries()[name_].hangs = true;
}

void FakeName::go_on() {
    const std::lock_guard lock(mutex);
    entries()[name_].hangs = false;
    changed.notify_all();
}

std::size_t FakeName::lookups() const {
    const std::lock_guard lock(mutex);
    return entries()[name_].lookups;
}

/// What getaddrinfo() below does.
static int look_up(const char* name, const char* service, const addrinfo* hints, addrinfo** result) {
    std::unique_lock lock(mutex);
    const auto found = name == nullptr ? entries().end() : entries().find(name);
    if (found == entries().end()) {
        lock.unlock();
        return look_up_really(name, service, hints, result);
    }
    Entry& entry = found->second;
    ++entry.lookups;
    if (entry.hangs) {
        ++entry.hanging;
        changed.wait(lock, [&] { return entry.ended || !entry.hangs; });
        --entry.hanging;
        changed.notify_all();
        if (entry.hangs) {
            return EAI_AGAIN;
        }
    }
    const std::vector<std::string> addresses = entry.addresses;
    lock.unlock();
    return join_lists(addresses, service, hints, result);
}

}  // namespace filestore::test

/// libcurl must see it.
extern "C" __attribute__((visibility("default"))) int getaddrinfo(const char* name, const char* service,
                                                                  const addrinfo* hints, addrinfo** result) {
    return filestore::test::look_up(name, service, hints, result);
}
