#include "service/validation/rules.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/text.h"
#include "core/try.h"
#include "service/validation/media_type.h"
#include "service/validation/scanner_address.h"

namespace filestore::validation {

namespace {

constexpr std::string_view unknown_type = "application/octet-stream";

bool lists(const std::vector<std::string>& patterns, std::string_view type) {
    const std::string_view shown = type.empty() ? unknown_type : type;
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        const std::string known_as = media_type_of(pattern);
        return known_as.empty() ? shown == unknown_type : is_media_type(shown, known_as);
    });
}

bool lists_extension(const std::vector<std::string>& extensions, std::string_view extension) {
    return std::any_of(extensions.begin(), extensions.end(),
                       [&](const std::string& listed) { return extension_of("." + listed) == extension; });
}

std::string shown(std::string_view type) {
    return type.empty() ? "of no known type" : std::string(type);
}

Result<void> check_extension(const ValidationOptions& options, std::string_view path) {
    const std::string extension = extension_of(path);
    const std::string named =
        extension.empty() ? "names without an extension" : "files of the extension " + quoted(extension);
    for (const std::string& denied : {extension, extension_on_disk(path)}) {
        if (!denied.empty() && lists_extension(options.denied_extensions, denied)) {
            return refusal("extension", path,
                           "files of the extension " + quoted(denied) + " are denied here");
        }
    }
    if (!options.allowed_extensions.empty() && !lists_extension(options.allowed_extensions, extension)) {
        return refusal("extension", path, named + " are not among those that are allowed here");
    }
    return {};
}

Result<void> check_types(const ValidationOptions& options, std::string_view path, std::string_view declared,
                         std::string_view found) {
    for (const std::string_view type : {declared, found}) {
        if (!type.empty() && lists(options.denied_types, type)) {
            return refusal("type", path, "files of type " + std::string(type) + " are denied here");
        }
    }
    if (options.allowed_types.empty()) {
        return {};
    }
    const bool may_be_as_declared = !found.empty() && !declared.empty() && agrees(found, declared);
    const std::string_view type = may_be_as_declared ? declared : found;
    if (!lists(options.allowed_types, type)) {
        return refusal(
            "type", path,
            "its content is " + shown(type) + ", which is not among the types that are allowed here");
    }
    return {};
}

/// Empty where nothing contradicts.
std::string contradiction(std::string_view path, std::string_view declared, std::string_view found) {
    const std::string extension = extension_of(path);
    const std::string_view named = media_type_of_extension(extension);
    if (!agrees(found, declared)) {
        return "it is declared as " + std::string(declared) + ", and its content is " + std::string(found);
    }
    if (!agrees(found, named)) {
        return "its name ends with " + quoted(extension) + ", and its content is " + std::string(found);
    }
    if (!agrees(declared, named) && !agrees(named, declared)) {
        return "its name ends with " + quoted(extension) + ", and it is declared as " + std::string(declared);
    }
    return {};
}

Error wrong_option(const std::string& what) {
    return {ErrorCode::invalid_argument, what};
}

Result<void> check_media_types(const std::vector<std::string>& patterns) {
    for (const std::string& pattern : patterns) {
        if (media_type_of(pattern).empty() && pattern != unknown_type) {
            return wrong_option(quoted(pattern) + " is no media type: give type/subtype, type/* or */*");
        }
    }
    return {};
}

Result<void> check_extensions(const std::vector<std::string>& extensions) {
    for (const std::string& extension : extensions) {
        if (extension.empty() || extension.find_first_of("./\\ ") != std::string::npos) {
            return wrong_option(quoted(extension) +
                                " is no extension: give what follows the last dot, such as pdf");
        }
    }
    return {};
}

/// With what name and declared type say.
bool is_compared(const ValidationOptions& options) noexcept {
    return options.type_policy == TypePolicy::strict ||
           (options.type_policy == TypePolicy::warn && options.on_warning);
}

/// Whatever they say.
bool must_be_known(const ValidationOptions& options) noexcept {
    return options.store_found_type || !options.allowed_types.empty() || !options.denied_types.empty();
}

}  // namespace

bool needs_content(const ValidationOptions& options) noexcept {
    return is_compared(options) || must_be_known(options);
}

bool needs_content(const ValidationOptions& options, const UploadFacts& facts) {
    const auto says_what_it_is = [&facts] {
        return !media_type_of(facts.declared_type).empty() ||
               !media_type_of_extension(extension_of(facts.path)).empty();
    };
    return must_be_known(options) || (is_compared(options) && says_what_it_is());
}

bool has_rules(const ValidationOptions& options) noexcept {
    return needs_content(options) || options.max_size || !options.allowed_extensions.empty() ||
           !options.denied_extensions.empty() || !options.scanner.empty();
}

Result<void> check_rules(const ValidationOptions& options) {
    constexpr std::chrono::seconds longest = std::chrono::hours(1);
    FILESTORE_TRY(check_media_types(options.allowed_types));
    FILESTORE_TRY(check_media_types(options.denied_types));
    FILESTORE_TRY(check_extensions(options.allowed_extensions));
    FILESTORE_TRY(check_extensions(options.denied_extensions));
    if (options.scanner_timeout < std::chrono::seconds(1) || options.scanner_timeout > longest) {
        return wrong_option("scanner_timeout must be 1 second to an hour");
    }
    if (!options.scanner.empty()) {
        FILESTORE_TRY(parse_scanner_address(options.scanner));
    }
    return {};
}

Result<Verdict> judge(const ValidationOptions& options, const UploadFacts& facts) {
    FILESTORE_TRY(check_extension(options, facts.path));
    const std::string declared = media_type_of(facts.declared_type);
    const std::string found = media_type_of(facts.found_type);
    FILESTORE_TRY(check_types(options, facts.path, declared, found));
    if (options.type_policy == TypePolicy::off) {
        return Verdict();
    }
    std::string disagreement = contradiction(facts.path, declared, found);
    if (disagreement.empty()) {
        return Verdict();
    }
    if (options.type_policy == TypePolicy::strict) {
        return refusal("mismatch", facts.path, disagreement);
    }
    return Verdict{std::move(disagreement)};
}

Error too_large(std::string_view path, std::uint64_t most, std::optional<std::uint64_t> size) {
    const std::string has =
        size ? "it has " + std::to_string(*size) + " bytes, and " : std::string("it has more than the ");
    return refusal("size", path,
                   has + std::to_string(most) + (size ? " are" : " bytes that are") + " allowed here");
}

Error refusal(std::string_view rule, std::string_view path, std::string_view why) {
    ErrorDetails details;
    details.server_code = rule;
    const std::string named = path.empty() ? std::string("the file") : "the file " + quoted(path);
    return {ErrorCode::rejected, named + " is refused: " + std::string(why), std::move(details)};
}

}  // namespace filestore::validation
