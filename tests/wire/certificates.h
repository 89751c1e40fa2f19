#pragma once

/// Certificates made for a test.

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace filestore::test {

struct FreeKey {
    void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
};
struct FreeCertificate {
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};

/// A certificate and its key. A resource.
struct Identity {
    std::unique_ptr<EVP_PKEY, FreeKey> key;
    std::unique_ptr<X509, FreeCertificate> certificate;

    /// The certificate as PEM.
    [[nodiscard]] std::string pem() const;
};

/// What a certificate says. A value.
struct Claim {
    /// As OpenSSL writes alternative names: "IP:127.0.0.1,DNS:store.test".
    std::string names = "IP:127.0.0.1";
    /// Days from now at which it ends.
    int days = 2;
};

[[nodiscard]] Identity make_authority();

/// Signed by `authority`, or by itself where there is none.
[[nodiscard]] Identity make_identity(const Claim& claim, const Identity* authority);

/// Writes a CA directory: the authority's certificate under OpenSSL's hash of its name.
void write_authority_directory(const std::string& directory, const Identity& authority);

}  // namespace filestore::test
