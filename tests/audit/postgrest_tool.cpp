// The protocol of the audit table by itself, for test_postgrest.py, which sends what it builds to a real server.
//
//   postgrest_tool insert TABLE         reads rows "ID TAB PATH TAB METADATA TAB UPLOADED_AT TAB DELETED_AT", prints the request as JSON
//   postgrest_tool delete TABLE TIME    reads IDs, prints the request
//   postgrest_tool page TABLE TIME MOST [AT ID]   prints the request for a page of files that were uploaded before a time and are stored, behind one of them
//   postgrest_tool refusal METHOD STATUS CONTENT_RANGE       reads the body of an answer, prints what it means: "done", or "REFUSAL CODE"

#include <array>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "audit/postgrest/answer.h"
#include "audit/postgrest/page_request.h"
#include "audit/postgrest/request.h"
#include "core/json.h"

namespace {

using namespace filestore;
using postgrest::Refusal;

std::optional<Timestamp> time_of(const std::string& text) {
    return text.empty() ? std::nullopt : std::optional(parse_timestamp(text).value());
}

std::vector<CatalogueRow> read_rows() {
    std::vector<CatalogueRow> rows;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream parts(line);
        std::array<std::string, 5> part;
        for (std::string& text : part) {
            std::getline(parts, text, '\t');
        }
        CatalogueRow& row = rows.emplace_back();
        row.id = FileId::parse(part[0]).value();
        row.file_path = part[1];
        row.metadata = Metadata::parse(part[2]).value();
        row.uploaded_at = time_of(part[3]);
        row.deleted_at = time_of(part[4]);
    }
    return rows;
}

std::vector<FileId> read_ids() {
    std::vector<FileId> ids;
    for (std::string line; std::getline(std::cin, line);) {
        ids.push_back(FileId::parse(line).value());
    }
    return ids;
}

void write_text(JsonTextWriter& writer, std::string_view text) {
    writer.String(text.data(), static_cast<rj::SizeType>(text.size()));
}

std::string_view name_of(postgrest::Method method) {
    switch (method) {
        case postgrest::Method::get:
            return "GET";
        case postgrest::Method::post:
            return "POST";
        case postgrest::Method::patch:
            return "PATCH";
    }
    return "";
}

int print(const Result<postgrest::Request>& request) {
    if (!request.ok()) {
        std::cerr << "postgrest_tool: " << request.error().message() << '\n';
        return EXIT_FAILURE;
    }
    JsonText line;
    JsonTextWriter writer(line);
    writer.StartArray();
    write_text(writer, name_of(request->method));
    write_text(writer, request->target);
    writer.StartObject();
    for (const postgrest::Header& header : request->headers) {
        writer.Key(header.name.c_str());
        write_text(writer, header.value);
    }
    writer.EndObject();
    write_text(writer, request->body);
    writer.EndArray();
    std::cout << line.text << '\n';
    return EXIT_SUCCESS;
}

std::string_view name_of(Refusal refusal) {
    switch (refusal) {
        case Refusal::for_now:
            return "for_now";
        case Refusal::of_a_row:
            return "of_a_row";
        case Refusal::of_size:
            return "of_size";
        case Refusal::of_the_key:
            return "of_the_key";
        case Refusal::of_permission:
            return "of_permission";
        case Refusal::of_the_table:
            return "of_the_table";
    }
    return "";
}

int print_refusal(const std::string& method, int status, const std::string& content_range) {
    const std::string body(std::istreambuf_iterator<char>(std::cin), {});
    const auto refused = postgrest::read_refusal(
        {method == "POST" ? postgrest::Method::post : postgrest::Method::patch, status, content_range, body},
        "file_uploads");
    if (refused) {
        std::cout << name_of(refused->refusal) << ' ' << refused->error.details().server_code << '\n';
    } else {
        std::cout << "done\n";
    }
    return EXIT_SUCCESS;
}

}  // namespace

int main(int count, char** arguments) {
    const std::vector<std::string> words(arguments + 1, arguments + count);
    if (words.size() == 2 && words[0] == "insert") {
        return print(postgrest::insert_rows(words[1], read_rows()));
    }
    if (words.size() == 3 && words[0] == "delete") {
        return print(
            postgrest::change_deleted(words[1], read_ids(), std::nullopt, parse_timestamp(words[2]).value()));
    }
    if ((words.size() == 4 || words.size() == 6) && words[0] == "page") {
        std::optional<postgrest::RowPlace> behind;
        if (words.size() == 6) {
            behind = {parse_timestamp(words[4]).value(), words[5]};
        }
        return print(postgrest::read_uploaded_before(words[1], parse_timestamp(words[2]).value(), behind,
                                                     postgrest::Detail::brief, std::stoul(words[3])));
    }
    if (words.size() == 4 && words[0] == "refusal") {
        return print_refusal(words[1], std::stoi(words[2]), words[3]);
    }
    return 2;
}
