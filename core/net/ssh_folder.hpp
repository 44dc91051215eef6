#pragma once
#include "core/base/result.hpp"
#include "core/model/host.hpp"
#include <chrono>
#include <map>
#include <memory>
#include <span>
#include <string>

namespace imops::net {

/// The private folder (0700) of one fleet for the system's ssh: a configuration for each host and the sockets of shared
/// connections. When it goes, every shared connection is ended and the folder removed: no ssh process stays behind.
class SshFolder {
  public:
    /// `hosts` are all hosts of the deployment (jump hosts are found there by name) and must outlive it. Errors:
    /// Code::io.
    static Result<std::unique_ptr<SshFolder>> make(std::string home, std::chrono::milliseconds connect_limit,
                                                   std::span<const Host> hosts);
    ~SshFolder();
    /// The path for `ssh -F`, written when first asked for, with those of the jump hosts; what a jump host's ssh says
    /// goes to the same path with `.err`. Errors: Code::config (unknown jump host, a ring of jump hosts),
    /// Code::unsupported, Code::io.
    Result<std::string> config_of(const Host&);

  private:
    SshFolder() = default;
    Result<std::string> write(const Host&, int depth);
    void end_masters();
    std::string path_, home_;
    std::chrono::milliseconds connect_limit_{};
    std::span<const Host> hosts_;
    std::map<std::string, std::string> written_; // configuration without its socket -> path without ending
    int count_ = 0;
};

} // namespace imops::net
