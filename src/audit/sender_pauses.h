#pragma once

/// How long a sender waits after failures.

#include <chrono>

namespace filestore {

/// Pauses after a failure: doubled each time, and shortened by up to a half by chance. A value.
struct SenderPauses {
    std::chrono::milliseconds first{250};
    std::chrono::milliseconds longest{60'000};
};

/// The pause after one more failure than `before` in a row. Any thread.
[[nodiscard]] std::chrono::milliseconds pause_after(unsigned before, const SenderPauses& pauses);

}  // namespace filestore
