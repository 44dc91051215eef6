#pragma once
#include "core/check/run.hpp"

namespace imops {

/// What a command works on, read once and then unchanged: the deployment with the product's own probes among its
/// endpoints, the packs with what the deployment changes in them, the product. Whoever judges begins with one, so that
/// a site's own packs and `checks:` of imops.yaml hold in every command.
class Case {
    Deployment deployment_;
    Catalogue catalogue_;
    Product product_, generic_;

  public:
    /// `catalogue`: built-in packs and the site's own. Throws Failure when the deployment changes or waives checks that
    /// do not exist.
    Case(Deployment, Catalogue, Product, Product generic);
    Case(const Case&) = delete;
    Case& operator=(const Case&) = delete;

    const Deployment& deployment() const { return deployment_; }
    const Catalogue& catalogue() const { return catalogue_; }
    const Product& product() const { return product_; }
    /// What any product is asked besides.
    const Product& generic() const { return generic_; }

    std::vector<const Check*> checks(const Selection&) const;
    /// `now` in seconds since 1970: when the facts were read.
    Judge judge(std::vector<const Check*>, double now) const;
};

} // namespace imops
