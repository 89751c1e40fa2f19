#include "filestore/file_exporter.h"

namespace filestore {

std::string_view to_string(CopyState state) noexcept {
    switch (state) {
        case CopyState::sent:
            return "sent";
        case CopyState::sending:
            return "sending";
        case CopyState::unsettled:
            return "unsettled";
        case CopyState::removing:
            return "removing";
        case CopyState::expired:
            return "expired";
        case CopyState::damaged:
            break;
    }
    return "damaged";
}

}  // namespace filestore
