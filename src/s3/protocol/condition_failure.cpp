#include "s3/protocol/condition_failure.h"

#include <string>

#include "s3/protocol/headers.h"

namespace filestore::s3 {

Error of_condition(const Error& error, const std::vector<NameValue>& conditions) {
    const bool fails =
        error.details().server_code == "NoSuchKey" && !header_value(conditions, "if-match").empty();
    return fails ? Error(ErrorCode::precondition_failed, std::string(error.message()), error.details())
                 : error;
}

}  // namespace filestore::s3
