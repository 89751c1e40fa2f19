#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <cstdlib>
#include <exception>
#include <iostream>

#include "conformance/feature.h"
#include "conformance/killed_upload.h"

/// lacks.txt, unless the test of this program gives it another.
static const char* lacks_path() {
    const char* path = std::getenv("FILESTORE_TEST_LACKS");
    return path == nullptr ? FILESTORE_TEST_LACKS_FILE : path;
}

int main(int argc, char* argv[]) {
    try {
        filestore::test::KilledUpload::be_it(argc, argv);
        filestore::test::register_feature_cases(filestore::test::Lacks::read(lacks_path()));
    } catch (const std::exception& error) {
        std::cerr << "conformance: " << error.what() << '\n';
        return 2;
    }
    const int failed = Catch::Session().run(argc, argv);
    return failed == 0 && !filestore::test::broken_stores().empty() ? 3 : failed;
}
