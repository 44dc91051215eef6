#include "core/model/secret_ref.hpp"
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

using namespace imops;

namespace {

class SecretFile : public testing::Test {
  protected:
    std::string folder, path;
    void SetUp() override {
        char name[] = "/tmp/imops-secret-XXXXXX";
        ASSERT_TRUE(::mkdtemp(name));
        folder = name;
        path = folder + "/s";
    }
    void TearDown() override { std::filesystem::remove_all(folder); }
    Result<Secret> read(const std::string& content, unsigned mode) {
        std::ofstream{path} << content;
        ::chmod(path.c_str(), mode);
        SecretRef r;
        r.file = path;
        return r.read();
    }
};

} // namespace

TEST_F(SecretFile, its_first_line_counts) {
    EXPECT_EQ((*read("hunter2\r\nsecond\n", 0600)).reveal(), "hunter2");
    EXPECT_EQ((*read("no end", 0400)).reveal(), "no end");
    EXPECT_EQ((*read(" a b \n", 0600)).reveal(), " a b ");
    EXPECT_EQ((*read("x\n", 0600)).origin(), "file " + path);
}

TEST_F(SecretFile, one_that_others_can_read_is_refused) {
    for (unsigned mode : {0640u, 0604u, 0620u, 0644u, 0777u}) {
        auto r = read("hunter2\n", mode);
        ASSERT_FALSE(r) << mode;
        EXPECT_EQ(r.error().code, Code::config);
        EXPECT_EQ(r.error().remedy.en, "Run: chmod 600 " + path);
        EXPECT_EQ(r.error().what.en.find("hunter2"), std::string::npos);
    }
}

TEST_F(SecretFile, one_that_is_not_there_is_an_error) {
    SecretRef r;
    r.file = folder + "/none";
    EXPECT_EQ(r.read().error().code, Code::config);
}

TEST(SecretOf, the_environment) {
    ::setenv("IMOPS_TEST_SECRET", "hunter2", 1);
    SecretRef r;
    EXPECT_TRUE(r.empty());
    r.env = "IMOPS_TEST_SECRET";
    EXPECT_EQ((*r.read()).reveal(), "hunter2");
    ::unsetenv("IMOPS_TEST_SECRET");
    EXPECT_EQ(r.read().error().what.en, "the environment variable IMOPS_TEST_SECRET is not set");
}

TEST(SecretOf, a_command) {
    SecretRef r;
    r.command = {"printf", "hunter2\nmore\n"};
    EXPECT_EQ((*r.read()).reveal(), "hunter2");
    EXPECT_EQ((*r.read()).origin(), "command printf") << "its arguments may be secret";
    r.command = {"sh", "-c", "echo hunter2; exit 3"};
    EXPECT_EQ(r.read().error().what.en, "command sh ended with status 3");
    r.command = {"imops-no-such-program"};
    EXPECT_FALSE(r.read());
}
