#include "serve/form_file.h"

#include "service/validation/rules.h"

namespace filestore::tool::serve {

namespace {

/// Of the other parts of a form, and the heads of all, where the size of its file is limited.
constexpr std::uint64_t most_beside_file = std::uint64_t{16} * 1024 * 1024;

/// Some browsers of old sent where on its user's disk a file was.
std::string without_place(const std::string& name) {
    const bool has_place = name.size() > 2 && name.compare(1, 2, ":\\") == 0;
    return has_place ? name.substr(name.rfind('\\') + 1) : name;
}

/// libmicrohttpd ends a name at its first quote, also where a backslash stands before it that is itself not escaped.
bool was_cut_at_quote(const std::string& name) {
    const std::size_t other = name.find_last_not_of('\\');
    const std::size_t backslashes = name.size() - (other == std::string::npos ? 0 : other + 1);
    return backslashes % 2 == 1;
}

std::string without_escapes(const std::string& name) {
    std::string plain;
    for (std::size_t place = 0; place < name.size(); ++place) {
        const bool is_escape = name.compare(place, 2, "\\\\") == 0;
        plain += name[place];
        place += is_escape ? 1 : 0;
    }
    return plain;
}

}  // namespace

Result<std::string> name_of_form_file(const FormPart& part) {
    const std::string name = part.file_name.value_or("");
    if (was_cut_at_quote(name)) {
        return Error(ErrorCode::invalid_argument,
                     "a file name with an escaped quote is not understood: send the quote as %22");
    }
    return without_place(without_escapes(name));
}

std::optional<Error> refusal_of_form_size(const Context& context, const Request& head) {
    const auto most = context.store.validation.max_size;
    if (!most || head.content_length.value_or(0) <= most_beside_file ||
        *head.content_length - most_beside_file <= *most) {
        return std::nullopt;
    }
    return validation::too_large("", *most, std::nullopt);
}

}  // namespace filestore::tool::serve
