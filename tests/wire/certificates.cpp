#include "wire/certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <stdexcept>

namespace filestore::test {

namespace {

constexpr long day = 24L * 60 * 60;

void require(bool holds) {
    if (!holds) {
        throw std::runtime_error("a certificate cannot be made");
    }
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

Identity begin(const std::string& name, int days) {
    static std::atomic<long> serial{1};
    Identity made{std::unique_ptr<EVP_PKEY, FreeKey>(EVP_EC_gen("P-256")),
                  std::unique_ptr<X509, FreeCertificate>(X509_new())};
    require(made.key && made.certificate);
    X509* const certificate = made.certificate.get();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -10 * day);
    X509_gmtime_adj(X509_getm_notAfter(certificate), days * day);
    X509_set_pubkey(certificate, made.key.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    return made;
}

void finish(const Identity& made, X509* issuer, EVP_PKEY* issuers_key) {
    X509_set_issuer_name(made.certificate.get(), X509_get_subject_name(issuer));
    require(X509_sign(made.certificate.get(), issuers_key, EVP_sha256()) != 0);
}

}  // namespace

std::string Identity::pem() const {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> memory(BIO_new(BIO_s_mem()), &BIO_free_all);
    require(PEM_write_bio_X509(memory.get(), certificate.get()) == 1);
    char* text = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

Identity make_authority() {
    Identity made = begin("Test Authority", 10);
    X509* const certificate = made.certificate.get();
    add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign");
    finish(made, certificate, made.key.get());
    return made;
}

Identity make_identity(const Claim& claim, const Identity* authority) {
    Identity made = begin("Test Server", claim.days);
    const Identity& issuer = authority == nullptr ? made : *authority;
    add_extension(made.certificate.get(), issuer.certificate.get(), NID_subject_alt_name, claim.names);
    finish(made, issuer.certificate.get(), issuer.key.get());
    return made;
}

void write_authority_directory(const std::string& directory, const Identity& authority) {
    std::array<char, 32> name{};
    std::snprintf(name.data(), name.size(), "/%08lx.0", X509_subject_name_hash(authority.certificate.get()));
    std::ofstream(directory + name.data()) << authority.pem();
}

}  // namespace filestore::test
