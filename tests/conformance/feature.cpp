#include "conformance/feature.h"

#include <map>
#include <set>
#include <stdexcept>
#include <vector>

namespace filestore::test {

namespace {

std::vector<FeatureCase>& feature_cases() {
    static std::vector<FeatureCase> cases;
    return cases;
}

std::map<std::string, FeaturePlace>& feature_places() {
    static std::map<std::string, FeaturePlace> places;
    return places;
}

bool stores_and_reads(const std::string& name) {
    try {
        const TestStore store(name);
        const auto backend = store.open_backend();
        UploadRequest upload = upload_of("bytes");
        DownloadRequest download;
        download.id = upload.id;
        const auto sink = std::make_shared<BufferSink>();
        download.sink = sink;
        return backend->upload(std::move(upload)).ok() && backend->download(std::move(download)).ok() &&
               sink->bytes() == "bytes";
    } catch (const std::exception&) {
        return false;
    }
}

std::set<std::string>& broken() {
    static std::set<std::string> stores;
    return stores;
}

class OnStore : public Catch::ITestInvoker {
public:
    OnStore(void (*body)(const TestStore&), std::string store) : body_(body), store_(std::move(store)) {}

    void invoke() const override { body_(TestStore(store_)); }

protected:
    [[nodiscard]] const std::string& store() const noexcept { return store_; }

private:
    void (*body_)(const TestStore&);
    std::string store_;
};

/// A case that is expected to fail, for want of the feature and not of the server.
class OnLackingStore final : public OnStore {
public:
    using OnStore::OnStore;

    void invoke() const override {
        const Look look{store()};
        OnStore::invoke();
    }

private:
    struct Look {
        const std::string& store;
        ~Look() {
            if (!stores_and_reads(store)) {
                broken().insert(store);
            }
        }
    };
};

bool runs_on(FeatureStores stores, const std::string& store) {
    return stores == FeatureStores::all || (stores == FeatureStores::s3 && !is_local(store)) ||
           (stores == FeatureStores::tls && is_over_tls(store));
}

void register_case(const FeatureCase& feature_case, const std::string& store, bool lacks_it) {
    const std::string name = feature_case.name + ": " + store;
    const std::string tags = feature_case.tags + "[" + feature_case.feature + "][" + store + "]" +
                             (lacks_it ? "[!shouldfail]" : "");
    // Catch takes the invoker over.
    Catch::ITestInvoker* const invoker =
        lacks_it ? new OnLackingStore(feature_case.body, store) : new OnStore(feature_case.body, store);
    const Catch::AutoReg registered(invoker, feature_case.line, Catch::StringRef(),
                                    Catch::NameAndTags{name, tags});
    feature_places()[name] = {store, feature_case.feature};
}

void check_that_lacks_have_cases(const Lacks& lacks) {
    std::set<std::string> features;
    for (const FeatureCase& feature_case : feature_cases()) {
        features.insert(feature_case.feature);
    }
    for (const Lack& lack : lacks.all()) {
        if (!features.contains(lack.feature)) {
            throw std::runtime_error("no case is of the feature " + lack.feature + ", which " + lack.server +
                                     " is said to lack");
        }
    }
}

}  // namespace

FeatureRegistrar::FeatureRegistrar(FeatureCase added) {
    feature_cases().push_back(std::move(added));
}

void register_feature_cases(const Lacks& lacks) {
    check_that_lacks_have_cases(lacks);
    for (const FeatureCase& feature_case : feature_cases()) {
        for (const std::string& store : store_names()) {
            if (runs_on(feature_case.stores, store)) {
                register_case(feature_case, store, lacks.has(server_of(store), feature_case.feature));
            }
        }
    }
}

const std::set<std::string>& broken_stores() {
    return broken();
}

FeaturePlace feature_place(const std::string& case_name) {
    const auto place = feature_places().find(case_name);
    return place == feature_places().end() ? FeaturePlace{} : place->second;
}

}  // namespace filestore::test
