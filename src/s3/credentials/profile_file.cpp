#include "s3/credentials/profile_file.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/ascii.h"
#include "core/try.h"

namespace filestore::s3 {
namespace {

constexpr std::string_view blanks = " \t\r";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Cuts off ` #` or ` ;` and what follows. Without a blank before it the sign belongs to the value.
std::string_view without_comment(std::string_view value) {
    for (std::size_t at = value.find_first_of("#;"); at != std::string_view::npos;
         at = value.find_first_of("#;", at + 1)) {
        if (at == 0 || blanks.find(value[at - 1]) != std::string_view::npos) {
            return trimmed(value.substr(0, at));
        }
    }
    return value;
}

std::string_view unquoted(std::string_view name) {
    const bool quoted =
        name.size() >= 2 && (name.front() == '"' || name.front() == '\'') && name.back() == name.front();
    return quoted ? name.substr(1, name.size() - 2) : name;
}

/// Takes a file in, line by line.
class Reader {
public:
    explicit Reader(ProfileFileKind kind) : kind_(kind) {}

    /// False for a line that is none of the format.
    bool take(std::string_view line) {
        const std::string_view content = trimmed(line);
        if (content.empty() || content.front() == '#' || content.front() == ';') {
            return true;
        }
        // A line that is indented deeper than a property belongs to that, and only settings that are not asked for have such.
        const std::size_t indent = line.find_first_not_of(blanks);
        if (in_property_ && indent > property_indent_) {
            return true;
        }
        property_indent_ = indent;
        return content.front() == '[' ? take_section(content) : take_property(content);
    }

    Profiles take_profiles() && { return std::move(profiles_); }

private:
    bool take_section(std::string_view line) {
        const std::size_t end = line.find(']');
        if (end == std::string_view::npos) {
            return false;
        }
        const std::string_view rest = trimmed(line.substr(end + 1));
        if (!rest.empty() && rest.front() != '#' && rest.front() != ';') {
            return false;
        }
        in_section_ = true;
        in_property_ = false;
        current_ = nullptr;
        if (const auto name = profile_name(trimmed(line.substr(1, end - 1)))) {
            current_ = &profiles_[std::string(*name)];
        }
        return true;
    }

    /// Nothing for a section of another kind.
    [[nodiscard]] std::optional<std::string_view> profile_name(std::string_view section) const {
        constexpr std::string_view word = "profile";
        if (kind_ == ProfileFileKind::credentials || section == "default") {
            return unquoted(section);
        }
        const bool is_profile = section.starts_with(word) && section.size() > word.size() &&
                                blanks.find(section[word.size()]) != std::string_view::npos;
        if (!is_profile) {
            return std::nullopt;
        }
        return unquoted(trimmed(section.substr(word.size())));
    }

    bool take_property(std::string_view line) {
        const std::size_t equals = line.find_first_of("=:");
        const std::string_view name = trimmed(line.substr(0, std::min(equals, line.size())));
        if (equals == std::string_view::npos || name.empty() || !in_section_) {
            return false;
        }
        in_property_ = true;
        if (current_ != nullptr) {
            (*current_)[to_lower(name)] = without_comment(trimmed(line.substr(equals + 1)));
        }
        return true;
    }

    const ProfileFileKind kind_;
    Profiles profiles_;
    bool in_section_ = false;
    bool in_property_ = false;
    std::size_t property_indent_ = 0;
    /// Null while a section of another kind is passed over.
    Profile* current_ = nullptr;
};

}  // namespace

Result<Profiles> parse_profile_file(std::string_view text, ProfileFileKind kind) {
    if (text.starts_with(byte_order_mark)) {
        text.remove_prefix(byte_order_mark.size());
    }
    Reader reader(kind);
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        if (!reader.take(text.substr(0, end))) {
            return Error(ErrorCode::configuration,
                         "line " + std::to_string(number) + " is neither [section] nor name = value");
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return std::move(reader).take_profiles();
}

Profiles merged_profiles(Profiles base, const Profiles& over) {
    for (const auto& [name, profile] : over) {
        Profile& target = base[name];
        for (const auto& [property, value] : profile) {
            target[property] = value;
        }
    }
    return base;
}

}  // namespace filestore::s3
