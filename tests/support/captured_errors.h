#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <string>

#include "core/descriptor.h"
#include "support/files.h"
#include "support/temporary_directory.h"

namespace filestore::test {

/// What is printed on standard error as long as the object lives. A resource; one at a time.
class CapturedErrors {
public:
    CapturedErrors() : before_(::dup(STDERR_FILENO)) {
        const Descriptor file(::open(path().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        ::dup2(file.get(), STDERR_FILENO);
    }
    CapturedErrors(const CapturedErrors&) = delete;
    CapturedErrors& operator=(const CapturedErrors&) = delete;
    ~CapturedErrors() { ::dup2(before_.get(), STDERR_FILENO); }

    [[nodiscard]] std::string text() const { return read_file(path()); }

private:
    [[nodiscard]] std::string path() const { return directory_.file("printed"); }

    TemporaryDirectory directory_;
    Descriptor before_;
};

}  // namespace filestore::test
