#pragma once

/// Runs a program and takes what it prints.

#include <chrono>
#include <cstddef>
#include <stop_token>
#include <string>
#include <vector>

#include "core/secret.h"
#include "filestore/result.h"

namespace filestore::s3 {

/// A value.
struct ChildLimits {
    std::size_t most_output = std::size_t{64} * 1024;
    std::chrono::milliseconds time{60'000};
};

/// Starts the program of the first word (found by PATH, without a shell) with its standard input empty and its standard error thrown away, in a process group
/// of its own, and answers its standard output once it has ended with status 0. Blocks until then.
///
/// `configuration` where it cannot be started, `unauthenticated` where it ends in another way, `corrupt` for more output than allowed, `timeout`, `cancelled`: the
/// whole group is killed then. No message holds a word but the first. May throw std::bad_alloc.
[[nodiscard]] Result<SecretString> run_child(const std::vector<std::string>& words, const ChildLimits& limits,
                                             const std::stop_token& cancel);

}  // namespace filestore::s3
