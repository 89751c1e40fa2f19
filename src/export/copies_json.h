#pragma once

/// The JSON forms of what is told of copies at providers, which the C API and the command both answer. Pure functions.

#include <string>
#include <vector>

#include "filestore/file_exporter.h"

namespace filestore {

/// One compact JSON object: `number`, `file_id`, `profile`, `base_url`, `purpose`, `provider_id`, `sent_name`, `state`, and `sent_at`, `expires_at` and `reason` where there is one.
[[nodiscard]] std::string to_json(const ProviderCopy& copy);

/// The same, and a member of that name.
[[nodiscard]] std::string to_json(const ProviderCopy& copy, const char* mark, bool is_marked);

/// One compact JSON array of those.
[[nodiscard]] std::string to_json(const std::vector<ProviderCopy>& copies);

/// One compact JSON object: that of the copy, and `was_there`.
[[nodiscard]] std::string to_json(const ExportReceipt& receipt);

/// One compact JSON object: `removed`, `found`, `dropped` and `waiting`, arrays of copies, `forgotten`, and `failure`, a text, where there is one.
[[nodiscard]] std::string to_json(const SettleReport& report);

}  // namespace filestore
