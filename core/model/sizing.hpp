#pragma once
#include "core/base/value.hpp"
#include "core/model/product.hpp"
#include <map>
#include <string>
#include <vector>

namespace imops {

/// One line of the arithmetic: what is needed, how it was reckoned, where the numbers come from.
struct SizeLine {
    std::string role, part; // "app", "cores"
    Value minimum, recommended;
    Line arithmetic;
    std::string source;
};

/// What a role needs in all, and on how many machines the figures are meant to stand.
struct RoleSize {
    std::string role;
    double hosts = 1; // machines the published row speaks of
    double cores_minimum = 0, cores = 0;
    double memory_minimum = 0, memory = 0; // bytes, of one machine
    double disk_minimum = 0, disk = 0;     // bytes, of one machine
};

/// How much is stored after so many months.
struct MonthSize {
    int month = 0;
    double database = 0, media = 0, logs = 0; // bytes
};

/// What one machine needs with all its roles.
struct Need {
    double cores_minimum = 0, cores = 0, memory_minimum = 0, memory = 0, disk_minimum = 0, disk = 0, files_minimum = 0,
           files = 0, connections = 0;
};

struct Sizing {
    std::vector<RoleSize> roles;
    std::vector<SizeLine> lines;
    std::vector<MonthSize> months; // 1, 3, 6, 12, 24, 36
    double bandwidth = 0;          // bytes a second at the busiest time, at the proxy
    double files_minimum = 0, files = 0;
    double connections = 0;    // database connections of all processes together
    std::vector<Line> remarks; // unknowns, extrapolation
};

/// Published rows first, then formulas with the product's figures, then with the generic ones. `roles`: those that the
/// deployment has.
Sizing size_up(const Workload&, const Product&, const Product& generic, const std::vector<std::string>& roles);

/// The share of one host: its roles' machines, added up.
Need need_of(const Host&, const Deployment&, const Sizing&);

} // namespace imops
