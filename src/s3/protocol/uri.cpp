#include "s3/protocol/uri.h"

#include <algorithm>
#include <utility>

#include "core/encoding.h"

namespace filestore::s3 {

std::string uri_encode(std::string_view text, Slash slash) {
    return percent_encode(text, slash == Slash::keep ? "/" : "");
}

std::string canonical_query(const std::vector<NameValue>& parameters) {
    std::vector<std::pair<std::string, std::string>> encoded;
    encoded.reserve(parameters.size());
    for (const NameValue& parameter : parameters) {
        encoded.emplace_back(uri_encode(parameter.name, Slash::encode),
                             uri_encode(parameter.value, Slash::encode));
    }
    std::sort(encoded.begin(), encoded.end());

    std::string query;
    for (const auto& [name, value] : encoded) {
        if (!query.empty()) {
            query += '&';
        }
        query.append(name).append(1, '=').append(value);
    }
    return query;
}

}  // namespace filestore::s3
