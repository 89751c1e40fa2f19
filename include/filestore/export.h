#pragma once

/// Visibility of the public C++ symbols. The library is built with hidden visibility; only what carries
/// FILESTORE_API is exported from the shared library.

#define FILESTORE_API [[gnu::visibility("default")]]
