#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>
#include <exception>
#include <iostream>

#include "conformance/feature.h"

int main(int argc, char* argv[]) {
    try {
        filestore::test::register_feature_cases(filestore::test::Lacks::read(FILESTORE_TEST_LACKS));
    } catch (const std::exception& error) {
        std::cerr << "conformance: " << error.what() << '\n';
        return 2;
    }
    return Catch::Session().run(argc, argv);
}
