#pragma once
#include "core/net/http.hpp"
#include "core/probe/endpoint.hpp"

namespace imops::probe {

/// Why an answer of HTTP is not that of a store which lists the bucket, with its code; empty: it is.
std::optional<std::pair<std::string, Error>> s3_fault(const Target&, const net::Response&);

/// A store that speaks S3: its bucket (`database`) is listed, one entry of it, signed with the key `user` and
/// `password`. Without them nobody may list it. Facts: endpoint.answer, endpoint.time.
Told ask_s3(const Target&);

} // namespace imops::probe
