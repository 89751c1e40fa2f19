#pragma once

/// The records of uploads where their parts are kept.

#include <functional>
#include <memory>
#include <string>

#include "serve/exchange.h"
#include "serve/openai/upload_record.h"
#include "serve/routes.h"

namespace filestore::tool::serve::openai {

/// A record as it was read. A value.
struct HeldUpload {
    UploadRecord record{};
    std::string version{};
};

/// Reads the record that the path of the exchange names; where there is none the exchange is answered.
void with_upload(const Context& context, const std::shared_ptr<Exchange>& exchange,
                 std::function<void(const HeldUpload&)> then);

/// Why it takes no parts any more; nothing where it does.
[[nodiscard]] std::optional<Refused> refusal_of_upload(const UploadRecord& record, Timestamp now);

}  // namespace filestore::tool::serve::openai
