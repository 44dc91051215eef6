#include "core/model/sizing.hpp"
#include "core/base/string.hpp"
#include "core/base/units.hpp"
#include <algorithm>
#include <cmath>

namespace imops {

namespace {

constexpr double day = 86400, month_days = 30, system_disk = 20e9, headroom = 1.25;
constexpr int plan_months = 12, log_days = 30;

/// Collects roles and lines for one workload.
class Arithmetic {
    const Workload& w_;
    const Product& product_;
    const Product& generic_;
    Sizing s_;

    Figure figure(const char* name) const {
        if (auto* f = product_.figure(name)) return *f;
        if (auto* f = generic_.figure(name)) return *f;
        return {0, "unknown"};
    }

    void line(std::string role, std::string part, Kind kind, double minimum, double recommended, Line arithmetic,
              std::string source) {
        auto value = [&](double x) {
            return Value{kind, x == 0                ? nlohmann::json{}
                               : kind == Kind::bytes ? nlohmann::json(std::int64_t(x))
                                                     : nlohmann::json(std::ceil(x))};
        };
        s_.lines.push_back({std::move(role), std::move(part), value(minimum), value(recommended), std::move(arithmetic),
                            std::move(source)});
    }

    bool fits(const SizeRow& r, std::string_view role) const {
        if (word(r.role) != role) return false;
        auto federation = r.given.find("federation");
        return federation == r.given.end() || federation->second == word(w_.federation);
    }
    static bool for_every_size(const SizeRow& r) { return !r.concurrent && !r.registered; }
    double users(const SizeRow& r) const { return r.concurrent ? w_.concurrent : w_.registered; }
    static double up_to(const SizeRow& r) { return r.concurrent.value_or(r.registered.value_or(0)); }

    /// The smallest published row that carries the users; else the largest one, with `beyond` set.
    const SizeRow* published(const Product& p, std::string_view role, bool& beyond) const {
        const SizeRow *best = nullptr, *largest = nullptr;
        for (auto& r : p.sizing) {
            if (!fits(r, role) || for_every_size(r) || r.kind != RowKind::recommended) continue;
            if (!largest || up_to(r) > up_to(*largest)) largest = &r;
            if (up_to(r) >= users(r) && (!best || up_to(r) < up_to(*best))) best = &r;
        }
        beyond = !best && largest;
        return best ? best : largest;
    }

    Line users_of(const SizeRow& r) const {
        return r.concurrent ? say("{} users on line", "{} 人同时在线", show_number(up_to(r)))
                            : say("{} accounts", "{} 个账号", show_number(up_to(r)));
    }

    void from_row(RoleSize& size, const SizeRow& r, bool beyond) {
        double factor = beyond ? std::ceil(users(r) / up_to(r)) : 1;
        size.hosts = r.hosts * factor;
        size.cores = r.cores;
        size.memory = r.memory.value;
        size.disk = r.disk.value;
        auto how = beyond ? say("published figures end at {}: {} times that row's machines",
                                "公布的数据只到 {}：按该行机器数的 {} 倍估算", users_of(r), factor)
                          : say("published row for up to {}", "公布的配置，适用于最多 {}", users_of(r));
        if (beyond)
            s_.remarks.push_back(
                say("{}: published figures end at {}; beyond them is an estimate of ours, ask the makers",
                    "{}：公布的数据只到 {}，超出部分是我们的估算，请咨询厂商", size.role, users_of(r)));
        if (size.hosts > 1) line(size.role, "hosts", Kind::number, 0, size.hosts, how, r.source);
        line(size.role, "cores", Kind::number, 0, r.cores, how, r.source);
        line(size.role, "memory", Kind::bytes, 0, r.memory.value, how, r.source);
    }

    void from_formula(RoleSize& size) {
        if (size.role != "app") return;
        auto per_core = figure("users_per_core"), base = figure("memory_base"), each = figure("memory_per_user");
        size.cores = per_core.value ? std::ceil(w_.concurrent / per_core.value) : 0;
        size.memory = base.value + w_.concurrent * each.value;
        line(size.role, "cores", Kind::number, 0, size.cores,
             say("{} users on line / {} a core", "{} 人在线 / 每核 {} 人", show_number(w_.concurrent),
                 show_number(per_core.value)),
             per_core.source);
        line(size.role, "memory", Kind::bytes, 0, size.memory,
             say("{} + {} users × {}", "{} + {} 人 × {}", show_bytes(base.value), show_number(w_.concurrent),
                 show_bytes(each.value)),
             base.source + "; " + each.source);
    }

