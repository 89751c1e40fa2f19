#include "service/cleanup_json.h"

#include <utility>

#include "core/json.h"

namespace filestore {

std::string to_json(const CleanupReport& report, bool dry_run) {
    JsonText output;
    JsonTextWriter writer(output);
    writer.StartObject();
    writer.Key("dry_run");
    writer.Bool(dry_run);
    write_number(writer, "removed", report.removed);
    write_number(writer, "bytes", report.bytes);
    write_number(writer, "bytes_in_versions", report.bytes_in_versions);
    write_number(writer, "already_gone", report.already_gone);
    write_number(writer, "kept", report.kept);
    write_number(writer, "failed", report.failed);
    write_number(writer, "stale_uploads", report.stale_uploads);
    write_number(writer, "purged", report.purged);
    write_number(writer, "bytes_purged", report.bytes_purged);
    if (report.kept_versions) {
        writer.Key("kept_versions");
        writer.StartObject();
        write_number(writer, "versions", report.kept_versions->versions);
        write_number(writer, "bytes", report.kept_versions->bytes);
        write_number(writer, "orphan_markers", report.kept_versions->orphan_markers);
        writer.EndObject();
    }
    writer.EndObject();
    return std::move(output.text);
}

}  // namespace filestore
