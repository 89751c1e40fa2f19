#pragma once

/// The names that libcurl knows in one event loop. Only src/http includes this header.

#include <curl/curl.h>

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "http/host_names.h"
#include "http/name_lookups.h"

namespace filestore::http {

/// Has names looked up, and tells their addresses to libcurl: once for each lookup, in the first exchange after it, because libcurl keeps them in a cache of the
/// loop's multi handle. It is told to keep them for ever; their age is NameLookups' affair. A resource; one thread at a time.
class LoopNames {
    struct Told;

public:
    /// The names of one exchange, to be kept until its handle is given back. A value.
    class Needed {
    public:
        /// No lookup is under way.
        [[nodiscard]] bool are_known() const noexcept;

    private:
        friend class LoopNames;
        struct Name {
            std::string key;
            std::shared_ptr<const NameLookup> lookup;
            std::shared_ptr<const Told> told;
        };
        struct FreeLines {
            void operator()(curl_slist* lines) const noexcept { curl_slist_free_all(lines); }
        };
        std::vector<Name> names_;
        /// What libcurl is told by this exchange.
        std::unique_ptr<curl_slist, FreeLines> lines_;
    };

    explicit LoopNames(std::shared_ptr<NameLookups> lookups) : lookups_(std::move(lookups)) {}

    /// Throws std::bad_alloc.
    [[nodiscard]] Needed look_up(const std::vector<HostAndPort>& names);

    /// Of names that are known. Fails as the lookup did; `no_memory`.
    [[nodiscard]] Result<void> tell(CURL* handle, Needed& needed);

    /// The exchange failed: whether libcurl has taken what it was told is not known.
    void forget(const Needed& needed) noexcept;

private:
    /// What libcurl was told of one name and port. Exchanges that count on it hold it, too.
    struct Told {
        std::shared_ptr<const NameLookup> lookup;
    };

    void add_line(Needed& needed, const std::string& line) const;
    void withdraw_unused(Needed& needed);

    std::shared_ptr<NameLookups> lookups_;
    /// By "name:port"; null where it is to be told again, or withdrawn.
    std::unordered_map<std::string, std::shared_ptr<const Told>> told_;
};

}  // namespace filestore::http