    /// Minimum rows: for every size, or for no more users than there are.
    void minimum(RoleSize& size, const Product& p) {
        for (auto& r : p.sizing) {
            if (!fits(r, size.role) || r.kind != RowKind::minimum || (!for_every_size(r) && users(r) < up_to(r)))
                continue;
            size.cores_minimum = std::max(size.cores_minimum, r.cores);
            size.memory_minimum = std::max(size.memory_minimum, r.memory.value);
            size.disk_minimum = std::max(size.disk_minimum, r.disk.value);
            auto how = for_every_size(r) ? Line{Text{"minimum for every size", "任何规模的最低要求"}}
                                         : say("minimum for {}", "{} 的最低要求", users_of(r));
            line(size.role, "cores", Kind::number, r.cores, r.cores, how, r.source);
            line(size.role, "memory", Kind::bytes, r.memory.value, r.memory.value, how, r.source);
            if (r.disk.value) line(size.role, "disk", Kind::bytes, r.disk.value, r.disk.value, how, r.source);
        }
    }

    static bool has_rows(const Product& p, std::string_view role) {
        return std::any_of(p.sizing.begin(), p.sizing.end(),
                           [&](auto& r) { return word(r.role) == role && r.kind != RowKind::measured; });
    }

    void size_role(const std::string& role) {
        RoleSize size;
        size.role = role;
        bool beyond = false;
        if (auto* row = published(product_, role, beyond))
            from_row(size, *row, beyond);
        else if (!has_rows(product_, role) || role == "app")
            from_formula(size);
        if (has_rows(product_, role))
            minimum(size, product_);
        else {
            minimum(size, generic_);
            if (product_.id != generic_.id && has_rows(generic_, role))
                s_.remarks.push_back(say("{}: {} publishes no size; general figures are used",
                                         "{}：{} 没有公布配置，采用通用数据", role, product_.title));
        }
        // Half of what was advised has stalled in real deployments (2 cores of 4, 4 GB of 8): below two thirds is too
        // small.
        size.cores_minimum = std::max(size.cores_minimum, std::ceil(size.cores * 2 / 3));
        size.memory_minimum = std::max(size.memory_minimum, size.memory * 2 / 3);
        size.cores = std::max(size.cores, size.cores_minimum);
        size.memory = std::max(size.memory, size.memory_minimum);
        for (auto& r : product_.sizing)
            if (fits(r, role) && r.kind == RowKind::measured)
                s_.remarks.push_back(say("{}: measured, not advice: {} cores and {} with {}: {}",
                                         "{}：实测数据，并非建议：{} 核、内存 {}，{}：{}", role, r.cores,
                                         show_bytes(r.memory.value), users_of(r), r.source));
        if (!size.cores && !size.memory)
            s_.remarks.push_back(say("{}: no size is known", "{}：没有已知的配置数据", role));
        s_.roles.push_back(std::move(size));
    }

    /// Days of data that are there after `m` months, users growing: the integral of (1 + g t) over the days that are
    /// kept.
    double kept_days(int m) const {
        double from = std::max(0.0, m * month_days - w_.retention.seconds / day), to = m * month_days;
        auto integral = [&](double t) { return t + w_.growth.value / 365 * t * t / 2; };
        return integral(to) - integral(from);
    }

    void storage() {
        auto message = figure("message_bytes"), index = figure("index_factor"), log = figure("log_bytes");
        for (int m : {1, 3, 6, 12, 24, 36}) {
            auto days = kept_days(m);
            s_.months.push_back(
                {m, w_.messages * message.value * index.value * days, w_.media.value * days,
                 w_.messages * log.value * std::min(log_days + 0.0, m * month_days) * (1 + w_.growth.value * m / 12)});
        }
        auto at = [&](int m) -> MonthSize& {
            return *std::find_if(s_.months.begin(), s_.months.end(), [&](auto& x) { return x.month == m; });
        };
        bool media_role = has("media"), db_role = has("db");
        for (auto& size : s_.roles) {
            auto share = [&](int m) {
                auto& x = at(m);
                double b = 0;
                if (size.role == "db" || (size.role == "app" && !db_role)) b += x.database;
                if (size.role == "media" || (size.role == "app" && !media_role)) b += x.media;
                if (size.role == "app") b += x.logs;
                return b;
            };
            double year = share(plan_months) * headroom + system_disk, quarter = share(3) + system_disk;
            bool stores = size.role == "app" || size.role == "db" || size.role == "media";
            size.disk = std::max({size.disk, size.disk_minimum, stores ? year : system_disk});
            size.disk_minimum = std::max(size.disk_minimum, stores ? quarter : system_disk);
            if (stores)
                line(size.role, "disk", Kind::bytes, size.disk_minimum, size.disk,
                     say("{} after {} months × {} + {} for the system; at least 3 months",
                         "{}（{} 个月后）× {} + 系统 {}；至少满足 3 个月", show_bytes(share(plan_months)), plan_months,
                         headroom, show_bytes(system_disk)),
                     message.source + "; " + index.source);
        }
    }

