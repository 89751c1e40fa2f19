#pragma once

/// Cases of the features of S3 servers, and how to write one.
///
///     S3_FEATURE_TEST_CASE("conditional-put", "a put of what is there is refused where that was asked", "[conditions]") {
///         const auto backend = store.open_backend();
///         ...
///     }
///
/// The body sees an empty store of its own as `store`, once for each S3 server that runs. FEATURE_TEST_CASE does the
/// same with the local stores as well, TLS_FEATURE_TEST_CASE with those only that are reached over TLS. Cases that promise something of the library alone, whatever the server, stay with
/// TEST_CASE and FOR_EACH_STORE.
///
/// The feature is what a server has or lacks; it is a row of the README's table, and a tag of the case beside the name of
/// the store: `filestore_conformance_tests "[garage]"`, or `"[conditional-put][minio]"`. Everything that a case checks is
/// of its feature. Where some server has one half of it, these are two features and two cases.
///
/// lacks.txt lists what which server lacks, and why. Every case of such a feature is expected to fail there: it counts as
/// passed when an assertion of it fails while the server still stores and gives files, and fails when it passes, so that a lack that has gone is struck off the list.
/// A server that is reached over TLS as well (`minio-tls`) is one server in the list and in the table, by the worse of its results.
/// put, get, head, delete, list and signing may not be listed (see lacks.h): without one of them a server is left out.
///
/// With FILESTORE_TEST_RESULTS the run writes to that file a line `server TAB feature TAB yes|lack|failed` for each
/// feature and server. server_table.py makes the README's table of it.

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "conformance/lacks.h"
#include "conformance/stores.h"

namespace filestore::test {

enum class FeatureStores { all, s3, tls };

struct FeatureCase {
    std::string feature;
    std::string name;
    std::string tags;
    FeatureStores stores;
    void (*body)(const TestStore& store);
    Catch::SourceLineInfo line;
};

/// Adds a case before main(); the macros below do it.
struct FeatureRegistrar {
    explicit FeatureRegistrar(FeatureCase added);
};

/// Makes Catch test cases of all that was added, one for each store. Throws where `lacks` names a feature without a case.
void register_feature_cases(const Lacks& lacks);

/// Those that could not even store and read a file after a case that is expected to fail: it has shown nothing, and the run fails.
[[nodiscard]] const std::set<std::string>& broken_stores();

/// Where a case runs, by the name that Catch has for it; of no feature when it is no case of one.
struct FeaturePlace {
    std::string store;
    std::string feature;
};
[[nodiscard]] FeaturePlace feature_place(const std::string& case_name);

}  // namespace filestore::test

#define FILESTORE_FEATURE_CASE(body, registrar, stores, feature, name, tags)                            \
    static void body(const filestore::test::TestStore& store);                                          \
    static const filestore::test::FeatureRegistrar registrar{                                           \
        {feature, name, tags, filestore::test::FeatureStores::stores, &body, CATCH_INTERNAL_LINEINFO}}; \
    static void body([[maybe_unused]] const filestore::test::TestStore& store)

#define FEATURE_TEST_CASE(feature, name, tags)                        \
    FILESTORE_FEATURE_CASE(INTERNAL_CATCH_UNIQUE_NAME(feature_body_), \
                           INTERNAL_CATCH_UNIQUE_NAME(feature_registrar_), all, feature, name, tags)

#define S3_FEATURE_TEST_CASE(feature, name, tags)                     \
    FILESTORE_FEATURE_CASE(INTERNAL_CATCH_UNIQUE_NAME(feature_body_), \
                           INTERNAL_CATCH_UNIQUE_NAME(feature_registrar_), s3, feature, name, tags)

#define TLS_FEATURE_TEST_CASE(feature, name, tags)                    \
    FILESTORE_FEATURE_CASE(INTERNAL_CATCH_UNIQUE_NAME(feature_body_), \
                           INTERNAL_CATCH_UNIQUE_NAME(feature_registrar_), tls, feature, name, tags)
