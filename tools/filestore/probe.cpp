#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "commands.h"
#include "filestore/s3_client.h"
#include "json_line.h"
#include "running_call.h"

namespace filestore::tool {

namespace {

std::string_view word_of(S3ProbeFeature::Support support) {
    switch (support) {
        case S3ProbeFeature::Support::yes:
            return "yes";
        case S3ProbeFeature::Support::no:
            return "no";
        case S3ProbeFeature::Support::unknown:
            break;
    }
    return "unknown";
}

std::string padded(std::string_view text, std::size_t width) {
    return std::string(text) + std::string(width - std::min(width, text.size()), ' ');
}

std::string as_table(const S3ProbeResult& result) {
    constexpr std::size_t support_width = 8;
    std::size_t name_width = 0;
    for (const S3ProbeFeature& feature : result.features) {
        name_width = std::max(name_width, feature.name.size());
    }
    std::string text = "server   " + result.server + "\nprofile  " + result.profile + "\n\n";
    for (const S3ProbeFeature& feature : result.features) {
        text += padded(feature.name, name_width) + "  " + padded(word_of(feature.support), support_width) +
                feature.how + "\n";
    }
    return text;
}

std::string as_json(const S3ProbeResult& result) {
    std::vector<JsonLine> features;
    features.reserve(result.features.size());
    for (const S3ProbeFeature& feature : result.features) {
        features.push_back(JsonLine()
                               .text("name", feature.name)
                               .text("support", word_of(feature.support))
                               .text("how", feature.how));
    }
    return JsonLine()
        .text("server", result.server)
        .text("profile", result.profile)
        .objects("features", features)
        .str();
}

}  // namespace

ExitCode probe(const Session& session) {
    const S3Options& store = session.store.s3;
    auto client = S3Client::open(store);
    if (!client) {
        return session.fail(client.error());
    }
    const auto result = finish_call<
        S3ProbeResult>(session.signals, nullptr, [&](Completion<S3ProbeResult> done) {
        client->probe_async({store.bucket, store.key_prefix, false, session.call_options()}, std::move(done));
    });
    if (!result) {
        return session.fail(result.error());
    }
    return session.print(session.options.json ? as_json(*result) : as_table(*result));
}

}  // namespace filestore::tool
