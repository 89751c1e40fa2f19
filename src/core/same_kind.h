#pragma once

/// Whether two failures are of one kind: they differ at most in what their messages say of an attempt.

#include <optional>

#include "filestore/error.h"

namespace filestore {

[[nodiscard]] inline bool are_of_one_kind(const std::optional<Error>& a, const std::optional<Error>& b) {
    if (!a || !b) {
        return a.has_value() == b.has_value();
    }
    return a->code() == b->code() && a->details().http_status == b->details().http_status &&
           a->details().server_code == b->details().server_code;
}

}  // namespace filestore
