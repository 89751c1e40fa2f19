#include "s3/credentials/keys.h"

#include "core/text.h"

namespace filestore::s3 {

bool fits_header(std::string_view text) noexcept {
    return is_printable_ascii(text) && text.find(' ') == std::string_view::npos;
}

bool is_header_value(std::string_view text) noexcept {
    return is_printable_ascii(text) && !text.starts_with(' ') && !text.ends_with(' ');
}

Result<Credentials> checked_keys(Credentials keys, std::string_view origin) {
    if (!fits_header(keys.access_key) || !fits_header(keys.secret_key) || !fits_header(keys.session_token)) {
        return Error(ErrorCode::unauthenticated,
                     "the S3 keys in the " + std::string(origin) +
                         " hold a blank, a line break or a byte that is not ASCII: give them without it");
    }
    return keys;
}

}  // namespace filestore::s3
