#include "http/loop_names.h"

#include <algorithm>
#include <new>
#include <utility>

namespace filestore::http {

namespace {

/// "name:port:address,address".
std::string resolve_line(const std::string& key, const NameLookup::Addresses& addresses) {
    std::string line = key;
    char before = ':';
    for (const std::string& address : addresses) {
        const bool is_ipv6 = address.find(':') != std::string::npos;
        line += before;
        line += is_ipv6 ? '[' + address + ']' : address;
        before = ',';
    }
    return line;
}

}  // namespace

bool LoopNames::Needed::are_known() const noexcept {
    return std::all_of(names_.begin(), names_.end(), [](const Name& name) { return name.lookup->is_done(); });
}

LoopNames::Needed LoopNames::look_up(const std::vector<HostAndPort>& names) {
    Needed needed;
    for (const HostAndPort& name : names) {
        needed.names_.push_back(
            {name.host + ':' + std::to_string(name.port), lookups_->look_up(name.host), nullptr});
    }
    return needed;
}

Result<void> LoopNames::tell(CURL* handle, Needed& needed) {
    for (Needed::Name& name : needed.names_) {
        const auto& addresses = name.lookup->addresses();
        if (!addresses.ok()) {
            return addresses.error();
        }
        auto& told = told_[name.key];
        // Without an address that libcurl takes, it is left to look for itself.
        if ((!told || told->lookup != name.lookup) && !addresses->empty()) {
            add_line(needed, resolve_line(name.key, *addresses));
            told = std::make_shared<const Told>(Told{name.lookup});
        }
        name.told = told;
    }
    if (needed.lines_) {
        withdraw_unused(needed);
        curl_easy_setopt(handle, CURLOPT_RESOLVE, needed.lines_.get());
    }
    return {};
}

/// What no exchange counts on any more, and is too old for the next one.
void LoopNames::withdraw_unused(Needed& needed) {
    for (auto next = told_.begin(); next != told_.end();) {
        const auto each = next++;
        const auto& told = each->second;
        if (told && (told.use_count() > 1 || lookups_->is_fresh(*told->lookup))) {
            continue;
        }
        add_line(needed, '-' + each->first);
        told_.erase(each);
    }
}

void LoopNames::add_line(Needed& needed, const std::string& line) const {
    curl_slist* const longer = curl_slist_append(needed.lines_.get(), line.c_str());
    if (longer == nullptr) {
        throw std::bad_alloc();
    }
    static_cast<void>(needed.lines_.release());
    needed.lines_.reset(longer);
}

void LoopNames::forget(const Needed& needed) noexcept {
    if (!needed.lines_) {
        return;
    }
    for (const Needed::Name& name : needed.names_) {
        if (const auto told = told_.find(name.key); told != told_.end()) {
            told->second.reset();
        }
    }
}

}  // namespace filestore::http
