#include "filestore/verify.h"

namespace filestore {

StoreRecord::~StoreRecord() = default;

std::string_view to_string(Damage damage) noexcept {
    switch (damage) {
        case Damage::corrupt:
            return "corrupt";
        case Damage::missing:
            return "missing";
        case Damage::orphaned:
            return "orphaned";
        case Damage::unreadable:
            break;
    }
    return "unreadable";
}

}  // namespace filestore
