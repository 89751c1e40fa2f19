#pragma once

/// Answers name lookups of this process. Linked into a test program, it stands before the C library's getaddrinfo().

#include <cstddef>
#include <string>
#include <vector>

namespace filestore::test {

/// What one name resolves to while this object lives. A resource; thread-safe. Names of no such object go to the C library.
class FakeName {
public:
    /// Addresses in numbers, tried in this order. None: no such name.
    FakeName(std::string name, std::vector<std::string> addresses);
    FakeName(const FakeName&) = delete;
    FakeName& operator=(const FakeName&) = delete;
    /// Lets lookups that hang fail, and waits until they have.
    ~FakeName();

    void set_addresses(std::vector<std::string> addresses);

    /// Lookups do not answer from now on.
    void hang();

    /// They do again, also those that hang.
    void go_on();

    [[nodiscard]] std::size_t lookups() const;

private:
    std::string name_;
};

}  // namespace filestore::test
