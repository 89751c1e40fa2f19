#include "presign_methods.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "arguments.h"
#include "core/text.h"

namespace filestore::capi {
namespace {

struct NamedMethod {
    const char* name;
    PresignMethod method;
};

constexpr auto methods = std::to_array<NamedMethod>({{"get", PresignMethod::get},
                                                     {"put", PresignMethod::put},
                                                     {"head", PresignMethod::head},
                                                     {"remove", PresignMethod::remove}});

std::string known_names() {
    std::string names;
    for (const NamedMethod& known : methods) {
        names += names.empty() ? "" : ", ";
        names += quoted(known.name);
    }
    return names;
}

}  // namespace

Result<PresignMethod> presign_method(const char* name) {
    FILESTORE_TRY(require(name, "method"));
    const auto found = std::ranges::find(methods, std::string_view(name), &NamedMethod::name);
    if (found == methods.end()) {
        return Error(ErrorCode::invalid_argument,
                     "the method " + quoted(name) + " is not known: there are " + known_names());
    }
    return found->method;
}

const char* name_of(PresignMethod method) noexcept {
    const auto found = std::ranges::find(methods, method, &NamedMethod::method);
    return found == methods.end() ? "" : found->name;
}

}  // namespace filestore::capi
