#include "core/run/case.hpp"

namespace imops {

Case::Case(Deployment deployment, Catalogue catalogue, Product product, Product generic)
    : deployment_{std::move(deployment)},
      catalogue_{std::move(catalogue)},
      product_{std::move(product)},
      generic_{std::move(generic)} {
    catalogue_.apply(deployment_);
    for (auto& e : product_.endpoints(deployment_)) deployment_.endpoints.push_back(std::move(e));
}

std::vector<const Check*> Case::checks(const Selection& s) const { return selected_checks(s, catalogue_, product_); }

Judge Case::judge(std::vector<const Check*> checks, double now) const {
    return {catalogue_, deployment_, product_, generic_, std::move(checks), now};
}

} // namespace imops