    bool has(std::string_view role) const {
        return std::any_of(s_.roles.begin(), s_.roles.end(), [&](auto& r) { return r.role == role; });
    }

    void traffic() {
        auto peak = figure("peak_factor"), fan = figure("fan_out"), message = figure("message_bytes");
        double messages = w_.messages / day * peak.value * fan.value * message.value,
               media = w_.media.value / day * peak.value * 2;
        s_.bandwidth = messages + media;
        line("", "bandwidth", Kind::bytes, 0, s_.bandwidth,
             say("({} messages a day / 86400 × peak {} × {} recipients × {}) + (media {} a day / 86400 × peak × 2), "
                 "per second",
                 "（每日 {} 条 / 86400 × 峰值 {} × {} 个接收者 × {}）+（媒体每日 {} / 86400 × 峰值 × 2），每秒",
                 show_number(w_.messages), show_number(peak.value), show_number(fan.value), show_bytes(message.value),
                 show_bytes(w_.media.value)),
             peak.source + "; " + fan.source);
    }

    void descriptors_and_connections() {
        auto each = figure("files_per_user"), base = figure("files_base"), pool = figure("pool"),
             processes = figure("processes_per_core");
        auto& limit = product_.files.recommended ? product_.files : generic_.files;
        double reckoned = w_.concurrent * each.value + base.value;
        s_.files_minimum = std::max(reckoned, limit.minimum);
        s_.files = std::max(reckoned * 2, limit.recommended);
        line("app", "files", Kind::number, s_.files_minimum, s_.files,
             say("{} users × {} + {}, twice that advised; the makers' limits {} / {}",
                 "{} 人 × {} + {}，建议取两倍；官方限值 {} / {}", show_number(w_.concurrent), show_number(each.value),
                 show_number(base.value), show_number(limit.minimum), show_number(limit.recommended)),
             each.source + "; " + limit.source);
        if (!pool.value)
            return s_.remarks.push_back(
                Text{"database connections: the size of the pool is not known", "数据库连接数：连接池大小未知"});
        double cores = 1, hosts = 1;
        for (auto& r : s_.roles)
            if (r.role == "app") cores = std::max(1.0, r.cores), hosts = r.hosts;
        double count = processes.value ? cores * processes.value : 1;
        s_.connections = count * hosts * pool.value;
        line("db", "connections", Kind::number, s_.connections, std::ceil(s_.connections * headroom) + 20,
             say("{} process(es) × {} host(s) × pool {}, a quarter and 20 for administration on top",
                 "{} 个进程 × {} 台 × 连接池 {}，另加四分之一和 20 个管理连接", count, hosts, show_number(pool.value)),
             pool.source);
    }

  public:
    Arithmetic(const Workload& w, const Product& p, const Product& g) : w_{w}, product_{p}, generic_{g} {}

    Sizing run(const std::vector<std::string>& roles) {
        for (auto& r : roles) size_role(r);
        storage();
        traffic();
        descriptors_and_connections();
        for (auto& u : product_.unknown) s_.remarks.push_back(say("not published: {}", "官方未公布：{}", u));
        return std::move(s_);
    }
};

} // namespace

Sizing size_up(const Workload& w, const Product& product, const Product& generic,
               const std::vector<std::string>& roles) {
    return Arithmetic{w, product, generic}.run(roles);
}

Need need_of(const Host& h, const Deployment& d, const Sizing& s) {
    Need n;
    bool app = false, db = false;
    for (auto& role : h.roles) {
        auto r = std::find_if(s.roles.begin(), s.roles.end(), [&](auto& x) { return x.role == role; });
        if (r == s.roles.end()) continue;
        // Fewer machines than the row speaks of: each carries more.
        double share = std::max(1.0, r->hosts / std::max<std::size_t>(1, d.with_role(role).size()));
        n.cores_minimum += r->cores_minimum * share;
        n.cores += r->cores * share;
        n.memory_minimum += r->memory_minimum * share;
        n.memory += r->memory * share;
        n.disk_minimum += r->disk_minimum;
        n.disk += r->disk;
        app = app || role == "app";
        db = db || role == "db";
    }
    double apps = std::max<double>(1, double(d.with_role("app").size()));
    n.files_minimum = app ? std::max(4096.0, s.files_minimum / apps) : 1024;
    n.files = app ? std::max(65536.0, s.files / apps) : 4096;
    n.connections = db ? s.connections : 0;
    return n;
}

} // namespace imops
