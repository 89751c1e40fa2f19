#include "s3/protocol/aws_host.h"

#include <algorithm>
#include <array>

#include "core/ascii.h"
#include "s3/protocol/host_name.h"

namespace filestore::s3 {
namespace {

/// Where the hosts of a group of AWS regions are (AWS General Reference, "Partitions").
struct Partition {
    std::string_view region_prefix;
    std::string_view domain;
};

constexpr std::array partitions{
    Partition{"cn-", "amazonaws.com.cn"},
    Partition{"eusc-", "amazonaws.eu"},
    Partition{"us-iso-", "c2s.ic.gov"},
    Partition{"us-isob-", "sc2s.sgov.gov"},
    Partition{"eu-isoe-", "cloud.adc-e.uk"},
    Partition{"us-isof-", "csp.hci.ic.gov"},
    Partition{std::string_view(), "amazonaws.com"},
};

/// The labels before a domain, without the dot between. Takes the last one off.
std::string_view take_last_label(std::string_view& labels) {
    const std::size_t dot = labels.rfind('.');
    const std::string_view last = labels.substr(dot + 1);
    labels = labels.substr(0, dot == std::string_view::npos ? 0 : dot);
    return last;
}

bool is_s3(std::string_view label) {
    return label == "s3" || label == "s3-fips";
}

/// `s3-eu-west-1`, `s3-external-1`: from before regions had labels of their own.
bool is_old_regional_s3(std::string_view label) {
    return label.starts_with("s3-") && !label.starts_with("s3-fips-") && !label.starts_with("s3-website-") &&
           label.back() >= '0' && label.back() <= '9';
}

/// What stands before the region in a host of S3: `s3`, `bucket.s3.dualstack`. Empty for another host. `labels`: what stands before the domain.
std::string_view place_of_region(std::string_view labels) {
    std::string_view rest = labels;
    const std::string_view last = take_last_label(rest);
    if (last == "s3") {
        return labels;
    }
    if (is_old_regional_s3(last)) {
        return labels.substr(0, labels.size() - last.size() + std::string_view("s3").size());
    }
    const std::string_view before_region = rest;
    std::string_view service = take_last_label(rest);
    if (service == "dualstack") {
        service = take_last_label(rest);
    }
    return is_s3(service) ? before_region : std::string_view();
}

}  // namespace

std::string_view aws_domain(std::string_view region) {
    const auto partition = std::find_if(partitions.begin(), partitions.end(), [region](const Partition& p) {
        return region.starts_with(p.region_prefix);
    });
    return partition->domain;
}

std::string_view aws_domain_of(std::string_view host) {
    const auto* const found = std::find_if(partitions.begin(), partitions.end(), [host](const Partition& p) {
        return is_within_domain(host, p.domain);
    });
    return found == partitions.end() ? std::string_view() : found->domain;
}

std::string aws_host(std::string_view region, bool dual_stack) {
    return (dual_stack ? "s3.dualstack." : "s3.") + to_lower(region) + '.' + std::string(aws_domain(region));
}

std::string aws_host_in_region(std::string_view host, std::string_view region) {
    const std::string_view domain = aws_domain_of(host);
    if (domain.empty() || host == domain || domain != aws_domain(region)) {
        return std::string(host);
    }
    const std::string_view place = place_of_region(host.substr(0, host.size() - domain.size() - 1));
    return place.empty() ? std::string(host)
                         : std::string(place) + '.' + to_lower(region) + '.' + std::string(domain);
}

}  // namespace filestore::s3
