#pragma once
#include "core/loop/program.hpp"
#include "core/report/writer.hpp"
#include "core/run/case.hpp"
#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace imops {

/// Exit status of the program (docs/errors.md).
namespace status {
constexpr int fine = 0, failed = 1, usage = 2, unknown = 3, interrupted = 130;
}

/// What every command shares: language, the files it works on, where reports go.
struct Program {
    Lang lang = Lang::en;
    bool lang_given = false; // by --lang
    bool verbose = false, quiet = false;
    std::string config = "imops.yaml";
    std::vector<std::string> check_folders; // --checks
    std::vector<std::string> outputs;       // --output FORMAT[=FILE]
    bool strict = false, all = false;
    std::string command; // as it was typed, for the log
    LogOptions log;      // what the command line says of it; imops.yaml says the rest
    int exit = 0;

    /// A fixed text in the language of the run: help, prompts.
    std::string in(Text t) const { return std::string{t.in(lang)}; }

    /// Reads `config` (throws Failure); the deployment's own language counts when --lang was not given, its log when
    /// --log-file was not.
    Deployment deployment(const KnownNames& = {});
    /// Built-in packs, `checks/` beside imops.yaml (or beside `beside`), then --checks. Throws Failure.
    Catalogue catalogue(const std::string& beside) const;
    Product product(const std::string& id, const Placed<std::string>* asked = nullptr,
                    const std::string& file = {}) const;
    std::vector<std::string> product_ids() const;
    /// What a command works on; the site's own packs lie beside `beside` (empty: there are none). Throws Failure.
    Case open(Deployment, const std::string& beside) const;

    /// Refuses unknown formats before any work is done (Failure, Code::usage).
    void check_outputs() const;
    /// Writes the report to standard output and to files, sets `exit`.
    void finish(Report&);
    WriteOptions write_options(bool terminal) const;
    /// The log of --log-file and --verbose. Throws Failure when it cannot be written.
    void begin_log() const;
    /// A line on standard error, unless --quiet.
    void say(const Line&) const;
};

/// Non-zero after Ctrl-C or SIGTERM; the second one ends the program at once.

/// Whether it is a checkout of imops, whose checks/ and templates/ are the built-in ones and no site's own.
bool is_checkout(const std::filesystem::path&);

/// For options that take a number of 0 or more.
CLI::Validator not_negative(const Program&);
/// The option for the formats of reports alone; add_output_options adds those of how they judge and show as well.
void add_format_option(CLI::App&, Program&, const std::string& option);
void add_output_options(CLI::App&, Program&);
void add_config_option(CLI::App&, Program&);
void add_check_folders(CLI::App&, Program&);
void add_log_options(CLI::App&, Program&);

/// One for each command; the list is in main.cpp.
void add_init(CLI::App&, Program&);
void add_validate(CLI::App&, Program&);
void add_size(CLI::App&, Program&);
void add_preflight(CLI::App&, Program&);
void add_probe(CLI::App&, Program&);
void add_render(CLI::App&, Program&);
void add_templates(CLI::App&, Program&);
void add_import(CLI::App&, Program&);
void add_monitoring(CLI::App&, Program&);
void add_explain(CLI::App&, Program&);
void add_checks(CLI::App&, Program&);
void add_facts(CLI::App&, Program&);
void add_help(CLI::App&, Program&);
void add_completion(CLI::App&, Program&);

} // namespace imops
