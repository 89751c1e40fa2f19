#include "service/drift.h"

#include <string_view>

namespace filestore {
namespace {

std::string_view saying(Recorded recorded) noexcept {
    switch (recorded) {
        case Recorded::unknown:
            return "does not know it";
        case Recorded::stored:
            return "has it as stored";
        case Recorded::deleted:
            return "has it as deleted";
    }
    return "";
}

std::string what_it_says(const char* who, Recorded recorded) {
    return std::string(who) + " " + std::string(saying(recorded));
}

std::optional<Drift> drift_of_a_file_that_is_there(const Views& views) noexcept {
    if (views.by_catalogue == Recorded::deleted || views.by_server == Recorded::deleted) {
        return Drift::marked_deleted;
    }
    if (views.by_catalogue == Recorded::unknown) {
        return Drift::unrecorded;
    }
    return views.by_server == Recorded::unknown ? std::optional(Drift::untold) : std::nullopt;
}

std::optional<Drift> drift_of_a_file_that_is_gone(const Views& views) noexcept {
    switch (views.by_catalogue) {
        case Recorded::stored:
            return Drift::missing;
        case Recorded::unknown:
            return views.by_server == Recorded::stored ? std::optional(Drift::missing) : std::nullopt;
        case Recorded::deleted:
            return views.by_server.value_or(Recorded::deleted) == Recorded::deleted
                       ? std::nullopt
                       : std::optional(Drift::untold);
    }
    return std::nullopt;
}

}  // namespace

std::optional<Drift> drift_of(const Views& views) noexcept {
    return views.is_there ? drift_of_a_file_that_is_there(views) : drift_of_a_file_that_is_gone(views);
}

std::string describe(const Views& views) {
    const std::string text = std::string("the file is ") + (views.is_there ? "there" : "not there") + ", " +
                             what_it_says("the catalogue", views.by_catalogue);
    return views.by_server ? text + ", " + what_it_says("the audit server", *views.by_server) : text;
}

std::string_view to_string(Drift drift) noexcept {
    switch (drift) {
        case Drift::unrecorded:
            return "unrecorded";
        case Drift::marked_deleted:
            return "marked_deleted";
        case Drift::missing:
            return "missing";
        case Drift::untold:
            return "untold";
    }
    return "";
}

}  // namespace filestore
